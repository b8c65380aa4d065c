"""The stored sub-samples are what the documented function gives."""

import json

import pytest

from speccascade.checkpoints.paths import resolve
from speccascade.tasks.samples import SAMPLES, sample_ids, write_samples


@pytest.mark.parametrize("task", SAMPLES)
def test_a_stored_sample_is_the_function_s_and_within_the_split(task):
    stored = json.loads(resolve(f"package:samples/{task}.json").read_text())
    rows, asked = SAMPLES[task]
    assert stored == sample_ids(task)
    assert len(stored) == len(set(stored)) == asked
    assert set(stored) <= set(range(rows))
    # The mean of n of N ids has a standard error of N / sqrt(12 n), some 0.013 N at
    # most; five of them are far from what sorted or first ids would give.
    assert abs(sum(stored) / asked - rows / 2) < 0.065 * rows
    assert stored != sorted(stored)


def test_there_is_no_other_file_among_the_samples():
    files = {path.stem for path in resolve("package:samples").iterdir()}
    assert files == set(SAMPLES)


def test_samples_are_written_as_they_are_stored(tmp_path):
    write_samples(tmp_path / "new")
    for path in (tmp_path / "new").iterdir():
        stored = resolve(f"package:samples/{path.name}")
        assert path.read_bytes() == stored.read_bytes()
