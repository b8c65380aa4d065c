"""Timing one decoding, and keeping other timings off the host meanwhile."""

import contextlib
import dataclasses
import fcntl
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jax

from speccascade.engine.state import Generation


@dataclasses.dataclass(frozen=True, kw_only=True)
class Timing:
    """Wall-clock seconds of one decoding at batch 1, and the tokens it wrote."""

    seconds: float
    emitted: int


def timed(decode: Callable[[], Generation]) -> Timing:
    """Runs one decoding and waits for its result inside the clock.

    The caller has compiled and warmed up `decode`, whose arguments are on the device.
    """
    start = time.perf_counter()
    generation = jax.block_until_ready(decode())
    seconds = time.perf_counter() - start
    return Timing(seconds=seconds, emitted=int(generation.lengths.sum()))


@contextlib.contextmanager
def host_lock(
    waiting: Callable[[], None] = lambda: None, *, shared: bool = False
) -> Iterator[None]:
    """Holds the host's timing lock; calls `waiting` once if it has to wait.

    Who times holds it alone; who only decodes holds it shared, so that several may
    decode at once, and none while another times. The lock is advisory, counts among the
    processes of one user, and ends with the process, however it ends.
    """
    path = Path(tempfile.gettempdir()) / f"speccascade-timing-{os.getuid()}.lock"
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, kind)
        yield


def this_host() -> tuple[str, str]:
    """Host name, and the device that JAX computes on with its count of cores."""
    device = jax.devices()[0]
    return platform.node(), f"{device.device_kind} ({os.cpu_count()} cores)"
