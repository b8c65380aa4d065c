"""Lines: what is written is what is read, and nothing else is accepted."""

import dataclasses
import json
import math

import numpy as np
import pytest

from speccascade.store import Coordinates, LatencyRecord, Record, Settings, plan_units

INF = math.inf


@pytest.fixture
def record(make_examples, make_unit):
    (unit,) = plan_units(make_examples(1), [Coordinates(threshold=-INF)], 4)
    return make_unit(unit, prediction="Zeile\u2028 eins\nzwei\t„ß“\x00")[0]


@pytest.mark.parametrize("alpha", [None, -INF, INF, 0.1, -1.5, 1e-9])
def test_a_record_survives_its_line(record, alpha):
    record = dataclasses.replace(record, coordinates=Coordinates(threshold=alpha))
    line = record.to_line()
    assert line.count("\n") == 1 and line.endswith("\n")
    assert Record.from_line(line) == record
    assert Record.from_line(line.encode()) == record


def test_a_line_has_sorted_keys_and_infinities_by_name(record):
    found = json.loads(record.to_line())
    assert list(found) == sorted(found)
    assert found["threshold"] == "-inf"
    assert set(found) == {
        *("unit", "unit_size", "threshold", "temperature", "top_k", "top_p", "min_p"),
        *("seed", "example", "example_sha256", "prediction", "reference", "scores"),
        "counters",
    }


def test_a_timing_survives_its_line(make_timing):
    timing = make_timing(3, repeat=2, coordinates=Coordinates(threshold=INF, seed=4))
    assert LatencyRecord.from_line(timing.to_line()) == timing


def test_a_nan_is_never_written(record, make_timing):
    record.scores["mean"][0] = math.nan
    with pytest.raises(ValueError, match="NaN"):
        record.to_line()
    with pytest.raises(ValueError, match="NaN"):
        make_timing(seconds=math.nan).to_line()
    with pytest.raises(ValueError, match="NaN"):
        Coordinates(threshold=math.nan)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"threshold": "-inf"', '"threshold": NaN'),
        ('"threshold": "-inf"', '"threshold": -Infinity'),
        ('"threshold": "-inf"', '"threshold": "minus infinity"'),
        ('"threshold": "-inf"', '"threshold": true'),
        ('"seed": 0', '"seed": 0.5'),
        ('"seed": 0', '"sede": 0'),
        ('"seed": 0, ', ""),
        ('"unit_size": 1', '"unit_size": "1"'),
        ('"accepted": 3', '"accepted": 3.0'),
        ('"reference": "Ausgabe"', '"reference": null'),
        ('"mean": [', '"mean": ["x", '),
    ],
)
def test_a_line_that_is_not_a_record_is_refused(record, old, new):
    line = record.to_line()
    assert old in line
    with pytest.raises(ValueError):
        Record.from_line(line.replace(old, new))


def test_numbers_that_name_one_point_are_one():
    ours = Coordinates(threshold=np.float64(-0.0), temperature=np.float64(1))
    assert ours == Coordinates(threshold=0.0, temperature=1.0)
    assert repr(ours.threshold) == "0.0"


def test_points_without_a_threshold_come_first_and_infinities_at_the_ends():
    alphas = [None, -INF, -1.0, 0.0, 2.0, INF]
    settings = [Settings(threshold=alpha) for alpha in reversed(alphas)]
    ordered = sorted(settings, key=lambda one: one.order)
    assert [one.threshold for one in ordered] == alphas
