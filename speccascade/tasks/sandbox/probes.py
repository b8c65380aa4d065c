"""What the self-test of the sandbox tries: each a program that does harm if it can.

A program that gets what it wants passes, and then the sandbox has failed. What it did
outside is looked for as well.
"""

import contextlib
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple


class Probe(NamedTuple):
    """One thing that must not be possible.

    Attributes:
      claim: what should hold, as a message has it after "does not hold".
      program: passes where it does not hold.
      tests: that follow the program.
      ends: what should come of it, where the verdict alone does not say enough.
    """

    claim: str
    program: str
    tests: str = ""
    ends: str = ""


# Wall seconds: for what never ends, and for what ends soon, also on a busy machine.
SHORT_S, PATIENT_S = 2.0, 30.0

# For where we are root; elsewhere user 0 of the namespace is who we are.
NOT_ROOT = Probe("a program is not root", "import os\nassert os.getuid() == 0")
ORDINARY = """
import bisect, collections, heapq, itertools, math, os, random, re, string, typing
print("hello")
assert os.listdir() == []
with open("note", "w") as note:
    note.write("kept until the program ends")
"""

PROBES = (
    Probe("an endless loop is stopped", "while True: pass", ends="timed out"),
    Probe(
        "a program that waits is stopped",
        "import time\ntime.sleep(1000)",
        ends="timed out",
    ),
    Probe("no process is started", "import os\nif os.fork() == 0: os._exit(0)"),
    Probe(
        "no thread is started",
        "import threading\nthreading.Thread(target=print).start()",
    ),
    Probe("memory is limited", "taken = bytearray(2 << 30)"),
    Probe("output is limited", 'for _ in range(9000): print("x" * 1000)'),
    Probe("files are limited", 'open("big", "wb").write(bytes(9 << 20))'),
    Probe("a program has no rights of root", "import os\nos.chroot('.')"),
    Probe("a program cannot become another user", "import os\nos.setuid(1)"),
    Probe(
        "the interpreter cannot be changed",
        "import os\nopen(os.path.dirname(os.__file__) + '/probe', 'w')",
    ),
    Probe("the files of the system are not seen", "open('/etc/passwd')"),
    Probe("there is no /proc", "open('/proc/self/mem', 'rb')"),
    Probe("sockets are refused", "import socket\nsocket.socket()"),
    Probe(
        "sockets of the machine's host are refused",
        "import socket\nsocket.socket(40, socket.SOCK_STREAM)",
    ),
    Probe("exit status 0 is no verdict", "import os\nos._exit(0)", "assert False"),
    Probe("a quiet end is no verdict", "raise SystemExit(0)", "assert False"),
    Probe(
        "output is no verdict",
        "import os\nprint('passed')\nos.write(3, b'passed')",
        "assert False",
    ),
    Probe(
        "the warden outlives signals",
        "import os, signal\nfor one in signal.Signals: os.kill(1, one)\n"
        "os.kill(-1, signal.SIGKILL)",
        "assert False",
    ),
)


def first_that_fails(run: Callable[[str, str, float], tuple[bool, str]]) -> str | None:
    """What does not hold, as the end of a sentence, or None.

    Args:
      run: (program, tests, wall seconds) -> (passed, what came of it).
    """
    for claim in ("an ordinary program runs", "nothing is left of the last program"):
        passed, what = run(ORDINARY, "assert os.listdir() == ['note']", PATIENT_S)
        if not passed:
            return f"that {claim} does not hold (it ended with {what})"
    probes = [*PROBES, NOT_ROOT] if os.geteuid() == 0 else PROBES
    for probe in probes:
        patience = SHORT_S if probe.ends else PATIENT_S
        passed, what = run(probe.program, probe.tests, patience)
        if passed or probe.ends not in ("", what):
            return f"that {probe.claim} does not hold"
    with _victims() as (file, port, was_reached):
        run(f"import os\nos.remove({str(file)!r})", "", PATIENT_S)
        if not file.exists():
            return "that files outside cannot be deleted does not hold"
        connect = f"import socket\nsocket.create_connection(('127.0.0.1', {port}))"
        run(connect, "", PATIENT_S)
        if was_reached():
            return "that no network is reached does not hold"
    return None


@contextlib.contextmanager
def _victims() -> Iterator[tuple[Path, int, Callable[[], bool]]]:
    """A file that anybody may delete, and a port where anybody may connect."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as listening:
        os.chmod(folder, 0o777)
        file = Path(folder) / "victim"
        file.touch()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)

        def was_reached() -> bool:
            try:
                listening.accept()[0].close()
            except BlockingIOError:
                return False
            return True

        yield file, listening.getsockname()[1], was_reached
