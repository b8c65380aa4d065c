"""A job that is killed again and again ends with what an unbroken run gives."""

import collections
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from speccascade.store import find_runs

CHILD = Path(__file__).with_name("kill_child.py")
ROOT = Path(__file__).parents[2]
KILLS = 20
# The job has about 330 steps; twenty launches take it about two thirds of the way.
LAST_STEP = 30


class Launcher:
    """Starts processes of the job, and kills them."""

    def __init__(self, process):
        self.process = process

    def read(self):
        return self.process.stdout.readline().strip()

    def write(self, line=""):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def finish(self, root):
        self.write(f"alone {root}")
        self.read()
        self.write()
        assert self.read() == "exit 0"

    def run_until(self, root, steps):
        """Lets a process take `steps` steps and kills it before the next; its name."""
        self.write(f"steps {root}")
        pid = int(self.read())
        self.write()
        for _ in range(steps):
            name = self.read()
            if name == "exit 0":
                return "end"
            self.write()
        name = self.read()
        if name == "exit 0":
            return "end"
        os.kill(pid, signal.SIGKILL)
        assert self.read() == "exit -9"
        return name


@pytest.fixture(scope="module")
def launcher():
    with subprocess.Popen(
        [sys.executable, str(CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        yield Launcher(process)
        process.stdin.close()
        assert process.wait() == 0


@pytest.fixture(scope="module")
def unbroken(launcher, tmp_path_factory):
    root = tmp_path_factory.mktemp("unbroken")
    launcher.finish(root)
    return root


@pytest.fixture(scope="module")
def killed(launcher, tmp_path_factory):
    """A run that was killed at twenty random steps, and then left to end."""
    root = tmp_path_factory.mktemp("killed")
    chance = random.Random(0)
    moments = [
        launcher.run_until(root, chance.randint(1, LAST_STEP)) for _ in range(KILLS)
    ]
    launcher.finish(root)
    return root, moments


def test_the_kills_fall_within_writes_and_within_batches(killed):
    counts = collections.Counter(killed[1])
    assert counts.total() == KILLS and "end" not in counts
    assert counts["write"] >= 3 and counts["decode"] >= 3


def test_some_kills_left_a_torn_line_behind(killed):
    files = list(killed[0].rglob("records-*.jsonl"))
    torn = [path for path in files if not path.read_bytes().endswith(b"\n")]
    assert len(files) > 5 and len(torn) >= 2


def test_the_summary_of_a_killed_run_is_byte_identical(killed, unbroken):
    ours, theirs = (
        next(root.rglob("summary.json")).read_bytes() for root in (killed[0], unbroken)
    )
    assert ours == theirs
    assert all(point["rows"] == 42 for point in json.loads(ours)["points"])


def test_nothing_is_lost_and_nothing_counts_twice(killed, unbroken):
    ours, theirs = (
        [record.to_line() for record in find_runs(root)[0].records()]
        for root in (killed[0], unbroken)
    )
    assert ours == theirs
    assert len(set(ours)) == len(ours) == 21 * 6


def test_a_finished_run_decodes_nothing_when_it_is_launched_again(unbroken, launcher):
    before = sorted(path.name for path in unbroken.rglob("records-*"))
    # Reading needs no step; the summary takes four: write, fsync, replace, fsync.
    assert launcher.run_until(unbroken, 1) in {"fsync", "write"}
    launcher.finish(unbroken)
    assert sorted(path.name for path in unbroken.rglob("records-*")) == before


def test_a_kill_between_the_writes_of_a_summary_leaves_the_old_one(unbroken, launcher):
    path = next(unbroken.rglob("summary.json"))
    before = path.read_bytes()
    path.write_bytes(b"the old one")
    assert launcher.run_until(unbroken, 1) != "end"
    assert path.read_bytes() == b"the old one"
    launcher.finish(unbroken)
    assert path.read_bytes() == before
