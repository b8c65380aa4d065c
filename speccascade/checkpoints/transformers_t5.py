"""T5 1.0 and 1.1, FLAN-T5, mT5 and umT5 as `transformers` stores them.

    our field              config.json
    vocab_size             vocab_size
    emb_dim                d_model
    num_heads, head_dim    num_heads, d_kv
    mlp_dim                d_ff
    num_encoder_layers     num_layers
    num_decoder_layers     num_decoder_layers, or else num_layers
    version                feed_forward_proj: relu is 1.0, gated-gelu 1.1
    per_layer_bias         true of umt5

`tie_word_embeddings` there means less than it says: false in a published T5 1.1 means
that the output is not scaled by D^-1/2, and transformers 5 writes
`scale_decoder_outputs` for that; an mT5 never scales. (Of a published umT5, false too,
transformers 5.23 scales the output; T5X, which trained it, does not, nor do we.)
Whether the output is tied, the file says: it has `lm_head.weight` or not. T5 1.0 is
tied and scaled. An output of version 1.1 is a matrix of its own here, also where the
file makes one of the embedding.
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from speccascade.checkpoints.assembly import Origin, Plan
from speccascade.checkpoints.overrides import check_overrides
from speccascade.checkpoints.t5x_tree import EMBEDDING, LOGITS, tied_output
from speccascade.checkpoints.transformers_names import transformers_names
from speccascade.errors import UserError
from speccascade.models import T5, T5Config

_SHARED, _OUTPUT = "shared.weight", "lm_head.weight"
_EMBEDDINGS = {
    "encoder.embed_tokens.weight": _SHARED,
    "decoder.embed_tokens.weight": _SHARED,
}
_VERSIONS = {"relu": "1.0", "gated-gelu": "1.1"}
_FIELDS = {
    "vocab_size": "vocab_size",
    "emb_dim": "d_model",
    "num_heads": "num_heads",
    "head_dim": "d_kv",
    "mlp_dim": "d_ff",
    "num_encoder_layers": "num_layers",
}
# What our T5 has fixed, and what a config.json that is silent means.
_FIXED = {
    "relative_attention_num_buckets": 32,
    "relative_attention_max_distance": 128,
    "layer_norm_epsilon": 1e-6,
}
# Written by early conversions; attention to the prompt has no relative positions.
_UNUSED = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"


def plan(
    config: Mapping[str, Any],
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
      overrides: fields of `T5Config` that are given instead of read.

    Raises:
      UserError: config.json lacks a field, or describes a T5 that we do not have.
    """
    ours = _config(config, where, dtype, overrides)
    scaled = config["model_type"] != "mt5" and config.get(
        "scale_decoder_outputs", config.get("tie_word_embeddings") is not False
    )
    if ours.version == "1.0" and not scaled:
        raise UserError(
            f"{where} has a ReLU feed-forward, as T5 1.0, and an output that is not "
            "scaled, as 1.1; we have no such model."
        )
    origins = {
        name: Origin((foreign,), _turned)
        for name, foreign in transformers_names(ours).items()
    }
    origins[EMBEDDING] = Origin((_SHARED,))
    copies = _EMBEDDINGS
    if ours.version == "1.0":
        copies = {**_EMBEDDINGS, _OUTPUT: _SHARED}
    else:
        foreign = _OUTPUT if _OUTPUT in shapes else _SHARED
        transform = functools.partial(tied_output, ours.emb_dim) if scaled else _turned
        origins[LOGITS] = Origin((foreign,), transform)
    return Plan(
        model=T5(config=ours), origins=origins, copies=copies, ignored=(_UNUSED,)
    )


def _config(
    config: Mapping[str, Any],
    where: str,
    dtype: str,
    overrides: Mapping[str, object],
) -> T5Config:
    check_overrides(T5Config, overrides)
    for name, value in _FIXED.items():
        if config.get(name, value) != value:
            raise UserError(
                f"{where} has {name} {config[name]}; our T5 has {value} only."
            )
    usual = "relu" if config["model_type"] == "t5" else "gated-gelu"
    activation = config.get("feed_forward_proj", usual)
    if activation not in _VERSIONS:
        raise UserError(
            f"{where} has a feed-forward of kind {activation}; our T5 has "
            f"{' or '.join(_VERSIONS)}."
        )
    if lacking := [theirs for theirs in _FIELDS.values() if theirs not in config]:
        raise UserError(f"The config.json of {where} lacks {', '.join(lacking)}.")
    layers = config.get("num_decoder_layers")
    fields = {ours: config[theirs] for ours, theirs in _FIELDS.items()} | {
        "num_decoder_layers": config["num_layers"] if layers is None else layers,
        "version": _VERSIONS[activation],
        "per_layer_bias": config["model_type"] == "umt5",
        "dtype": dtype,
    }
    return T5Config(**{**fields, **overrides})


def _turned(tensor: np.ndarray) -> np.ndarray:
    return tensor.T
