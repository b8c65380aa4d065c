"""Files that survive a kill: a reader sees the old one or the new, never a part.

Errors are the system's own (OSError); who calls knows what to tell the user.
"""

import errno
import os
import re
import secrets
import socket
from pathlib import Path

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC


def process_name() -> str:
    """`<host>-<pid>-<random>`: two processes never share it, nor does one twice."""
    host = re.sub(r"[^A-Za-z0-9._]", "_", socket.gethostname()) or "host"
    return f"{host}-{os.getpid()}-{secrets.token_hex(4)}"


def replace(path: Path, content: bytes) -> None:
    """Gives `path` the content, written beside it and renamed; on the disk on return.

    Where that fails, `path` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{process_name()}")
    try:
        descriptor = os.open(temporary, NEW, 0o666)
        try:
            write_all(descriptor, content)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """Writes and syncs all of `data`, in one call where the system takes it in one."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Makes a new name in `folder` survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Not every file system syncs folders (EINVAL); the files themselves are safe.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)
