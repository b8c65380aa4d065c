"""summary.json: right numbers, and the same bytes from any history of writing."""

import json
import random

import numpy as np
import pytest

from speccascade.store import (
    RESULTS_VERSION,
    Coordinates,
    RunDirectory,
    plan_units,
    summarise,
)

PLACES = [
    Coordinates(threshold=alpha, seed=seed)
    for alpha in (float("-inf"), 0.5)
    for seed in (0, 1)
]


@pytest.fixture
def plan(make_examples):
    return plan_units(make_examples(10, buckets=(40, 80)), PLACES, 4)


def ratios(totals):
    """Stands for `engine.counters.ratios`, whose import would bring JAX."""
    decided = totals["accepted"] + totals["resampled"]
    deferred = totals["deferred"]
    return {
        "rejection_rate": totals["resampled"] / decided,
        "deferral_rate": None if deferred is None else deferred / decided,
    }


def write(run, mean):
    run.write_summary(
        summarise(run.identity, run.records(), run.latency(), [mean], ratios)
    )
    return (run.path / "summary.json").read_bytes()


def test_a_point_pools_its_seeds(run, plan, make_unit, mean):
    for unit in plan:
        run.append_unit(make_unit(unit))
    found = json.loads(write(run, mean))
    assert found["identity"] == {"gamma": 5, "results_version": RESULTS_VERSION}
    assert found["headline"] == "mean"
    assert [point["threshold"] for point in found["points"]] == ["-inf", 0.5]
    point = found["points"][1]
    assert (point["n"], point["rows"], point["seeds"]) == (10, 20, [0, 1])
    assert point["quality"]["mean"] == pytest.approx(1.5)
    assert point["counters"]["accepted"] == 60
    assert point["ratios"]["rejection_rate"] == 0.25
    assert found["latency"] == []


def test_a_count_that_the_rule_does_not_have_stays_unknown(run, plan, make_unit, mean):
    rows = make_unit(plan[0])
    counters = {**rows[0].counters, "deferred": None}
    run.append_unit(make_unit(plan[0], counters=counters))
    (point,) = json.loads(write(run, mean))["points"]
    assert point["counters"]["deferred"] is None
    assert point["ratios"]["deferral_rate"] is None


def test_the_bytes_do_not_depend_on_files_order_of_lines_or_copies(
    run, plan, make_unit, mean, tmp_path
):
    for unit in plan:
        run.append_unit(make_unit(unit))
    expected = write(run, mean)
    chance = random.Random(0)
    other = RunDirectory.open(tmp_path / "other", "pair", "task", "opt", {"gamma": 5})
    lines = []
    for unit in chance.sample(plan, len(plan)):
        rows = [one.to_line() for one in make_unit(unit)]
        if chance.random() < 0.5:
            name = f"records-{chance.random()}.jsonl"
            torn = "".join(rows[:2]) + rows[2][:9] if len(rows) > 2 else ""
            (other.path / name).write_text("".join(rows) + torn)
        if chance.random() < 0.7:
            lines += rows
        else:
            (other.path / f"records-{chance.random()}.jsonl").write_text("".join(rows))
    chance.shuffle(lines)
    (other.path / "records-z.jsonl").write_text("".join(lines))
    assert write(other, mean) == expected


def test_timings_stand_apart_by_machine_and_point(run, mean, make_timing):
    run.append_latency(
        [
            make_timing(0, repeat=r, seconds=s, host=host)
            for host in ("a", "b")
            for r, s in enumerate((1.0, 9.0, 3.0))
        ]
        + [make_timing(1, seconds=2.0, target_seconds=6.0, host="b", load=7.0)]
    )
    found = json.loads(write(run, mean))
    first, second = found["latency"]
    assert (first["host"], second["host"]) == ("a", "b")
    assert first["relative_latency"] == 3 / 2
    assert second["relative_latency"] == (3 + 2) / (2 + 6)
    assert second["seconds_per_token"] == 5 / 20
    assert second["length_ratio"] == 20 / 16
    assert (second["n"], second["repeats"], second["highest_load"]) == (2, 3, 7.0)
    assert found["points"] == []


def test_a_score_that_is_not_a_number_is_never_written(run, plan, make_unit):
    class Broken:
        name = "mean"

        def combine(self, parts):
            return np.nan

    run.append_unit(make_unit(plan[0]))
    with pytest.raises(ValueError, match="NaN"):
        write(run, Broken())
    assert not list(run.path.glob("*summary*"))
