"""The beginning of a GGUF file: its metadata, and where its tensors lie.

    "GGUF", version, number of tensors, number of metadata
    metadata   name, type, value                     one after the other
    tensors    name, axes, type, offset of its bytes
    padding to a multiple of general.alignment (32), then the bytes

Numbers are little-endian, a text is its length and UTF-8. The package `gguf` has a
reader of its own. It keeps a view of every text, and a vocabulary of 262,144 then takes
half a gigabyte; here it takes what the list itself does.
Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from speccascade.errors import UserError

VERSIONS = (2, 3)

_NUMBERS = {
    0: "u1",
    1: "i1",
    2: "<u2",
    3: "<i2",
    4: "<u4",
    5: "<i4",
    6: "<f4",
    7: "?",
    10: "<u8",
    11: "<i8",
    12: "<f8",
}
_TEXT, _LIST = 8, 9
_ALIGNMENT = 32
_MOST_AXES = 4


class Tensor(NamedTuple):
    """A tensor of the file.

    Attributes:
      shape: of what it means, as NumPy has it: the file counts from the last axis.
      kind: number of the type in which it is stored, a `gguf.GGMLQuantizationType`.
      offset: of its first byte in the file.
    """

    shape: tuple[int, ...]
    kind: int
    offset: int


@dataclass(frozen=True)
class Header:
    """What stands before the bytes.

    Attributes:
      metadata: by name: int, float, bool, str, or a list of str or an array of numbers.
      tensors: by name.
    """

    metadata: dict[str, Any]
    tensors: dict[str, Tensor]


def read_header(path: Path) -> Header:
    """Reads the beginning of a file.

    Raises:
      UserError: the file is missing, no GGUF file, or ends too early.
    """
    try:
        with path.open("rb") as file:
            return _header(file, path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except (EOFError, struct.error, UnicodeDecodeError, KeyError) as error:
        raise UserError(f"{path} is not a whole GGUF file; fetch it again.") from error


def _header(file: BinaryIO, path: Path) -> Header:
    if file.read(4) != b"GGUF":
        raise UserError(f"{path} is no GGUF file.")
    version = _unpack(file, "<I")
    if version not in VERSIONS:
        raise UserError(
            f"{path} is a GGUF file of version {version}; known are "
            f"{' and '.join(map(str, VERSIONS))}."
        )
    tensor_count, metadata_count = _unpack(file, "<Q"), _unpack(file, "<Q")
    metadata = {}
    for _ in range(metadata_count):
        name = _text(file)
        metadata[name] = _value(file, _unpack(file, "<I"))
    found = {}
    for _ in range(tensor_count):
        name, axes = _text(file), _unpack(file, "<I")
        if axes > _MOST_AXES:
            raise EOFError
        dimensions = struct.unpack(f"<{axes}Q", _bytes(file, 8 * axes))
        kind, offset = _unpack(file, "<I"), _unpack(file, "<Q")
        found[name] = Tensor(tuple(reversed(dimensions)), kind, offset)
    alignment = metadata.get("general.alignment", _ALIGNMENT)
    start = math.ceil(file.tell() / alignment) * alignment
    tensors = {
        name: tensor._replace(offset=start + tensor.offset)
        for name, tensor in found.items()
    }
    return Header(metadata, tensors)


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _TEXT:
        return _text(file)
    if kind != _LIST:
        return _numbers(file, kind, 1)[0].item()
    kind, count = _unpack(file, "<I"), _unpack(file, "<Q")
    if kind in _NUMBERS:
        return _numbers(file, kind, count)
    return [_value(file, kind) for _ in range(count)]


def _numbers(file: BinaryIO, kind: int, count: int) -> np.ndarray:
    dtype = np.dtype(_NUMBERS[kind])
    return np.frombuffer(_bytes(file, count * dtype.itemsize), dtype)


def _text(file: BinaryIO) -> str:
    return _bytes(file, _unpack(file, "<Q")).decode()


def _unpack(file: BinaryIO, form: str) -> int:
    return struct.unpack(form, _bytes(file, struct.calcsize(form)))[0]


def _bytes(file: BinaryIO, count: int) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise EOFError
    return content
