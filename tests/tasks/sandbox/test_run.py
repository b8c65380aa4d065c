"""What scores and what does not, and what a program may not do, each by trying."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from speccascade.errors import UserError
from speccascade.tasks.sandbox import Limits, check, client, run

# The wall clock is patient: other work on the machine must not fail a test.
LIMITS = Limits(cpu_s=1, wall_s=30.0, memory_mb=256)
SHORT = Limits(cpu_s=1, wall_s=2.0)
ADD = "def add(a, b):\n    return a + b\n"
TESTS = "assert add(2, 3) == 5\nassert add(-1, 1) == 0"


@pytest.fixture(scope="module", autouse=True)
def sandbox():
    """Skips, with the reason of the self-test, where programs cannot be run."""
    try:
        check()
    except UserError as error:
        pytest.skip(str(error))


def ran(program, tests=TESTS, limits=LIMITS):
    return run(textwrap.dedent(program), textwrap.dedent(tests), limits)


def test_a_right_program_passes_and_a_wrong_one_does_not():
    assert ran(ADD) == (True, "passed")
    assert ran(ADD.replace("+", "-")) == (False, "AssertionError")
    assert ran("def add(a, b): return") == (False, "AssertionError")
    assert ran("def add(a, b) return a") == (False, "SyntaxError")
    assert ran("") == (False, "NameError")


@pytest.mark.parametrize(
    "program",
    [
        "import os\nos._exit(0)",
        "import sys\nsys.exit(0)",
        "raise SystemExit",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "import os\nos.execv('/usr/bin/true', ['true'])",
        "def add(a, b):\n    import os\n    os._exit(0)",
        "def add(a, b):\n    raise SystemExit(0)",
        "import atexit, os\natexit.register(os._exit, 0)",
    ],
)
def test_exiting_early_with_status_0_does_not_score(program):
    assert not ran(program).passed


@pytest.mark.parametrize(
    "program",
    [
        "print(5)",
        "print('passed')\nprint(True)",
        "import os\nfor one in range(3): os.write(one, b'passed')",
        "import os\nos.write(3, b'passed' * 100)",
        "import os\nos.close(3)",
    ],
)
def test_printing_what_is_expected_does_not_score(program):
    assert not ran(program).passed


@pytest.mark.parametrize(
    "program",
    [
        '"""',
        "'''\n",
        "if False: \\",
        "add = lambda a, b: (",
        "def add(a, b):\n    return a + b\nif False:",
        "try:",
        "# \\",
    ],
)
def test_a_program_cannot_swallow_its_tests(program):
    assert not ran(program).passed


@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        "import time\ntime.sleep(100)",
        "from signal import *\nsignal(SIGXCPU, SIG_IGN)\nwhile True: pass",
        "def add(a, b):\n    while True: pass",
        "input()\nimport time\ntime.sleep(100)",
    ],
)
def test_an_endless_program_ends_in_time(program):
    start = time.monotonic()
    assert not ran(program, limits=SHORT).passed
    assert time.monotonic() - start < SHORT.wall_s + 10


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("import os\nwhile True: os.fork()", "BlockingIOError"),
        ("import subprocess\nsubprocess.run(['ls'])", "BlockingIOError"),
        ("import os\nos.posix_spawn('/usr/bin/ls', ['ls'], {})", "BlockingIOError"),
        ("import threading\nthreading.Thread(target=print).start()", "RuntimeError"),
    ],
)
def test_no_process_and_no_thread_is_started(program, error):
    assert ran(program) == (False, error)


def test_a_shell_command_does_nothing():
    assert not ran("import os\nassert os.system('true') == 0", "").passed


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("while True: print('x' * 10000)", "OSError"),
        ("import sys\nwhile True: sys.stderr.write('x' * 10000)", "OSError"),
        ("open('big', 'wb').write(bytes(2 << 20))", "OSError"),
        ("open('big', 'wb').truncate(1 << 40)", "OSError"),
        (
            "for one in range(200): open(str(one), 'wb').write(bytes(1 << 20))",
            "OSError",
        ),
        ("for one in range(9999): open(str(one), 'wb').close()", "OSError"),
        ("taken = bytearray(2 << 30)", "MemoryError"),
        ("taken = 'x'\nwhile True: taken += taken", "MemoryError"),
        ("add = lambda a, b: add(a, b)", "RecursionError"),
    ],
)
def test_huge_output_files_and_memory_end_a_program(program, error):
    assert ran(program, limits=dataclasses.replace(LIMITS, cpu_s=10)) == (False, error)


def test_nothing_outside_can_be_read_or_deleted(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("still here")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o777)
    for act in (
        f"os.remove({str(victim)!r})",
        f"open({str(victim)!r}).read()",
        f"shutil.rmtree({str(tmp_path)!r})",
    ):
        assert ran(f"import os, shutil\n{act}", "") == (False, "FileNotFoundError")
    assert not ran("import shutil\nshutil.rmtree('/')", "").passed
    assert victim.read_text() == "still here"
    assert ran(ADD).passed


def test_a_program_sees_an_empty_folder_and_leaves_nothing():
    leaves = """
        import os
        assert os.listdir() == []
        os.makedirs("deep/er")
        open("deep/er/file", "w").close()
        os.symlink("/usr", "link")
        os.chmod("deep/er", 0)
        os.chmod("deep", 0)
    """
    assert ran(leaves, "a = 1").passed
    assert ran(leaves, "a = 2").passed
    sees = "import os\nassert os.getcwd() == '/scratch' and os.listdir() == []"
    assert ran(sees, "").passed


def test_no_socket_is_opened_and_no_capability_is_left():
    for act in (
        "socket.create_connection(('127.0.0.1', 22))",
        "socket.socket(socket.AF_UNIX)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "socket.socket(40, socket.SOCK_STREAM)  # vsock",
        "os.setuid(1)",
        "os.chroot('.')",
        "os.kill(1, 0) or os.mknod('device', 0o60600, os.makedev(8, 0))",
    ):
        outcome = ran(f"import os, socket\n{act}", "")
        assert outcome == (False, "PermissionError"), act


@pytest.mark.skipif(os.geteuid() != 0, reason="we are not root")
def test_root_runs_no_program_as_root():
    who = "import os\nassert os.getuid() and os.geteuid() and os.getgid()"
    assert ran(who, "assert os.getgroups() == []").passed


def test_programs_do_not_see_the_environment_or_standard_input():
    os.environ["SPECCASCADE_TEST_SECRET"] = "seen"
    try:
        assert ran(
            "import os\nassert 'SPECCASCADE_TEST_SECRET' not in os.environ", ""
        ).passed
    finally:
        del os.environ["SPECCASCADE_TEST_SECRET"]
    assert ran("input()", "") == (False, "EOFError")


def test_ordinary_programs_run():
    program = """
        from __future__ import annotations
        import collections, dataclasses, functools, heapq, itertools, json, math, re
        from typing import List, Optional

        @dataclasses.dataclass
        class Node:
            value: int
            next: Optional[Node] = None

        def words(text: str) -> List[str]:
            return re.findall(r"\\w+", text)

        if __name__ == "__main__":
            input()
    """
    tests = "assert words('Grüße, Welt') == ['Grüße', 'Welt'] and Node(3).next is None"
    assert ran(program, tests).passed


def test_sets_have_the_same_order_in_every_run():
    program = "order = list({'a', 'b', 'c', 'd', 'e', 'f'})"
    local = subprocess.run(
        [sys.executable, "-c", program + "\nprint(order)"],
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran(program, f"assert order == {local.stdout}").passed


def test_any_text_can_be_sent():
    assert not ran("\x00").passed
    assert not ran("\ud800").passed
    long = f"text = {'ä' * 300_000!r}"
    assert ran(long, "assert len(text) == 300_000").passed


def test_an_equal_text_is_run_once(monkeypatch):
    assert run("a = 1", "assert a == 1", LIMITS).passed
    monkeypatch.setattr(client, "_run", lambda *_: pytest.fail("it ran again"))
    assert run("a = 1", "assert a == 1", LIMITS).passed


def test_a_warden_that_dies_is_replaced():
    before = client._warden()
    os.killpg(before._process.pid, signal.SIGKILL)
    assert ran(ADD, TESTS + "  # after a breakdown").passed
    assert client._warden() is not before


def test_a_program_that_breaks_the_warden_fails_and_harms_no_other():
    # The limit is the warden's from then on: it cannot start another interpreter.
    breaks = "import resource\nresource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))"
    ran(breaks, "assert False")
    assert ran(ADD, TESTS + "  # after that").passed
