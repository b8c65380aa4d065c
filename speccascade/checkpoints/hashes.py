"""Which files exactly: sha256, computed once for as long as a file is the same."""

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

from speccascade.errors import UserError


def file_sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file, computed once for as long as the file is the same.

    Raises:
      UserError: there is no such file.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    return _sha256(path.resolve(), status.st_mtime_ns, status.st_size)


def folder_sha256(folder: Path, files: Iterable[Path]) -> str:
    """One sha256 for some files of a folder, wherever the folder lies.

    It is that of the lines which `sha256sum` prints for them from inside the folder,
    in the order of their names: `<sha256>  <name>`.
    """
    names = sorted(str(path.relative_to(folder)) for path in files)
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in names]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, modified_ns: int, size: int) -> str:
    del modified_ns, size  # part of the cache's key only: a new file is read again
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
