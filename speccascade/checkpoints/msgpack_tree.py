"""A msgpack file of nested mappings whose arrays stay on the disk until they are read.

Flax writes an array as an extension whose content is msgpack again: shape, name of the
dtype, and bytes. `read_tree` notes where those bytes lie (`StoredArray`), so that a
file of gigabytes, the optimiser's state included, takes no memory.

    c7 .. 01  93  92 0b 06  a7 "float32"  c4 .. ................
    extension     shape     dtype         bytes, up to the extension's end
"""

import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import msgpack
import numpy as np

_NDARRAY, _SCALAR = 1, 3  # flax's extension types for arrays and NumPy scalars
# First bytes of msgpack: of mappings, and of extensions with the length of their head.
_MAPPINGS = {*range(0x80, 0x90), 0xDE, 0xDF}
_EXTENSIONS = dict.fromkeys(range(0xD4, 0xD9), 2) | {0xC7: 3, 0xC8: 4, 0xC9: 6}
_HEAD = 1024  # bytes that hold the shape and the dtype of any array


class StoredArray(NamedTuple):
    """An array in a file.

    Attributes:
      path: of the file.
      offset: where its bytes begin.
      shape: of the array.
      dtype: of its numbers.
    """

    path: Path
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype

    def read(self) -> np.ndarray:
        """The array; OSError and ValueError where the file has changed."""
        size = math.prod(self.shape) * self.dtype.itemsize
        content = np.fromfile(self.path, np.uint8, size, offset=self.offset)
        return content.view(self.dtype).reshape(self.shape)


def read_tree(path: Path) -> Any:
    """What the file holds, arrays as `StoredArray`.

    Raises:
      OSError: it cannot be read.
      ValueError, TypeError, msgpack.UnpackException: it is not whole.
    """
    with path.open("rb") as file:
        # 0: as large as the format itself allows
        unpacker = msgpack.Unpacker(file, max_buffer_size=0)
        return _value(path, file.fileno(), unpacker)


def _value(path: Path, descriptor: int, unpacker: Any) -> Any:
    start = unpacker.tell()
    first = os.pread(descriptor, 1, start)
    if not first:
        raise ValueError("it ends too early")
    if first[0] in _MAPPINGS:
        entries = range(unpacker.read_map_header())
        return {unpacker.unpack(): _value(path, descriptor, unpacker) for _ in entries}
    unpacker.skip()
    stop = unpacker.tell()
    head = _EXTENSIONS.get(first[0])
    if head is None:
        return msgpack.unpackb(os.pread(descriptor, stop - start, start))
    content = os.pread(descriptor, min(stop - start, _HEAD), start)
    if content[head - 1] not in (_NDARRAY, _SCALAR):
        return msgpack.ExtType(content[head - 1], content[head:])
    array = msgpack.Unpacker()
    array.feed(content[head:])
    array.read_array_header()
    shape, dtype = tuple(array.unpack()), jnp.dtype(array.unpack())
    offset = stop - math.prod(shape) * dtype.itemsize
    return StoredArray(path, offset, shape, dtype)
