"""Sub-samples of evaluation sets: which rows are asked where not all are.

The paper samples 1,000 prompts of each data set for Gemma and times 500 validation
examples for T5 (sections 5.1, 5.2), and does not say which. Ours are lists of ids that
come with the project, `data/samples/TASK.json`, the same for every method: the first
ids of one shuffled order of the whole split. A shorter sample is the beginning of a
longer one, so the first 500 of a list of 1,000 serve the latency phase.

The order sorts ids by a hash of the task's name and the id. It depends on no library's
random numbers, and a test holds the stored lists to it. `scripts/make_samples.py`
writes them.

An id is a row's place in its split, and TFDS shuffles rows when it prepares a data set:
the same id is another row there than in the official file. Either is a random sample.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple


class Sample(NamedTuple):
    """Rows of the official split, and how many of them are asked."""

    rows: int
    asked: int


# The MBPP sample of the paper is the first 496 test ids and needs no list.
SAMPLES = {
    "cnn_dailymail": Sample(13_368, 1000),
    "gsm8k": Sample(1319, 1000),
    "nq_open": Sample(3610, 1000),
    "squad2": Sample(11_873, 1000),
    "triviaqa": Sample(11_313, 1000),
    "webquestions": Sample(2032, 1000),
    "wmt14_ende": Sample(3000, 1000),
    # Timed only; the paper scores all 11,305.
    "xsum": Sample(11_305, 500),
}


def sample_ids(task: str) -> list[int]:
    """The ids of a task's sample, in the order in which they are asked."""
    rows, asked = SAMPLES[task]

    def place(number: int) -> bytes:
        return hashlib.sha256(f"{task}/{number}".encode()).digest()

    return sorted(range(rows), key=place)[:asked]


def write_samples(folder: Path) -> None:
    """Writes every list as `TASK.json` into a folder, made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for task in SAMPLES:
        ids = json.dumps(sample_ids(task), separators=(",", ":"))
        (folder / f"{task}.json").write_text(f"{ids}\n", encoding="utf-8")
