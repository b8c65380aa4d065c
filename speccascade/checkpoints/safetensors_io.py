"""Parameters in a safetensors file: half the size in bfloat16, float32 once loaded.

Tensor names are those of T5X joined by "/", such as `decoder/layers_0/mlp/wo/kernel`.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np
import safetensors
import safetensors.flax

from speccascade.checkpoints.assembly import Origin, assemble, flatten
from speccascade.errors import UserError
from speccascade.files import replace


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
        for name, value in flatten(params).items()
    }
    content = safetensors.flax.save(stored, metadata=dict(metadata or {}))
    try:
        replace(Path(path), content)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error


class SafetensorsFiles:
    """The tensors of one or more safetensors files: a `Source` for `assembly`.

    A file is mapped into memory for one tensor at a time, so that what was read does
    not count as held.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        """Reads the headers.

        Args:
          paths: of the files; no two of them have a tensor of one name.

        Raises:
          UserError: a file is missing or damaged, or two hold the same tensor.
        """
        self._paths: dict[str, str | Path] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        for path in paths:
            with _opened(path) as file:
                for name in file.keys():  # noqa: SIM118, it is no mapping
                    if name in self._paths:
                        raise UserError(
                            f"{path} and {self._paths[name]} both hold {name}."
                        )
                    self._paths[name] = path
                    self._shapes[name] = tuple(file.get_slice(name).get_shape())

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return self._shapes

    def read(self, name: str) -> np.ndarray:
        with _opened(self._paths[name]) as file:
            return file.get_tensor(name)


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
    source = SafetensorsFiles([path])
    if expected is None:
        flat = {
            tuple(name.split("/")): jax.ShapeDtypeStruct(shape, jnp.float32)
            for name, shape in source.shapes().items()
        }
        expected = flax.traverse_util.unflatten_dict(flat)
    origins = {name: Origin((name,)) for name in flatten(expected)}
    return assemble(source, origins, expected, str(path))


def read_metadata(path: str | Path) -> dict[str, str]:
    """The texts in the header of a file.

    Raises:
      UserError: the file is missing or damaged.
    """
    with _opened(path) as file:
        return dict(file.metadata() or {})


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[Any]:
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            yield file
    except FileNotFoundError as error:
        raise UserError(f"The weights {path} are missing.") from error
    except OSError as error:
        raise UserError(f"The weights {path} cannot be read: {error}.") from error
    except safetensors.SafetensorError as error:
        raise UserError(
            f"{path} is not a whole safetensors file ({error}); fetch it again."
        ) from error
