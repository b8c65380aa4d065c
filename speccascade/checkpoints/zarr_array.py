"""Arrays of zarr version 2, as T5X writes them, read in this thread alone.

    .zarray          {"shape": [5, 3], "chunks": [2, 3], "compressor": {"id": "gzip"},
    0.0  1.0  2.0    chunks by their place; those at the end are filled up to full size

TensorStore reads them as well, and is asked where the compressor is another one. But it
decodes in threads of its own, and what one thread freed glibc keeps for that thread:
loading 217 MB took up to 1.6 times their size so, and takes 1.1 times here.
"""

import json
import math
import zlib
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import tensorstore

from speccascade.errors import UserError

_GZIP_OR_ZLIB = 47  # zlib's window bits: the largest window, header detected


def read_zarr(folder: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """One array.

    Args:
      folder: of the array.
      name: what to call it in a message.
      shape: that it must have.

    Raises:
      UserError: it is not there, not whole or of another shape.
    """
    try:
        metadata = json.loads((folder / ".zarray").read_text(encoding="utf-8"))
        stored = tuple(metadata["shape"])
    except OSError as error:
        raise UserError(f"The array of {name} is not there: {error}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{folder}/.zarray is damaged ({error!r}).") from error
    if stored != shape:
        raise UserError(
            f"The index says that {name} is {shape}; its array is {stored}."
        )
    try:
        if _is_plain(metadata):
            return _read_plain(folder, metadata)
        return read_tensorstore(f"file://{folder.absolute()}/", name)
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise UserError(
            f"The array of {name} is not whole ({error}); copy it again."
        ) from error


def read_tensorstore(kvstore: Any, name: str) -> np.ndarray:
    """An array that TensorStore opens; errors are those of `read_zarr`."""
    try:
        return open_tensorstore(kvstore).read().result()
    except ValueError as error:
        raise UserError(
            f"The array of {name} is not whole ({error}); copy it again."
        ) from error


def open_tensorstore(kvstore: Any) -> Any:
    """TensorStore's handle of an array, which knows its shape.

    A chunk that is not there is an error, where TensorStore would read zeros.
    """
    spec = {"driver": "zarr", "kvstore": kvstore, "fill_missing_data_reads": False}
    return tensorstore.open(spec, open=True, read=True).result()


def _is_plain(metadata: dict[str, Any]) -> bool:
    compressor = metadata["compressor"]
    return (
        (compressor is None or compressor["id"] in ("gzip", "zlib"))
        and not metadata["filters"]
        and metadata["order"] == "C"
    )


def _read_plain(folder: Path, metadata: dict[str, Any]) -> np.ndarray:
    shape, chunks = tuple(metadata["shape"]), tuple(metadata["chunks"])
    dtype = jnp.dtype(metadata["dtype"])
    separator = metadata.get("dimension_separator", ".")
    size = math.prod(chunks) * dtype.itemsize
    whole = np.empty(0 if shape == chunks else shape, dtype)
    grid = [-(-side // chunk) for side, chunk in zip(shape, chunks, strict=True)]
    for index in np.ndindex(*grid):
        # A scalar's only chunk is called 0.
        data = (folder / (separator.join(map(str, index)) or "0")).read_bytes()
        if metadata["compressor"] is not None:
            data = zlib.decompress(data, _GZIP_OR_ZLIB, size)
        block = np.frombuffer(data, dtype).reshape(chunks)
        if shape == chunks:
            return block
        corner = [i * chunk for i, chunk in zip(index, chunks, strict=True)]
        region = tuple(
            slice(start, min(start + chunk, side))
            for start, chunk, side in zip(corner, chunks, shape, strict=True)
        )
        kept = tuple(slice(part.stop - part.start) for part in region)
        whole[region] = block[kept]
    return whole
