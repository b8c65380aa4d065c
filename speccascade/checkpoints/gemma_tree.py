"""The tree of Google's library `gemma`: which configuration, which tensor is ours.

    embedder/input_embedding          [V, D]
    final_norm/scale                  [D]
    layer_3/attn/q_einsum/w           [N, D, H]        where K < N
    layer_3/attn/kv_einsum/w          [2, K, D, H]
    layer_3/attn/qkv_einsum/w         [3, N, D, H]     where K = N, in place of both
    layer_3/attn/attn_vec_einsum/w    [N, H, D]
    layer_3/attn/_query_norm/scale    [H]              Gemma 3; _key_norm likewise
    layer_3/mlp/gating_einsum         [2, D, F]        or [2, F, D]: both are in use
    layer_3/mlp/linear                [F, D]
    layer_3/pre_attention_norm/scale  [D]              pre_ffw_norm likewise; and, from
                                                       Gemma 2 on, post_attention_norm
                                                       and post_ffw_norm

That is the nested layout. The flat one has `transformer/` before every name and `/w`
behind those of `mlp`. In the stacked one, with a pattern of P kinds of layers, layer i
is slice i // P of `transformer/stacked_layers/attention_type_<i % P>/...`.

Neither says a word on windows, caps and rotary positions: see `gemma_fields`.
"""

import functools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from speccascade.checkpoints.assembly import (
    Origin,
    Plan,
    as_it_is,
    flatten,
    model_shapes,
)
from speccascade.checkpoints.gemma_fields import gemma_config
from speccascade.errors import UserError
from speccascade.models import Gemma

EMBEDDING = "embedder/input_embedding"
_TOP = {
    "token_embedder/embedding": EMBEDDING,
    "final_norm/scale": "final_norm/scale",
}
_NORMS = {
    "pre_attention_norm/scale": "pre_attention_norm/scale",
    "post_attention_norm/scale": "post_attention_norm/scale",
    "pre_mlp_norm/scale": "pre_ffw_norm/scale",
    "post_mlp_norm/scale": "post_ffw_norm/scale",
    "attention/query_norm/scale": "attn/_query_norm/scale",
    "attention/key_norm/scale": "attn/_key_norm/scale",
}
# Of models that read images, beside the text model.
_IMAGES = re.compile(r"vision_encoder/|SigLiPFromPatches_0/|embedder/mm_")

Shapes = Mapping[str, tuple[int, ...]]


class _Stored(NamedTuple):
    """Where a tensor of the nested layout lies.

    Attributes:
      name: of the stored tensor.
      slice: of it, or None if it is the whole.
    """

    name: str
    slice: int | None


def plan(
    shapes: Shapes, where: str, dtype: str, overrides: Mapping[str, object]
) -> Plan:
    """What a tree holds, and how its tensors become ours.

    Args:
      shapes: of every tensor, by its name joined with "/".
      where: what to call the checkpoint in a message.
      dtype: in which the model computes.
      overrides: fields of `GemmaConfig` that are given instead of inferred.

    Raises:
      UserError: a tensor from which a size is read is not there, or the model is no
        Gemma that we have; see also `gemma_fields.gemma_config`.
    """
    text = {
        name: shape for name, shape in shapes.items() if not _IMAGES.match(_bare(name))
    }
    nested = _nested(text)
    found = _fields(nested, text, where)
    model = Gemma(config=gemma_config({**found, "dtype": dtype}, where, overrides))
    origins = {}
    for name in flatten(model_shapes(model)):
        theirs, transform = _origin(name, nested, found)
        stored = nested.get(theirs, _Stored(theirs, None))
        if stored.slice is not None:
            transform = functools.partial(_of_slice, stored.slice, transform)
        origins[name] = Origin((stored.name,), transform)
    return Plan(
        model=model,
        origins=origins,
        ignored=[name for name in shapes if name not in text],
    )


def _bare(name: str) -> str:
    return name.removeprefix("transformer/")


def _nested(shapes: Shapes) -> dict[str, _Stored]:
    """The names of the nested layout, and where each of them is stored."""
    stacks = [
        re.match(r"stacked_layers/attention_type_(\d+)/", _bare(name))
        for name in shapes
    ]
    period = 1 + max((int(match[1]) for match in stacks if match), default=0)
    nested = {}
    for name, shape in shapes.items():
        bare = re.sub(r"(/mlp/\w+)/w$", r"\1", _bare(name))
        match = re.fullmatch(r"stacked_layers/attention_type_(\d+)/(.+)", bare)
        if match is None:
            nested[bare] = _Stored(name, None)
            continue
        for index in range(shape[0] if shape else 0):
            layer = index * period + int(match[1])
            nested[f"layer_{layer}/{match[2]}"] = _Stored(name, index)
    return nested


def _fields(
    nested: Mapping[str, _Stored], shapes: Shapes, where: str
) -> dict[str, Any]:
    """The fields of `GemmaConfig` that shapes and names give."""

    def shape(*names: str, axes: int) -> tuple[int, ...]:
        for name in names:
            if name in nested:
                stored = nested[name]
                found = shapes[stored.name][stored.slice is not None :]
                if len(found) == axes:
                    return found
        raise UserError(
            f"{where} holds no Gemma of Google's library: it has no "
            f"{' or '.join(names)} with {axes} axes, from which its size is read."
        )

    layers = [re.match(r"layer_(\d+)/", name) for name in nested]
    vocab_size, emb_dim = shape(EMBEDDING, axes=2)
    heads, head_dim, _ = shape("layer_0/attn/attn_vec_einsum/w", axes=3)
    keys_values = shape("layer_0/attn/kv_einsum/w", "layer_0/attn/qkv_einsum/w", axes=4)
    mlp_dim, _ = shape("layer_0/mlp/linear", axes=2)
    if mlp_dim == emb_dim:
        raise UserError(
            f"{where} has a feed-forward as wide as the model ({mlp_dim}), so that the "
            "order of its gating_einsum cannot be seen."
        )
    return {
        "vocab_size": vocab_size,
        "emb_dim": emb_dim,
        "num_layers": 1 + max(int(match[1]) for match in layers if match),
        "num_heads": heads,
        "num_kv_heads": keys_values[1],
        "head_dim": head_dim,
        "mlp_dim": mlp_dim,
        "post_norms": "layer_0/post_attention_norm/scale" in nested,
        "qk_norm": "layer_0/attn/_query_norm/scale" in nested,
    }


def _origin(
    name: str, nested: Mapping[str, _Stored], found: Mapping[str, Any]
) -> tuple[str, Callable[..., np.ndarray]]:
    """The nested name of one of our tensors, and how to take it out."""
    if name in _TOP:
        return _TOP[name], as_it_is
    layer, ours = name.removeprefix("layers_").split("/", 1)
    if ours in _NORMS:
        return f"layer_{layer}/{_NORMS[ours]}", as_it_is
    theirs, transform = _matrix(
        ours, f"layer_{layer}/attn/qkv_einsum/w" in nested, found
    )
    return f"layer_{layer}/{theirs}", transform


def _matrix(
    ours: str, joined: bool, found: Mapping[str, Any]
) -> tuple[str, Callable[..., np.ndarray]]:
    """Likewise within a layer, of a matrix; `joined` says that q, k and v are one."""
    part = functools.partial
    match ours:
        case "attention/query/kernel":
            if joined:
                return "attn/qkv_einsum/w", part(_heads_of, 0)
            return "attn/q_einsum/w", _heads
        case "attention/key/kernel" | "attention/value/kernel":
            index = int("value" in ours)
            if joined:
                return "attn/qkv_einsum/w", part(_heads_of, 1 + index)
            return "attn/kv_einsum/w", part(_heads_of, index)
        case "attention/out/kernel":
            return "attn/attn_vec_einsum/w", _rows
        case "mlp/wi_0/kernel" | "mlp/wi_1/kernel":
            index = int("wi_1" in ours)
            return "mlp/gating_einsum", part(_gate, index, found["mlp_dim"])
        case "mlp/wo/kernel":
            return "mlp/linear", as_it_is
    raise ValueError(f"no origin for {ours}")


def _of_slice(
    index: int, transform: Callable[..., np.ndarray], tensor: np.ndarray
) -> np.ndarray:
    return transform(tensor[index])


def _heads(tensor: np.ndarray) -> np.ndarray:
    """[N, D, H] -> [D, N H]."""
    return tensor.transpose(1, 0, 2).reshape(tensor.shape[1], -1)


def _heads_of(index: int, tensor: np.ndarray) -> np.ndarray:
    """[2 or 3, N, D, H] -> [D, N H]."""
    return _heads(tensor[index])


def _rows(tensor: np.ndarray) -> np.ndarray:
    """[N, H, D] -> [N H, D]."""
    return tensor.reshape(math.prod(tensor.shape[:2]), -1)


def _gate(index: int, mlp_dim: int, tensor: np.ndarray) -> np.ndarray:
    """[2, D, F] or [2, F, D] -> [D, F]."""
    one = tensor[index]
    return one.T if one.shape[0] == mlp_dim else one
