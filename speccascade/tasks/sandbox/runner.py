"""Runs one program and its tests in this interpreter, and reports.

Run as a script by the warden. It takes its limits before it reads the program. From
standard input come a line `secret program-bytes tests-bytes`, the program and the
tests; descriptor 3 takes the verdict: the secret where all went well, or `!` and the
name of what was raised.

The program is compiled and run by itself, then the tests in the same module: no
unfinished string or block can swallow them. The module is not `__main__`, as in the
harness of HumanEval, so that a program's main part does not run.
"""

import os
import resource
import sys

VERDICT = 3


def main(cpu_s: int, memory_bytes: int, file_bytes: int) -> None:
    """Never returns: neither exit handlers nor anything else of the program runs on."""
    for limit, soft, hard in (
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),  # a signal, then the end
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
        (resource.RLIMIT_NOFILE, 64, 64),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(limit, (soft, hard))
    report, leave = os.write, os._exit
    secret, program, tests = _request()
    module = type(sys)("program")
    sys.modules["program"] = module
    try:
        for text, name in ((program, "<program>"), (tests, "<tests>")):
            exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
    except BaseException as error:
        report(VERDICT, b"!" + type(error).__name__.encode())
    else:
        report(VERDICT, secret)
    leave(0)


def _request() -> tuple[bytes, bytes, bytes]:
    """Secret, program and tests; standard input is then at its end."""
    chunks = []
    while chunk := os.read(0, 65536):
        chunks.append(chunk)
    header, _, body = b"".join(chunks).partition(b"\n")
    secret, program, tests = header.split()
    end = int(program)
    return secret, body[:end], body[end : end + int(tests)]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
