"""Parameters of our T5 as a checkpoint that T5X reads.

The layout is that of `checkpoints.t5x`, version 3: an index, and a zarr array a
parameter, compressed by gzip and cut into chunks of at most 64 MiB, as T5X cuts what
lies in memory. Weights and the step alone, as T5X itself saves them without an
optimiser.

A model whose layers share a table of relative positions is written for T5X's
`examples/t5`; one with a table a layer for `examples/scalable_t5`, scanned.
"""

import math
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore
from flax import serialization, traverse_util

from speccascade.checkpoints.assembly import check, flatten, model_shapes
from speccascade.checkpoints.t5x import INDEX, TARGET, VERSION
from speccascade.checkpoints.t5x_tree import LAYER_AXIS, plan
from speccascade.errors import UserError
from speccascade.files import process_name, sync_folder
from speccascade.models import Params

_CONTEXT = tensorstore.Context()  # of TensorStore's own choice: files are synced

# T5X aims at 64 MiB, and counts in the type that lies in memory: float32.
CHUNK_ELEMENTS = 64 * 2**20 // 4


def export(
    params: Params, directory: str | Path, step: int, *, dtype: str = "float32"
) -> Path:
    """Writes `checkpoint_<step>`; it is whole or not there at all.

    Args:
      params: of a `models.T5`, in the layout that is trained.
      directory: the folder of all checkpoints; made where it is not there.
      step: number of the checkpoint.
      dtype: in which numbers are stored, "float32" or "bfloat16".

    Returns:
      The checkpoint's folder.

    Raises:
      UserError: these are no parameters of a T5, the checkpoint is there already, or it
        cannot be written.
    """
    if dtype not in ("float32", "bfloat16"):
        raise ValueError(f"dtype must be 'float32' or 'bfloat16', not {dtype!r}")
    tensors = flatten(params)
    _check(tensors)
    final = Path(directory).expanduser() / f"checkpoint_{step}"
    if final.exists():
        raise UserError(f"{final} is there already; choose another step or folder.")
    temporary = final.with_name(f"{final.name}.tmp-{process_name()}")
    try:
        temporary.mkdir(parents=True)
        specs = {
            name: _write(temporary, f"{TARGET}/{name}", make(), dtype)
            for name, make in _as_t5x(tensors)
        }
        (temporary / INDEX).write_bytes(_index(specs, step))
        temporary.rename(final)
        sync_folder(final.parent)
    except (OSError, ValueError) as error:  # TensorStore's own are ValueError
        raise UserError(f"{final} cannot be written: {error}.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return final


def chunk_shape(shape: tuple[int, ...], elements: int) -> list[int]:
    """Into which blocks T5X cuts an array.

    The longest side is cut to its next smaller divisor, and so on until a block has at
    most `elements` numbers.

    Example:
        >>> chunk_shape((32128, 1024), 16 * 2**20)
        [16064, 1024]
    """
    chunk = list(shape)
    while math.prod(chunk) > elements:
        axis = chunk.index(max(chunk))
        smaller = range(chunk[axis] - 1, 0, -1)
        chunk[axis] = next(size for size in smaller if shape[axis] % size == 0)
    return chunk


def _check(tensors: Mapping[str, Any]) -> None:
    shapes = {name: tuple(value.shape) for name, value in tensors.items()}
    where = "The tree of parameters"
    found = plan(shapes, where, "float32", {})
    check(shapes, found.origins, flatten(model_shapes(found.model)), where)


def _as_t5x(
    tensors: Mapping[str, Any],
) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    """T5X's tensors by name, each made when it is written."""
    table = tensors.get("encoder/layers_0/relpos_bias/rel_embedding")
    heads = 0 if table is None else len(table)
    layers: dict[str, list[Any]] = {}
    for name in sorted(tensors, key=_by_number):
        match = re.fullmatch(r"(encoder|decoder)/layers_\d+/(.+)", name)
        if not heads or match is None:
            yield name, lambda name=name: np.asarray(tensors[name])
        else:
            scanned = f"{match[1]}/{match[1]}/{match[2]}"
            layers.setdefault(scanned, []).append(tensors[name])
    for name, parts in layers.items():
        yield (
            name,
            lambda name=name, parts=parts: np.stack(
                [_heads_apart(name, np.asarray(part), heads) for part in parts],
                LAYER_AXIS,
            ),
        )


def _by_number(name: str) -> list[tuple[int, str]]:
    """Orders layers_10 after layers_9."""
    return [
        (int(number or 0), word) for word, number in re.findall(r"(\D+)(\d*)", name)
    ]


def _heads_apart(name: str, tensor: np.ndarray, heads: int) -> np.ndarray:
    """[D, N H] -> [D, N, H], and [N H, D] -> [N, H, D] of the output's kernel."""
    if name.endswith(("query/kernel", "key/kernel", "value/kernel")):
        return tensor.reshape(len(tensor), heads, -1)
    if name.endswith("out/kernel"):
        return tensor.reshape(heads, -1, tensor.shape[-1])
    return tensor


def _write(folder: Path, name: str, tensor: np.ndarray, dtype: str) -> dict[str, Any]:
    """Writes an array; returns its specification for the index."""
    path = name.replace("/", ".") + "/"
    spec = {
        "driver": "zarr",
        "dtype": dtype,
        "kvstore": {"driver": "file", "path": path},
        "metadata": {
            "chunks": chunk_shape(tensor.shape, CHUNK_ELEMENTS),
            "compressor": {"id": "gzip", "level": 1},
            "shape": list(tensor.shape),
        },
    }
    kvstore = {"driver": "file", "path": f"{(folder / path).absolute()}/"}
    # A chunk of zeros is written too: one that is not there is then a lost one.
    absolute = {**spec, "kvstore": kvstore, "store_data_equal_to_fill_value": True}
    array = tensorstore.open(absolute, create=True, context=_CONTEXT).result()
    array.write(tensor.astype(array.dtype.numpy_dtype)).result()
    return spec


def _index(specs: Mapping[str, Any], step: int) -> bytes:
    return serialization.msgpack_serialize(
        {
            "version": VERSION,
            "optimizer": {
                TARGET: traverse_util.unflatten_dict(dict(specs), sep="/"),
                "state": {"step": np.array(step, np.int32)},
            },
        }
    )
