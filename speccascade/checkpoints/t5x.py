"""Checkpoints of T5X, read without T5X.

    checkpoint_<step>/
      checkpoint                             msgpack: the tree, and where its leaves lie
      target.decoder.decoder_norm.scale/     one zarr array a parameter: .zarray, chunks
      state.param_states...                  of the optimiser; not read

A leaf of the index is a specification for TensorStore, whose path is relative to the
folder, or an array inline. Older files, all inline, may have no folder at all. Newer
ones, saved through Orbax, have no index; what is in them is seen from their keys:

    checkpoint_<step>/state/                 OCDBT or plain files, the same array names

The index says nothing of the model: its configuration is inferred from the tree, see
`checkpoints.t5x_tree`. Layout: https://github.com/google-research/t5x, version 3.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from speccascade.checkpoints.assembly import assemble_model
from speccascade.checkpoints.checkpoint import Checkpoint
from speccascade.checkpoints.hashes import folder_sha256
from speccascade.checkpoints.msgpack_tree import StoredArray, read_tree
from speccascade.checkpoints.orbax_arrays import OrbaxArrays
from speccascade.checkpoints.t5x_tree import plan
from speccascade.checkpoints.zarr_array import read_zarr
from speccascade.errors import UserError

TARGET = "target"
INDEX = "checkpoint"
VERSION = 3

_CHUNKED = "__msgpack_chunked_array__"  # flax's mark of an array of more than 1 GiB
_DRIVERS = ("file", "gfile", "gcs")  # a copy of any of them lies in files here


def read(path: str, dtype: str, overrides: Mapping[str, object]) -> Checkpoint:
    """Reads a T5X checkpoint; `checkpoints.load` calls it for `t5x:PATH`.

    Args:
      path: `checkpoint_<step>`, or the index file in it.
      dtype: in which the model computes.
      overrides: fields of `T5Config` that are given instead of inferred.

    Raises:
      UserError: it is no T5X checkpoint, is damaged, or holds no T5.
    """
    folder = Path(path).expanduser()
    if folder.name == INDEX and folder.is_file():
        folder = folder.parent
    state = folder / "state"
    source = OrbaxArrays(state, f"{TARGET}.") if state.is_dir() else Index(folder)
    found = plan(source.shapes(), str(folder), dtype, overrides)
    return Checkpoint(
        model=found.model,
        params=assemble_model(source, found, str(folder)),
        sha256=folder_sha256(
            folder if folder.is_dir() else folder.parent, source.files()
        ),
    )


class Index:
    """The parameters that an index names: a `Source` for `assembly`."""

    def __init__(self, folder: Path) -> None:
        """Reads the index.

        Args:
          folder: of the checkpoint, or a file that holds all arrays inline.

        Raises:
          UserError: there is no index, or it is none of T5X's.
        """
        self._folder = folder
        self._index = folder / INDEX if folder.is_dir() else folder
        tree = _target(self._index)
        self._leaves = dict(_leaves(tree, ()))
        for name, leaf in self._leaves.items():
            _check_leaf(name, leaf, folder)

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {name: _shape(leaf) for name, leaf in self._leaves.items()}

    def read(self, name: str) -> np.ndarray:
        leaf = self._leaves[name]
        if isinstance(leaf, StoredArray):
            return leaf.read()
        if _CHUNKED in leaf:
            chunks = [leaf["chunks"][str(i)].read() for i in range(len(leaf["chunks"]))]
            return np.concatenate(chunks).reshape(_shape(leaf))
        return read_zarr(self._folder / _path(leaf), name, _shape(leaf))

    def files(self) -> list[Path]:
        """The index, and every file of the parameters' arrays."""
        if not self._folder.is_dir():
            return [self._index]
        arrays = self._folder.glob(f"{TARGET}.*/*")
        return [self._index, *(path for path in arrays if path.is_file())]


def _target(index: Path) -> dict[str, Any]:
    """The index's tree of parameters."""
    try:
        contents = read_tree(index)
    except OSError as error:
        raise UserError(
            f"{index} cannot be read: {error.strerror}.{_neighbours(index.parent)}"
        ) from error
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise UserError(f"{index} is not a whole index of T5X ({error}).") from error
    version = contents.get("version", 0) if isinstance(contents, dict) else 0
    if version not in range(VERSION + 1):
        raise UserError(
            f"{index} is of version {version}; known are those up to {VERSION}."
        )
    state = contents.get("optimizer") if version else contents
    tree = state.get(TARGET) if isinstance(state, dict) else None
    if not isinstance(tree, dict):
        raise UserError(f"{index} has no {TARGET}: it is no checkpoint of T5X.")
    return tree


def _neighbours(folder: Path) -> str:
    """A hint for who names the folder of all checkpoints."""
    found = sorted(path.name for path in folder.glob("checkpoint_*"))
    return f" Name one of {', '.join(found)} in it." if found else ""


def _leaves(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and "driver" not in node and _CHUNKED not in node:
        for name, child in node.items():
            yield from _leaves(child, (*path, str(name)))
    else:
        yield "/".join(path), node


def _check_leaf(name: str, leaf: Any, folder: Path) -> None:
    if isinstance(leaf, StoredArray) or (isinstance(leaf, dict) and _CHUNKED in leaf):
        return
    try:
        driver, _, _ = leaf["kvstore"]["driver"], _shape(leaf), _path(leaf)
    except (TypeError, KeyError) as error:
        raise UserError(f"The index of {folder} is damaged at {name}.") from error
    if leaf["driver"] != "zarr" or driver not in _DRIVERS:
        raise UserError(
            f"The index of {folder} stores {name} with {leaf['driver']} in {driver}; "
            f"we read zarr in {', '.join(_DRIVERS)}."
        )
    if leaf.get("dtype") == "uint16" or leaf["metadata"].get("dtype") == "<u2":
        raise UserError(
            f"{folder} stores {name} as uint16, as version 2 of the format did with "
            "bfloat16, and T5X itself no longer reads that; save it as bfloat16 or "
            "float32 with a T5X of its time."
        )


def _shape(leaf: Any) -> tuple[int, ...]:
    if not isinstance(leaf, dict):
        return leaf.shape
    if _CHUNKED in leaf:
        return tuple(leaf["shape"][str(axis)] for axis in range(len(leaf["shape"])))
    return tuple(leaf["metadata"]["shape"])


def _path(spec: dict[str, Any]) -> str:
    """Where an array lies in its folder, whatever it was saved to."""
    # TensorStore before 0.1.14 wrote the path beside the kvstore, not in it.
    return spec["kvstore"].get("path") or spec["path"]
