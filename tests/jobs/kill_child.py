"""Runs the tiny job, says when decoding begins, and is killed by its parent."""

import sys
from pathlib import Path

from speccascade.jobs.run import run_job
from tests.jobs import tiny


class Talking(tiny.Silent):
    def progress(self, done: int, total: int, what: str) -> None:
        print(done, total, flush=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    run_job(tiny.long_job(folder), Talking())
    print("finished", flush=True)
