"""Arrays that Orbax wrote, of T5X or of Gemma: zarr version 2, through TensorStore.

manifest.ocdbt, d/...                one database, with the keys that files would have
layer_0.attn.q_einsum.w/.zarray      or these files themselves
layer_0.attn.q_einsum.w/0.0.0
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore

from speccascade.checkpoints.zarr_array import open_tensorstore
from speccascade.errors import UserError


class OrbaxArrays:
    """The arrays in a folder that Orbax wrote: a `Source` for `assembly`.

    Names are joined with "/", where Orbax joins with ".".
    """

    def __init__(self, folder: Path, prefix: str = "") -> None:
        """Lists the arrays.

        Args:
          folder: with OCDBT's manifest, or with a folder for each array.
          prefix: of the arrays that count; names are without it.

        Raises:
          UserError: the folder holds no such arrays.
        """
        self._folder = folder
        base = f"file://{folder.absolute()}/"
        if (folder / "manifest.ocdbt").is_file():
            self._kvstore = {"driver": "ocdbt", "base": base}
        else:
            self._kvstore = base
        try:
            store = tensorstore.KvStore.open(self._kvstore).result()
            keys = [key.decode() for key in store.list().result()]
            pattern = re.compile(rf"({re.escape(prefix)}(.+))/\.zarray")
            self._arrays = {
                match[2].replace(".", "/"): open_tensorstore(self._path(match[1]))
                for match in filter(None, map(pattern.fullmatch, keys))
            }
        except ValueError as error:
            raise UserError(f"{folder} cannot be read: {error}.") from error
        if not self._arrays:
            raise UserError(f"{folder} holds no arrays named {prefix}*.")

    def _path(self, key: str) -> Any:
        if isinstance(self._kvstore, str):
            return f"{self._kvstore}{key}/"
        return {**self._kvstore, "path": f"{key}/"}

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {name: tuple(array.shape) for name, array in self._arrays.items()}

    def read(self, name: str) -> np.ndarray:
        try:
            return self._arrays[name].read().result()
        except ValueError as error:
            raise UserError(
                f"The array of {name} is not whole ({error}); copy it again."
            ) from error

    def files(self) -> list[Path]:
        """Everything in the folder: arrays share files."""
        return [path for path in self._folder.rglob("*") if path.is_file()]
