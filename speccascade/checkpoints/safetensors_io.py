"""Parameters in a safetensors file: half the size in bfloat16, float32 once loaded.

Tensor names are those of T5X joined by "/", such as `decoder/layers_0/mlp/wo/kernel`.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import flax.traverse_util
import jax.numpy as jnp
import safetensors
import safetensors.flax

from speccascade.errors import UserError
from speccascade.files import replace

_NAMES_SHOWN = 3  # a message names that many tensors, and counts the rest


def save(
    params: Mapping[str, Any],
    path: str | Path,
    dtype: str = "bfloat16",
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes a parameter tree; the file is whole or not there at all.

    Args:
      params: nested dictionary of floating-point arrays.
      path: the file; one that exists is replaced.
      dtype: in which numbers are stored, "bfloat16" or "float32".
      metadata: texts for the file's header.

    Raises:
      UserError: the file cannot be written.
    """
    if dtype not in ("bfloat16", "float32"):
        raise ValueError(f"dtype must be 'bfloat16' or 'float32', not {dtype!r}")
    stored = {
        name: jnp.asarray(value).astype(dtype)
        for name, value in _flatten(params).items()
    }
    content = safetensors.flax.save(stored, metadata=dict(metadata or {}))
    try:
        replace(Path(path), content)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error


def load(path: str | Path, expected: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Reads a parameter tree.

    Args:
      path: the file.
      expected: tree of shapes, as `jax.eval_shape(model.init, key)` gives it; names and
        shapes must be exactly these. None takes what is there.

    Returns:
      Nested dictionary of float32 arrays, whatever the file stores.

    Raises:
      UserError: the file is missing, is damaged, or does not hold what is expected.
    """
    try:
        flat = safetensors.flax.load_file(path)
    except FileNotFoundError as error:
        raise UserError(f"The weights {path} are missing.") from error
    except OSError as error:
        raise UserError(f"The weights {path} cannot be read: {error}.") from error
    except safetensors.SafetensorError as error:
        raise UserError(
            f"{path} is not a whole safetensors file ({error}); fetch it again."
        ) from error
    if expected is not None:
        _check(path, flat, expected)
    wide = {name: value.astype(jnp.float32) for name, value in flat.items()}
    return flax.traverse_util.unflatten_dict(wide, sep="/")


def read_metadata(path: str | Path) -> dict[str, str]:
    """The texts in the header of a file that `load` can read."""
    with safetensors.safe_open(path, framework="flax") as file:
        return dict(file.metadata() or {})


def _flatten(tree: Mapping[str, Any]) -> dict[str, Any]:
    return dict(flax.traverse_util.flatten_dict(dict(tree), sep="/"))


def _shortened(names: Iterable[str]) -> str:
    ordered = sorted(names)
    shown = ", ".join(ordered[:_NAMES_SHOWN])
    rest = len(ordered) - _NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def _check(
    path: str | Path, flat: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    shapes = {name: tuple(leaf.shape) for name, leaf in _flatten(expected).items()}
    faults = []
    if missing := shapes.keys() - flat.keys():
        faults.append(f"lacks {_shortened(missing)}")
    if unexpected := flat.keys() - shapes.keys():
        faults.append(f"has the unexpected {_shortened(unexpected)}")
    if faults:
        raise UserError(
            f"{path} does not hold this model's tensors: it {' and '.join(faults)}."
        )
    wrong = [
        f"{name} {tuple(flat[name].shape)} instead of {shape}"
        for name, shape in shapes.items()
        if tuple(flat[name].shape) != shape
    ]
    if wrong:
        raise UserError(
            f"{path} holds a model of another size: it has {_shortened(wrong)}."
        )
