"""Gemma 1, 2 and 3, Llama, Qwen2 and Mistral as `transformers` stores them.

    our field                   config.json
    vocab_size, emb_dim         vocab_size, hidden_size
    num_layers, mlp_dim         num_hidden_layers, intermediate_size
    num_heads, num_kv_heads     num_attention_heads, num_key_value_heads
    head_dim                    head_dim, or else hidden_size / num_attention_heads
    norm_epsilon                rms_norm_eps
    activation                  hidden_activation, or else hidden_act
    query_scale                 query_pre_attn_scalar^-1/2
    window, global_every        sliding_window; layer_types or sliding_window_pattern
    attention_cap, final_cap    attn_logit_softcapping, final_logit_softcapping
    rope_base, rope_scale,      transformers 5: rope_parameters; before: rope_theta,
      local_rope_base             rope_scaling, rope_local_base_freq
    tied                        tie_word_embeddings

Where a file says nothing, `_SILENT` has what `transformers` takes. That matters: the
published Gemma 3 of 4B, with images, does not even say how many heads it has. Of such a
model the text half is read: `text_config`, and the tensors under `language_model`.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from speccascade.checkpoints.assembly import Origin, Plan, as_it_is
from speccascade.checkpoints.decoder_names import decoder_names
from speccascade.checkpoints.overrides import check_overrides
from speccascade.checkpoints.transformers_rope import rope_fields
from speccascade.errors import UserError
from speccascade.models import Gemma, GemmaConfig

Config = Mapping[str, Any]

LLAMA = {
    "activation": "silu",
    "zero_centred_norms": False,
    "scaled_embedding": False,
}


class _Family(NamedTuple):
    """What all models of one `model_type` have.

    Attributes:
      fields: of our configuration, in place of its defaults.
      silent: fields of config.json where it does not have them.
    """

    fields: Mapping[str, Any]
    silent: Mapping[str, Any]


_GEMMA = {"tie_word_embeddings": True, "hidden_act": "gelu_pytorch_tanh"}
_GEMMA_2 = {
    **_GEMMA,
    "query_pre_attn_scalar": 256,
    "sliding_window": 4096,
    "sliding_window_pattern": 2,
    "attn_logit_softcapping": 50.0,
    "final_logit_softcapping": 30.0,
}
_GEMMA_3 = {
    **_GEMMA,
    "vocab_size": 262_208,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "query_pre_attn_scalar": 256,
    "sliding_window": 4096,
    "sliding_window_pattern": 6,
    "rope_theta": 1_000_000.0,
    "rope_local_base_freq": 10_000.0,
}
_LLAMA = {"tie_word_embeddings": False, "hidden_act": "silu"}

FAMILIES: dict[str, _Family] = {
    "gemma": _Family({}, _GEMMA),
    "gemma2": _Family({"post_norms": True}, _GEMMA_2),
    "gemma3_text": _Family({"post_norms": True, "qk_norm": True}, _GEMMA_3),
    "llama": _Family(LLAMA, _LLAMA),
    "mistral": _Family(LLAMA, {**_LLAMA, "sliding_window": 4096}),
    "qwen2": _Family({**LLAMA, "qkv_bias": True}, _LLAMA),
}

_FIELDS = {
    "vocab_size": "vocab_size",
    "emb_dim": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "mlp_dim": "intermediate_size",
}
# What none of our decoders has. A value here means that the model has none either.
_ABSENT = {
    "attention_bias": (None, False),  # has a bias behind attention, too
    "mlp_bias": (None, False),
    "use_sliding_window": (None, False),
    "use_bidirectional_attention": (None, False),
    "partial_rotary_factor": (None, 1.0),
}
_ACTIVATIONS = {"gelu_pytorch_tanh": "gelu", "silu": "silu"}

_IMAGES = ("vision_tower.", "multi_modal_projector.")


def plan(
    config: Config,
    shapes: Mapping[str, tuple[int, ...]],
    where: str,
    dtype: str,
    overrides: Mapping[str, object],
) -> Plan:
    """What the folder holds, and how its tensors become ours.

    Args:
      config: content of config.json.
      shapes: of every tensor, by its name.
      where: what to call the checkpoint in a message.
      dtype: in which the model computes.
      overrides: fields of `GemmaConfig` that are given instead of read.

    Raises:
      UserError: config.json lacks a field, or describes a decoder that we do not have.
    """
    check_overrides(GemmaConfig, overrides)
    with_images = config["model_type"] == "gemma3"
    text = _text_config(config, where) if with_images else config
    fields = _fields(text, where) | {"dtype": dtype}
    ours = GemmaConfig(**{**fields, **overrides})
    nested = functools.partial(_in_images, shapes) if with_images else str
    # As in `decoder_names`, whose table leaves out an output that is the embedding.
    output, embedding = nested("lm_head.weight"), nested("model.embed_tokens.weight")
    origins = {
        name: Origin(
            (nested(foreign),), _turned if name.endswith("kernel") else as_it_is
        )
        for name, foreign in decoder_names(ours).items()
    }
    return Plan(
        model=Gemma(config=ours),
        origins=origins,
        copies={output: embedding} if ours.tied else {},
        ignored=[name for name in shapes if _is_unused(name, with_images)],
    )


def _text_config(config: Config, where: str) -> Config:
    """The part of a model with images that describes its text half."""
    text = config.get("text_config")
    if not isinstance(text, Mapping):
        raise UserError(f"The config.json of {where} has no text_config.")
    tied = {"tie_word_embeddings": config.get("tie_word_embeddings", True)}
    return {**tied, **text, "model_type": "gemma3_text"}


def _in_images(shapes: Mapping[str, Any], name: str) -> str:
    """What a tensor of the text half is called in a model with images."""
    newer = name.replace("model.", "model.language_model.", 1)
    return newer if newer in shapes else f"language_model.{name}"


def _is_unused(name: str, with_images: bool) -> bool:
    """Whether no text model uses the tensor.

    What reads images is left out; frequencies of rotary positions, which early
    conversions of Llama stored, follow from their base.
    """
    if with_images and name.removeprefix("model.").startswith(_IMAGES):
        return True
    return name.endswith(".rotary_emb.inv_freq")


def _fields(config: Config, where: str) -> dict[str, Any]:
    """The fields of `GemmaConfig` that config.json gives."""
    kind = config["model_type"]
    family = FAMILIES[kind]
    said = {name: value for name, value in config.items() if value is not None}
    known = {**family.silent, **said}
    # null says something where the default is not null: that there is none.
    nullable = {"sliding_window", "attn_logit_softcapping", "final_logit_softcapping"}
    known |= {name: None for name in nullable & config.keys() if config[name] is None}
    for name, absent in _ABSENT.items():
        if config.get(name) not in absent:
            raise UserError(
                f"{where} has {name} {config[name]}, which our decoders do not have."
            )
    if lacking := [name for name in _FIELDS.values() if name not in known]:
        raise UserError(f"The config.json of {where} lacks {', '.join(lacking)}.")
    fields = {ours: known[theirs] for ours, theirs in _FIELDS.items()}
    heads = known["num_attention_heads"]
    window, global_every = _windows(known, where)
    head_dim = known.get("head_dim", known["hidden_size"] // heads)
    scalar = known.get("query_pre_attn_scalar", head_dim)
    return {
        **fields,
        **family.fields,
        "num_kv_heads": known.get("num_key_value_heads", heads),
        "head_dim": head_dim,
        "norm_epsilon": known.get("rms_norm_eps", 1e-6),
        "activation": _activation(known, where),
        "query_scale": None if scalar == head_dim else scalar**-0.5,
        "window": window,
        "global_every": global_every,
        "attention_cap": known.get("attn_logit_softcapping"),
        "final_cap": known.get("final_logit_softcapping"),
        "tied": known["tie_word_embeddings"],
        **rope_fields(known, where, windowed=window is not None),
    }


def _activation(known: Config, where: str) -> str:
    name = known.get("hidden_activation", known["hidden_act"])
    if known["model_type"] == "gemma" and name == "gelu":
        return "gelu"  # an early slip: `transformers` takes the approximation, too
    if name not in _ACTIVATIONS:
        raise UserError(
            f"{where} has the activation {name}; our decoders have "
            f"{' or '.join(_ACTIVATIONS)}."
        )
    return _ACTIVATIONS[name]


def _windows(known: Config, where: str) -> tuple[int | None, int]:
    """(window, global_every) of our configuration."""
    kind, layers = known["model_type"], known["num_hidden_layers"]
    window = known.get("sliding_window")
    if kind in ("gemma", "llama", "qwen2") or window is None:
        # Qwen2 writes down the window that `use_sliding_window` would give it.
        return None, 1
    if kind == "mistral":
        return window, layers + 1  # all of them
    types = known.get("layer_types")
    every = known["sliding_window_pattern"] if types is None else _period(types)
    if every is None or (types is not None and len(types) != layers):
        raise UserError(
            f"{where} has layer_types of no regular pattern: we have models in which "
            "every n-th of all layers sees everything."
        )
    return (None if every == 1 else window), every


def _period(types: Sequence[str]) -> int | None:
    """n where every n-th layer is global and no other is; None if there is no n."""
    is_global = [kind == "full_attention" for kind in types]
    every = is_global.index(True) + 1 if any(is_global) else len(types) + 1
    regular = [(layer + 1) % every == 0 for layer in range(len(types))]
    return every if is_global == regular else None


def _turned(tensor: np.ndarray) -> np.ndarray:
    return tensor.T
