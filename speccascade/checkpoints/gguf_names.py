"""What GGUF files call things: metadata and tensors of Gemma, Llama and Qwen2.

    our field                 metadata, behind the architecture and a dot
    emb_dim, num_layers       embedding_length, block_count
    mlp_dim                   feed_forward_length
    num_heads, num_kv_heads   attention.head_count, attention.head_count_kv
    head_dim                  attention.key_length, or else rope.dimension_count
    norm_epsilon              attention.layer_norm_rms_epsilon
    rope_base, rope_scale     rope.freq_base; rope.scaling.type, rope.scaling.factor
    window                    attention.sliding_window
    attention_cap, final_cap  attn_logit_softcapping, final_logit_softcapping
    vocab_size, tied          rows of token_embd.weight; no output.weight

    our tensor                theirs
    wo/kernel       [F, D]    blk.0.ffn_down.weight    [D, F]
    norms of Gemma            plus 1: there they are the factors themselves
    query, key      [D, N H]  in llama files a head's rows are 0, H/2, 1, H/2 + 1, ...:
                              llama.cpp turns neighbours, we turn halves

Which layers of Gemma 2 and 3 are local, the base of their positions and the scale of
queries are in no file: `gemma_fields` has them from the published size.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from speccascade.checkpoints.assembly import (
    Origin,
    Plan,
    as_it_is,
    flatten,
    model_shapes,
)
from speccascade.checkpoints.gemma_fields import gemma_config
from speccascade.checkpoints.overrides import check_overrides
from speccascade.errors import UserError
from speccascade.models import Gemma, GemmaConfig

_LLAMA = {
    "activation": "silu",
    "zero_centred_norms": False,
    "scaled_embedding": False,
    "post_norms": False,
    "qk_norm": False,
}
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "gemma": {"post_norms": False, "qk_norm": False},
    "gemma2": {"post_norms": True, "qk_norm": False},
    "gemma3": {"post_norms": True, "qk_norm": True},
    "llama": _LLAMA,
    "qwen2": {**_LLAMA, "qkv_bias": True},
}

_FIELDS = {
    "emb_dim": "embedding_length",
    "num_layers": "block_count",
    "mlp_dim": "feed_forward_length",
    "num_heads": "attention.head_count",
    "norm_epsilon": "attention.layer_norm_rms_epsilon",
}
# Taken where they are there.
_OPTIONAL = {
    "rope_base": "rope.freq_base",
    "window": "attention.sliding_window",
    "attention_cap": "attn_logit_softcapping",
    "final_cap": "final_logit_softcapping",
}
_EMBEDDING, _OUTPUT = "token_embd.weight", "output.weight"
_TOP = {
    "token_embedder/embedding": _EMBEDDING,
    "final_norm/scale": "output_norm.weight",
    "logits_dense/kernel": _OUTPUT,
}
_IN_LAYER = {
    "pre_attention_norm/scale": "attn_norm.weight",
    "post_attention_norm/scale": "post_attention_norm.weight",
    "pre_mlp_norm/scale": "ffn_norm.weight",
    "post_mlp_norm/scale": "post_ffw_norm.weight",
    "attention/query/kernel": "attn_q.weight",
    "attention/query/bias": "attn_q.bias",
    "attention/query_norm/scale": "attn_q_norm.weight",
    "attention/key/kernel": "attn_k.weight",
    "attention/key/bias": "attn_k.bias",
    "attention/key_norm/scale": "attn_k_norm.weight",
    "attention/value/kernel": "attn_v.weight",
    "attention/value/bias": "attn_v.bias",
    "attention/out/kernel": "attn_output.weight",
    "mlp/wi_0/kernel": "ffn_gate.weight",
    "mlp/wi_1/kernel": "ffn_up.weight",
    "mlp/wo/kernel": "ffn_down.weight",
}
_FREQUENCIES = "rope_freqs.weight"

Shapes = Mapping[str, tuple[int, ...]]


def plan(
    metadata: Mapping[str, Any],
    shapes: Shapes,
    where: str,
    dtype: str,
    overrides: Mapping[str, object],
) -> Plan:
    """What a file holds, and how its tensors become ours.

    Args:
      metadata: of the file, by name.
      shapes: of every tensor, by its name.
      where: what to call the checkpoint in a message.
      dtype: in which the model computes.
      overrides: fields of `GemmaConfig` that are given instead of read.

    Raises:
      UserError: the architecture is none that we have, or the metadata lack a field.
    """
    kind = metadata.get("general.architecture")
    if kind not in ARCHITECTURES:
        raise UserError(
            f"{where} has the architecture {kind!r}; known are "
            f"{', '.join(ARCHITECTURES)}."
        )
    fields = _fields(kind, metadata, shapes, where) | {"dtype": dtype}
    if kind.startswith("gemma"):
        config = gemma_config(fields, where, overrides)
    else:
        check_overrides(GemmaConfig, overrides)
        config = GemmaConfig(**{**fields, **overrides})
    model = Gemma(config=config)
    origins = {}
    for name in flatten(model_shapes(model)):
        if name in _TOP:
            theirs, last = _TOP[name], name
        else:
            layer, last = name.removeprefix("layers_").split("/", 1)
            theirs = f"blk.{layer}.{_IN_LAYER[last]}"
        origins[name] = Origin((theirs,), _transform(last, kind, config))
    return Plan(model=model, origins=origins)


def _fields(
    kind: str, metadata: Mapping[str, Any], shapes: Shapes, where: str
) -> dict[str, Any]:
    """The fields of `GemmaConfig` that the file gives."""
    said = {
        name.removeprefix(f"{kind}."): _shortest(value)
        for name, value in metadata.items()
        if name.startswith(f"{kind}.")
    }
    lacking = [f"{kind}.{name}" for name in _FIELDS.values() if name not in said]
    if lacking:
        raise UserError(f"The metadata of {where} lack {', '.join(lacking)}.")
    if len(shapes.get(_EMBEDDING, ())) != 2:
        raise UserError(f"{where} has no {_EMBEDDING} with two axes.")
    heads = said["attention.head_count"]
    head_dim = said.get(
        "attention.key_length",
        said.get("rope.dimension_count", said["embedding_length"] // heads),
    )
    for name in ("attention.value_length", "rope.dimension_count"):
        if said.get(name, head_dim) != head_dim:
            raise UserError(
                f"{where} has heads of {head_dim} numbers and {kind}.{name} "
                f"{said[name]}; in our decoders they are equal."
            )
    fields = {ours: said[theirs] for ours, theirs in _FIELDS.items()}
    optional = {
        ours: said[theirs] for ours, theirs in _OPTIONAL.items() if theirs in said
    }
    return {
        **fields,
        **optional,
        **ARCHITECTURES[kind],
        "num_kv_heads": said.get("attention.head_count_kv", heads),
        "head_dim": head_dim,
        "rope_scale": _rope_scale(said, shapes, where),
        "vocab_size": shapes[_EMBEDDING][0],
        "tied": _OUTPUT not in shapes,
    }


def _shortest(value: Any) -> Any:
    """Numbers are float32 in the file: 1e-6 comes as 9.999999974752427e-07."""
    return float(str(np.float32(value))) if isinstance(value, float) else value


def _rope_scale(said: Mapping[str, Any], shapes: Shapes, where: str) -> float:
    kind = said.get("rope.scaling.type", "none")
    if _FREQUENCIES in shapes:
        kind = f"llama3 ({_FREQUENCIES})"
    if kind not in ("none", "linear"):
        raise UserError(
            f"{where} has rotary positions of type {kind}; our decoders have "
            "default and linear."
        )
    return float(said["rope.scaling.factor"]) if kind == "linear" else 1.0


def _transform(name: str, kind: str, config: GemmaConfig) -> Callable[..., np.ndarray]:
    """How one of our tensors comes out of theirs."""
    heads = {"query": config.num_heads, "key": config.num_kv_heads}
    if name.endswith("scale") and config.zero_centred_norms:
        return _zero_centred
    if not name.endswith("kernel"):
        return as_it_is
    word = name.split("/")[-2]
    if kind == "llama" and word in heads:
        return functools.partial(_halves, heads[word])
    return _turned


def _turned(tensor: np.ndarray) -> np.ndarray:
    return tensor.T


def _zero_centred(tensor: np.ndarray) -> np.ndarray:
    return tensor - np.float32(1)


def _halves(heads: int, tensor: np.ndarray) -> np.ndarray:
    """[N H, D] with neighbours that turn together -> [D, N H] with halves that do."""
    pairs = tensor.reshape(heads, -1, 2, tensor.shape[-1])
    return pairs.swapaxes(1, 2).reshape(tensor.shape).T
