"""Sends programs to the warden, and starts it when it is first needed.

One warden serves this process, one program at a time; it ends with this process. It is
a fresh interpreter, started by `unshare` and never forked from here: JAX's threads
would not survive that. What came of a text is remembered, since a sweep scores many
equal answers.
"""

import atexit
import contextlib
import dataclasses
import functools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from speccascade.errors import UserError
from speccascade.tasks.sandbox import probes

# A program and its tests are about a kilobyte, so this is some 20 MB at most.
REMEMBERED = 20_000
# Beyond a program's wall seconds: killing it and emptying its folder.
GRACE_S = 20.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What a program and its tests may use together.

    CPU seconds decide, so that a busy machine changes no score; the wall clock is for
    programs that wait.

    Attributes:
      cpu_s: seconds of CPU; 3 as in HumanEval's own harness (there of the wall clock).
      wall_s: seconds of the wall clock.
      memory_mb: megabytes (2^20 bytes) of address space.
      file_mb: megabytes of one file, and of all output.
    """

    cpu_s: int = 3
    wall_s: float = 30.0
    memory_mb: int = 1024
    file_mb: int = 1


class Outcome(NamedTuple):
    """Whether a program's tests all ended, and in a few words what came of it."""

    passed: bool
    what: str


class _Broken(Exception):
    """The warden does not answer."""


class _Warden:
    """The process on the other side.

    Raises:
      UserError: it cannot be started on this machine.
    """

    def __init__(self) -> None:
        # Only a place to mount at, in another namespace: here it stays empty.
        self._root = tempfile.mkdtemp(prefix="speccascade-sandbox-")
        try:
            self._process = subprocess.Popen(
                _command(self._root),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # an interrupt at the terminal is not for it
                cwd="/",
            )
        except OSError as error:
            os.rmdir(self._root)
            raise _refusal(f"{error.filename}: {error.strerror}") from error
        try:
            self.ask("", "", Limits())
        except _Broken as error:
            said = self.close().splitlines()
            raise _refusal(said[-1] if said else "it does not answer") from error

    def ask(self, program: str, tests: str, limits: Limits) -> Outcome:
        """Has one program run.

        Raises:
          _Broken: no answer comes, or it cannot be sent.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        sizes = [limits.memory_mb << 20, limits.file_mb << 20]
        request = [program, tests, limits.cpu_s, limits.wall_s, *sizes]
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise _Broken from error
        answers = self._process.stdout
        if select.select([answers], [], [], limits.wall_s + GRACE_S)[0]:
            with contextlib.suppress(ValueError):
                return Outcome(*json.loads(answers.readline()))
        raise _Broken

    def close(self) -> str:
        """Ends the warden and with it, as its PID namespace ends, all that it started.

        Returns:
          What it wrote to its error output.
        """
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        _, said = self._process.communicate()
        os.rmdir(self._root)
        return said.decode(errors="replace")


def _command(root: str) -> Sequence[str]:
    """Starts the jail; see `unshare(1)`."""
    drops_root = os.geteuid() == 0
    spaces = ["--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child"]
    if not drops_root:
        spaces += ["--user", "--map-root-user"]
    python, prefix = os.path.realpath(sys.executable), os.path.realpath(sys.base_prefix)
    jail = str(Path(__file__).with_name("jail.py"))
    which = [root, python, prefix, str(int(drops_root))]
    return ["unshare", *spaces, python, "-I", "-S", jail, *which]


def _refusal(why: str) -> UserError:
    return UserError(
        "Programs are not run on this machine, since the sandbox for them cannot be "
        f"started ({why}): it needs Linux with util-linux, as root or where users may "
        "make namespaces."
    )


@functools.cache
def _warden() -> _Warden:
    warden = _Warden()
    atexit.register(warden.close)
    return warden


def _restart() -> None:
    warden = _warden()
    _warden.cache_clear()
    atexit.unregister(warden.close)
    warden.close()


def _run(program: str, tests: str, limits: Limits) -> Outcome:
    """One run; a program that breaks the warden twice has failed.

    A new warden runs a program of ours first, so what fails here is the program.
    """
    for _ in range(2):
        try:
            return _warden().ask(program, tests, limits)
        except _Broken:
            _restart()
    return Outcome(False, "broke the sandbox")


@functools.cache
def check() -> None:
    """Tries whether the sandbox holds, once in this process; takes four seconds.

    Raises:
      UserError: it cannot be started here, or something that it should prevent is
        possible; the message names the first.
    """

    def tried(program: str, tests: str, wall_s: float) -> Outcome:
        return _run(program, tests, Limits(cpu_s=1, wall_s=wall_s))

    if broken := probes.first_that_fails(tried):
        raise UserError(
            f"Programs are not run on this machine, since its sandbox fails: {broken}."
        )


@functools.lru_cache(maxsize=REMEMBERED)
def run(program: str, tests: str, limits: Limits) -> Outcome:
    """What comes of a program that is followed by its tests.

    Passed means that both ended without an exception, within the limits.

    Args:
      program: Python text; untrusted.
      tests: Python text that runs after it, in the same module.
      limits: for both together.

    Raises:
      UserError: as `check`, which comes before the first program.
    """
    check()
    return _run(program, tests, limits)
