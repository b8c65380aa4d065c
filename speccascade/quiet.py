"""Silence for what libraries write past Python, which no setting of theirs stops."""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def standard_error_dropped() -> Iterator[None]:
    """Drops what is written to file descriptor 2; exceptions are raised as ever."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
