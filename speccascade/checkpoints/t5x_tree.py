"""The trees of T5X's two T5 models: which configuration, and which tensor is ours.

T5X stores no configuration. A tree says what it is by its names and shapes:

    examples/t5, ours                             examples/scalable_t5, scanned
    encoder/layers_3/attention/query/kernel       encoder/encoder/attention/query/kernel
      [D, N H]                                      [D, layers, N, H]
    encoder/layers_3/attention/out/kernel         encoder/encoder/attention/out/kernel
      [N H, D]                                      [N, layers, H, D]
    encoder/layers_3/mlp/wo/kernel    [F, D]      encoder/encoder/mlp/wo/kernel
                                                    [F, layers, D]
    encoder/relpos_bias/rel_embedding [N, 32]     encoder/encoder/relpos_bias/
                                                    rel_embedding [N, layers, 32]

Layers lie along axis 1 of a scanned tensor. `scalable_t5` has a table of relative
biases for every layer (`T5Config.per_layer_bias`), and keeps heads apart, also where it
is not scanned; then its tables are at `encoder/layers_3/relpos_bias/rel_embedding`.

Heads: the tables have a row for each. `wi_0` and `wi_1` mean a gated feed-forward, and
so version 1.1; `wi` means 1.0. Without `logits_dense` the embedding serves as output,
scaled by D^-1/2; where the feed-forward is gated we store it as an output of its own.
"""

import functools
import math
import re
from collections.abc import Callable, Mapping

import numpy as np

from speccascade.checkpoints.assembly import Origin, Plan, flatten, model_shapes
from speccascade.checkpoints.overrides import check_overrides
from speccascade.errors import UserError
from speccascade.models import T5, T5Config

EMBEDDING = "token_embedder/embedding"
LOGITS = "decoder/logits_dense/kernel"
LAYER_AXIS = 1

Shapes = Mapping[str, tuple[int, ...]]


def plan(
    shapes: Shapes, where: str, dtype: str, overrides: Mapping[str, object]
) -> Plan:
    """What a tree holds, and how its tensors become ours.

    Args:
      shapes: of every tensor under `target`, by its name joined with "/".
      where: what to call the checkpoint in a message.
      dtype: in which the model computes.
      overrides: fields of `T5Config` that are given instead of inferred.

    Raises:
      UserError: a tensor from which something is inferred is not there, the tree is no
        T5 that we have, or an override is no field.
    """
    config = infer_config(shapes, where, dtype, overrides)
    model = T5(config=config)
    origins = {name: _origin(name, shapes) for name in flatten(model_shapes(model))}
    if config.version == "1.1" and LOGITS not in shapes:
        transform = functools.partial(tied_output, config.emb_dim)
        origins[LOGITS] = Origin((EMBEDDING,), transform)
    return Plan(model=model, origins=origins)


def infer_config(
    shapes: Shapes, where: str, dtype: str, overrides: Mapping[str, object]
) -> T5Config:
    """The configuration of a tree; arguments and errors are those of `plan`.

    Example:
      token_embedder/embedding [384, 32], encoder/relpos_bias/rel_embedding [2, 32],
      encoder/layers_0/attention/query/kernel [32, 32]
        ->  vocab_size 384, emb_dim 32, num_heads 2, head_dim 16
    """
    check_overrides(T5Config, overrides)
    look = functools.partial(_first, shapes, where)

    def heads() -> int:
        return look(r"encoder/.*relpos_bias/rel_embedding")[0]

    def head_dim() -> int:
        shape = look(r"encoder/.*/attention/query/kernel")
        joined = math.prod(shape[2:] if _scanned(shapes) else shape[1:])
        number = overrides.get("num_heads", heads())
        if not isinstance(number, int) or number < 1:
            raise UserError(f"A T5's num_heads must be a number, not {number!r}.")
        if joined % number:
            raise UserError(
                f"{where} has attention of width {joined} and {number} heads, which "
                "does not divide it."
            )
        return joined // number

    readers: dict[str, Callable[[], object]] = {
        "vocab_size": lambda: look(EMBEDDING)[0],
        "emb_dim": lambda: look(EMBEDDING)[1],
        "num_heads": heads,
        "head_dim": head_dim,
        "mlp_dim": lambda: look(r"encoder/.*/mlp/wo/kernel")[0],
        "num_encoder_layers": lambda: _layers(shapes, "encoder", look),
        "num_decoder_layers": lambda: _layers(shapes, "decoder", look),
        "version": lambda: _version(shapes, where),
        "per_layer_bias": lambda: "encoder/relpos_bias/rel_embedding" not in shapes,
        "dtype": lambda: dtype,
    }
    found = {
        name: overrides[name] if name in overrides else read()
        for name, read in readers.items()
    }
    return T5Config(**found)  # pyright: ignore[reportArgumentType]


def tied_output(emb_dim: int, embedding: np.ndarray) -> np.ndarray:
    """The output matrix [D, V] of a [V, D] that gives logits scaled by D^-1/2."""
    return embedding.T * np.float32(emb_dim**-0.5)


def _scanned(shapes: Shapes) -> bool:
    return any(name.startswith("encoder/encoder/") for name in shapes)


def _first(shapes: Shapes, where: str, pattern: str) -> tuple[int, ...]:
    """Shape of the first tensor whose name matches."""
    for name in sorted(shapes):
        if re.fullmatch(pattern, name):
            return shapes[name]
    words = pattern.replace(".*", "...").replace(r"\d+", "0")
    raise UserError(
        f"{where} holds no T5: it has no {words}, from which its size is read."
    )


def _layers(shapes: Shapes, stack: str, look: Callable[[str], tuple[int, ...]]) -> int:
    if _scanned(shapes):
        return look(f"{stack}/{stack}/mlp/wo/kernel")[LAYER_AXIS]
    look(rf"{stack}/layers_\d+/mlp/wo/kernel")
    matches = [re.match(rf"{stack}/layers_(\d+)/", name) for name in shapes]
    return 1 + max(int(match[1]) for match in matches if match)


def _version(shapes: Shapes, where: str) -> str:
    if any(name.endswith("/mlp/wi_0/kernel") for name in shapes):
        return "1.1"
    if LOGITS in shapes:
        raise UserError(
            f"{where} has a feed-forward of one branch, as T5 1.0, and an output of "
            "its own, as 1.1; we have no such model."
        )
    return "1.0"


def _origin(name: str, shapes: Shapes) -> Origin:
    """Where one of our tensors lies in a tree, and how to take it out."""
    match = re.fullmatch(r"(encoder|decoder)/layers_(\d+)/(.+)", name)
    if match is None:
        return Origin((name,))
    stack, layer, rest = match[1], int(match[2]), match[3]
    scanned = _scanned(shapes)
    stored = f"{stack}/{stack}/{rest}" if scanned else name
    joined = rest.endswith(("query/kernel", "key/kernel", "value/kernel", "out/kernel"))
    axes = len(shapes.get(stored, ())) - scanned
    return Origin(
        (stored,),
        functools.partial(
            _taken,
            layer if scanned else None,
            joined and axes == 3,
            rest.endswith("out/kernel"),
        ),
    )


def _taken(
    layer: int | None, heads_apart: bool, heads_first: bool, tensor: np.ndarray
) -> np.ndarray:
    """A layer's tensor, its heads joined in one axis."""
    if layer is not None:
        tensor = tensor[:, layer]
    if heads_apart and heads_first:  # [N, H, D]
        return tensor.reshape(-1, tensor.shape[-1])
    if heads_apart:  # [D, N, H]
        return tensor.reshape(tensor.shape[0], -1)
    return tensor
