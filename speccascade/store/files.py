"""Files that survive a kill: written once and renamed, or only ever appended to.

Nothing that is on disk is ever changed. A file that must appear whole is written under
another name and renamed; a file that grows belongs to the one process that created it,
and what a kill or a full disk leaves behind is a torn end that readers skip.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from speccascade.errors import UserError
from speccascade.files import NEW, process_name, replace, sync_folder, write_all

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns an OSError about `path` into one sentence for the user."""
    try:
        yield
    except OSError as error:
        raise _sentence(path, error) from error


def write_atomically(path: Path, text: str) -> None:
    """Gives `path` the content `text`; a reader sees the old file or the new one.

    Raises:
      UserError: the folder cannot be written to, or the disk is full; `path` is then
        as it was.
    """
    with explained(path):
        replace(path, text.encode())


class AppendFile:
    """A file of lines that this process alone adds to: `<stem>-<process_name>.jsonl`.

    Created at the first append, so that a process with nothing to add leaves no file.
    After a failed append, and in a forked child, the next append starts a new file: the
    torn end of the old one stays its last line.
    """

    def __init__(self, folder: Path, stem: str):
        self._folder = folder
        self._stem = stem
        self._descriptor: int | None = None
        self._owner = 0
        self._path = folder

    def append(self, text: str) -> None:
        """Adds whole lines; on return they are on the disk.

        Raises:
          UserError: they are not, in whole or in part.
        """
        try:
            with explained(self._folder):
                write_all(self._opened(), text.encode())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the file; appending again starts another."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            # Some file systems report a full disk only here, after what fsync
            # vouched for is safe.
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _opened(self) -> int:
        if self._descriptor is None or self._owner != os.getpid():
            self._path = self._folder / f"{self._stem}-{process_name()}.jsonl"
            self._descriptor = os.open(self._path, NEW, 0o666)
            self._owner = os.getpid()
            sync_folder(self._folder)
        return self._descriptor


def _sentence(path: Path, error: OSError) -> UserError:
    if error.errno in _FULL:
        return UserError(
            f"The disk is full: {path} could not be written; free some space and "
            "launch again, what was finished before is kept."
        )
    return UserError(
        f"Cannot use {path} ({error.strerror or error}); make its folder writable or "
        "choose another results root, what was finished before is kept."
    )
