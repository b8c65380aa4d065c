"""A small run: fake rows, a metric, and a run directory."""

import pytest

from speccascade.store import (
    Coordinates,
    LatencyRecord,
    PlannedExample,
    Record,
    RunDirectory,
)

COUNTERS = {
    "target_calls": 2,
    "drafter_calls": 6,
    "drafted": 4,
    "accepted": 3,
    "resampled": 1,
    "bonus": 1,
    "alone": 0,
    "deferred": 2,
    "prefills": 2,
}


class Mean:
    """Mean of the first part over the second."""

    name = "mean"

    def combine(self, parts):
        return parts[..., 0] / parts[..., 1]


@pytest.fixture
def mean():
    return Mean()


@pytest.fixture
def make_examples():
    def make(count, text="a", buckets=(40,)):
        return [
            PlannedExample(id=i, sha256=f"{text}{i}", bucket=buckets[i % len(buckets)])
            for i in range(count)
        ]

    return make


@pytest.fixture
def make_unit():
    """Rows of a planned unit; `change` replaces fields of every row."""

    def make(unit, **change):
        return [
            Record(
                **{
                    "unit": unit.id,
                    "unit_size": len(unit),
                    "coordinates": unit.coordinates,
                    "example": one.id,
                    "example_sha256": one.sha256,
                    "prediction": f"Ausgabe {one.id}",
                    "reference": "Ausgabe",
                    "scores": {"mean": [one.id / 3, 1.0]},
                    "counters": COUNTERS,
                    **change,
                }
            )
            for one in unit.examples
        ]

    return make


@pytest.fixture
def make_timing():
    def make(example=0, **change):
        return LatencyRecord(
            **{
                "coordinates": Coordinates(threshold=0.5),
                "example": example,
                "example_sha256": f"a{example}",
                "repeat": 0,
                "seconds": 1.0,
                "target_seconds": 2.0,
                "emitted": 10,
                "target_emitted": 8,
                "host": "a",
                "device": "cpu",
                "load": 0.1,
                **change,
            }
        )

    return make


@pytest.fixture
def run(tmp_path):
    with RunDirectory.open(tmp_path, "pair", "task", "opt", {"gamma": 5}) as run:
        yield run
