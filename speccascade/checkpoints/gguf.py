"""GGUF files of llama.cpp: one file with the model, its metadata and its vocabulary.

    general.architecture         "gemma3"; metadata of the model begins with that word
    gemma3.embedding_length      640, and so on: see `checkpoints.gguf_names`
    blk.0.attn_q.weight          quantised in blocks along the rows, here Q4_K

Tensors become float32 through the package `gguf` (the extra of that name), which is
imported here alone, and when a file is read. What comes out is what the quantised
numbers mean; llama.cpp itself also rounds activations, so its logits differ from ours.
"""

import importlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from speccascade.checkpoints.assembly import assemble_model
from speccascade.checkpoints.checkpoint import Checkpoint
from speccascade.checkpoints.gguf_header import Tensor, read_header
from speccascade.checkpoints.gguf_names import plan
from speccascade.checkpoints.gguf_vocabulary import vocabulary_of
from speccascade.checkpoints.handover import aligned
from speccascade.checkpoints.hashes import file_sha256
from speccascade.checkpoints.paths import resolve
from speccascade.errors import UserError

# Numbers that are dequantised at a time, a multiple of every block: few enough for the
# package's intermediate arrays to stay in the cache of a processor.
_AT_ONCE = 1 << 18

TYPES = (
    "F32",
    "F16",
    "BF16",
    "Q4_0",
    "Q4_1",
    "Q5_0",
    "Q5_1",
    "Q8_0",
    "Q4_K",
    "Q5_K",
    "Q6_K",
)


def read(path: str, dtype: str, overrides: Mapping[str, object]) -> Checkpoint:
    """Reads a GGUF file; `checkpoints.load` calls it for `gguf:PATH`.

    Args:
      path: of the file; see `paths.resolve`.
      dtype: in which the model computes.
      overrides: fields of `GemmaConfig` that are given instead of read.

    Raises:
      UserError: the package `gguf` is not installed, the file is missing or damaged, or
        what it holds is no decoder that we have.
    """
    file = GgufFile(resolve(path))
    found = plan(file.metadata, file.shapes(), path, dtype, overrides)
    return Checkpoint(
        model=found.model,
        params=assemble_model(file, found, path),
        sha256=file_sha256(file.path),
        read_vocabulary=lambda: vocabulary_of(file.metadata, file.path),
    )


class GgufFile:
    """Metadata and tensors of a file: a `Source` for `assembly`.

    Attributes:
      path: of the file.
      metadata: by name; see `gguf_header.Header`.
    """

    def __init__(self, path: Path) -> None:
        """Reads the header.

        Args:
          path: of the file.

        Raises:
          UserError: the package `gguf` is not installed, or the file is missing,
            damaged, one of several, or stores numbers in a way that we do not read.
        """
        self._gguf = _package()
        self.path = path
        header = read_header(path)
        self.metadata = header.metadata
        parts = self.metadata.get("split.count", 1)
        if parts > 1:
            raise UserError(
                f"{path} is one of {parts} parts; join them first, with llama.cpp's "
                "gguf-split --merge."
            )
        self._tensors = header.tensors
        self._check_types()

    def _check_types(self) -> None:
        known = {self._gguf.GGMLQuantizationType[name].value for name in TYPES}
        size = self.path.stat().st_size
        for name, tensor in self._tensors.items():
            if tensor.kind not in known:
                raise UserError(
                    f"{self.path} stores {name} as {self._type_name(tensor.kind)}; "
                    f"known are {', '.join(TYPES)}."
                )
            if tensor.offset + self._stored_bytes(tensor) > size:
                raise UserError(
                    f"{self.path} is not a whole GGUF file: it ends within {name}; "
                    "fetch it again."
                )

    def _type_name(self, kind: int) -> str:
        try:
            return self._gguf.GGMLQuantizationType(kind).name
        except ValueError:  # newer than the package
            return f"type {kind}"

    def _stored_bytes(self, tensor: Tensor) -> int:
        block, size = self._gguf.GGML_QUANT_SIZES[tensor.kind]
        return math.prod(tensor.shape) // block * size

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {name: tensor.shape for name, tensor in self._tensors.items()}

    def read(self, name: str) -> np.ndarray:
        tensor = self._tensors[name]
        kind = self._gguf.GGMLQuantizationType(tensor.kind)
        block, size = self._gguf.GGML_QUANT_SIZES[kind]
        # Blocks lie along rows, and rows follow each other without a gap: what is read
        # at a time need not be whole rows.
        flat = aligned((math.prod(tensor.shape),))
        with self.path.open("rb") as file:
            file.seek(tensor.offset)
            for part in np.split(flat, range(_AT_ONCE, flat.size, _AT_ONCE)):
                content = np.fromfile(file, np.uint8, part.size // block * size)
                part[:] = self._gguf.dequantize(content, kind)
        return flat.reshape(tensor.shape)


def _package() -> Any:
    try:
        return importlib.import_module("gguf")
    except ModuleNotFoundError as error:
        raise UserError(
            "GGUF files are read with the package gguf, which is not installed: "
            "pip install 'speccascade[gguf]'."
        ) from error
