"""Starts a fresh interpreter for each program, watches it, and removes what is left.

Run as a script, the first process of its PID namespace, with the rights of the
programs: so no signal of theirs reaches it. One line of JSON comes in for a program,
`[program, tests, cpu_s, wall_s, memory_bytes, file_bytes]`, and one goes out:
`[passed, what came of it]`. The end of standard input is the end.
"""

import contextlib
import ctypes
import json
import os
import secrets
import select
import signal
import struct
import sys
import time

# prctl(2), linux/seccomp.h, linux/filter.h, linux/audit.h
PR_SET_DUMPABLE, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 4, 22, 2
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # with EPERM
X32_CALLS = 0x40000000
IO_URING_SETUP = 425
# Machine -> its name in audit.h and the number of socket(2).
SOCKET_CALL = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}

VERDICT_BYTES = 200


def main(runner: list[str]) -> None:
    """Serves until standard input ends; `runner` is the command without its limits."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # so programs of our user cannot trace us
    refuse_sockets(libc)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin.buffer:
        answer = run(runner, *json.loads(line))
        print(json.dumps(answer), flush=True)


def refuse_sockets(libc: ctypes.CDLL) -> None:
    """No process from here on opens a socket, of whatever kind.

    Network namespaces do not hold all kinds (vsock). On machines whose numbers are not
    known nothing is done, and the self-test decides.
    """
    if os.uname().machine not in SOCKET_CALL:
        return
    machine, socket = SOCKET_CALL[os.uname().machine]
    code = [
        (LOAD, 0, 0, 4),  # the architecture
        (IF_EQUAL, 0, 4, machine),  # another: refuse
        (LOAD, 0, 0, 0),  # the call
        (IF_AT_LEAST, 2, 0, X32_CALLS),
        (IF_EQUAL, 1, 0, socket),
        (IF_EQUAL, 0, 1, IO_URING_SETUP),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]
    filters = b"".join(struct.pack("HBBI", *one) for one in code)
    buffer = ctypes.create_string_buffer(filters)
    program = struct.pack("HP", len(code), ctypes.addressof(buffer))
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)


def run(
    runner: list[str],
    program: str,
    tests: str,
    cpu_s: int,
    wall_s: float,
    memory_bytes: int,
    file_bytes: int,
) -> tuple[bool, str]:
    """Whether the tests of one program ended, and what came of it in a word."""
    deadline = time.monotonic() + wall_s
    secret = secrets.token_hex(16).encode()
    limits = [str(number) for number in (cpu_s, memory_bytes, file_bytes)]
    request, asks = os.pipe()
    verdict, reports = os.pipe()
    output = os.memfd_create("output")
    child = os.posix_spawn(
        runner[0],
        [*runner, *limits],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, request, 0),
            (os.POSIX_SPAWN_DUP2, output, 1),
            (os.POSIX_SPAWN_DUP2, output, 2),
            (os.POSIX_SPAWN_DUP2, reports, 3),
        ],
        setsid=True,
    )
    for descriptor in (request, reports, output):
        os.close(descriptor)
    texts = [text.encode(errors="surrogatepass") for text in (program, tests)]
    header = b"%s %d %d\n" % (secret, *map(len, texts))
    # A pipe breaks where it died before it read; then there is no verdict either.
    with contextlib.suppress(BrokenPipeError), open(asks, "wb") as pipe:
        pipe.write(header + b"".join(texts))
    said = read_until(verdict, deadline)
    os.close(verdict)
    late = time.monotonic() >= deadline
    status = end_all(child)
    empty(".")
    if said == secret:
        return True, "passed"
    if late or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return False, "timed out"
    if said.startswith(b"!"):
        return False, said[1:].decode(errors="replace")
    return False, "ended early"


def read_until(descriptor: int, deadline: float) -> bytes:
    """What is written until the other side closes, the deadline, or enough is read."""
    said = b""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while len(said) < VERDICT_BYTES:
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            break
        chunk = os.read(descriptor, VERDICT_BYTES)
        if not chunk:
            break
        said += chunk
    return said


def end_all(child: int) -> int:
    """Kills every process but this one; the status that `child` ended with."""
    with contextlib.suppress(ProcessLookupError):
        # All that we may signal in our PID namespace, whatever group it went to.
        os.kill(-1, signal.SIGKILL)
    status = 0
    while True:
        try:
            ended, found = os.waitpid(-1, 0)
        except ChildProcessError:
            return status
        if ended == child:
            status = found


def empty(folder: str) -> None:
    """Removes all that is in a folder, whatever modes it was given."""
    os.chmod(folder, 0o700)
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            empty(entry.path)
            os.rmdir(entry.path)
        else:
            os.unlink(entry.path)


if __name__ == "__main__":
    main(sys.argv[1:])
