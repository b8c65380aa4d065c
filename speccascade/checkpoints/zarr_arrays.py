"""Arrays of T5X and of Orbax: zarr through TensorStore, one at a time.

.../target.decoder.decoder_norm.scale/.zarray     T5X, a folder an array
.../manifest.ocdbt, d/...                         Orbax, all arrays in one database,
                                                  in it the keys are as above
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore

from speccascade.errors import UserError

_DRIVERS = {".zarray": "zarr", "zarr.json": "zarr3"}


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
        except ValueError as error:
            raise UserError(f"{folder} cannot be read: {error}.") from error
        metadata = "|".join(map(re.escape, _DRIVERS))
        pattern = re.compile(rf"({re.escape(prefix)}(.+))/({metadata})")
        self._specs: dict[str, tuple[Any, str]] = {}
        self._shapes = {}
        for match in filter(None, map(pattern.fullmatch, keys)):
            name, driver = match[2].replace(".", "/"), _DRIVERS[match[3]]
            self._specs[name] = self._path(match[1]), driver
            self._shapes[name] = tuple(open_array(*self._specs[name], name).shape)
        if not self._shapes:
            raise UserError(f"{folder} holds no arrays named {prefix}*.")

    def _path(self, key: str) -> Any:
        if isinstance(self._kvstore, str):
            return f"{self._kvstore}{key}/"
        return {**self._kvstore, "path": f"{key}/"}

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return self._shapes

    def read(self, name: str) -> np.ndarray:
        kvstore, driver = self._specs[name]
        return read_array(kvstore, name, self._shapes[name], driver)

    def files(self) -> list[Path]:
        """Everything in the folder: arrays share files."""
        return [path for path in self._folder.rglob("*") if path.is_file()]


def open_array(kvstore: Any, driver: str, name: str) -> Any:
    """TensorStore's array; `name` is for messages.

    Raises:
      UserError: there is no array.
    """
    spec = {
        "driver": driver,
        "kvstore": kvstore,
        # A chunk that is not there would be read as zeros.
        "fill_missing_data_reads": False,
    }
    try:
        return tensorstore.open(spec, open=True, read=True).result()
    except ValueError as error:
        raise UserError(f"The array of {name} cannot be opened: {error}.") from error


def read_array(
    kvstore: Any, name: str, shape: tuple[int, ...], driver: str = "zarr"
) -> np.ndarray:
    """The content of an array whose shape is known from elsewhere.

    Raises:
      UserError: there is no array, it is not whole, or it has another shape.
    """
    array = open_array(kvstore, driver, name)
    if tuple(array.shape) != shape:
        raise UserError(
            f"The index says that {name} is {shape}, its array is {tuple(array.shape)}."
        )
    try:
        return array.read().result()
    except ValueError as error:
        raise UserError(
            f"The array of {name} is not whole ({error}); copy it again."
        ) from error
