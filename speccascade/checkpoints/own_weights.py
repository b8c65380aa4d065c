"""Weights files of ours: parameters, and in the header what model they are.

    config   {"kind": "GemmaConfig", "vocab_size": 6144, ...}
    ids      [0, 1, 2, 5, ...] of `width` ids, for a model that has only these
    prompts  "closed" by the end token, for a decoder that learnt to answer after it
    vocabulary_sha256, task, steps

Files of T5 may leave `config` out: `mini` infers it.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import jax.numpy as jnp

from speccascade.checkpoints import safetensors_io
from speccascade.checkpoints.assembly import model_shapes
from speccascade.checkpoints.overrides import check_overrides
from speccascade.errors import UserError
from speccascade.models import (
    Gemma,
    GemmaConfig,
    Params,
    Restricted,
    T5Config,
    Trainable,
    model_of,
    restricted_params,
)

CLOSED = "closed"
_KINDS = {kind.__name__: kind for kind in (T5Config, GemmaConfig)}


def header(
    model: Trainable, ids: Sequence[int] | None = None, width: int | None = None
) -> dict[str, str]:
    """What the header says of a model.

    Args:
      model: whose parameters the file holds.
      ids: of a model of some ids among `width`: which they are, ascending.
      width: V.
    """
    config = {"kind": type(model.config).__name__} | dataclasses.asdict(model.config)
    found = {"config": json.dumps(config)}
    if ids is not None:
        found |= {"ids": json.dumps(list(ids)), "width": str(width)}
    return found


def read_model(
    path: Path, said: Mapping[str, str], dtype: str, overrides: Mapping[str, object]
) -> tuple[Trainable, Params]:
    """The model that a file holds, and its parameters.

    Args:
      path: of the file.
      said: its header, in which there is a `config`.
      dtype: in which the model computes.
      overrides: fields of its configuration that are given instead.

    Raises:
      UserError: the file is damaged or of a later speccascade, or an override is no
        field.
    """
    fields = json.loads(said["config"])
    kind = _KINDS.get(fields.pop("kind", None))
    if kind is None:
        raise UserError(f"{path} holds a model that this speccascade does not know.")
    check_overrides(kind, overrides)
    model = model_of(kind(**{**fields, "dtype": dtype, **overrides}))
    params = safetensors_io.load(path, model_shapes(model))
    if "ids" not in said or not isinstance(model, Gemma):
        return model, params
    ids, width = jnp.array(json.loads(said["ids"]), jnp.int32), int(said["width"])
    wide = Restricted(model=model, width=width)
    return wide, restricted_params(params, ids, width)
