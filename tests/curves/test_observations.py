"""From records to points."""

import math

import pytest

from speccascade.curves import curve_from_records, load_curve, one_machine
from speccascade.errors import UserError
from speccascade.store import (
    Coordinates,
    LatencyRecord,
    PlannedExample,
    Record,
    RunDirectory,
    Settings,
    plan_units,
)

EXAMPLES = [PlannedExample(id=i, sha256=f"text {i}", bucket=40) for i in range(5)]
ALPHAS = (math.inf, -math.inf, 0.5)


def records(unit, deferred=1):
    return [
        Record(
            unit=unit.id,
            unit_size=len(unit),
            coordinates=unit.coordinates,
            example=one.id,
            example_sha256=one.sha256,
            prediction="",
            reference="",
            scores={"mean": [float(one.id), 1.0]},
            counters={"accepted": 3, "resampled": one.id, "deferred": deferred},
        )
        for one in unit.examples
    ]


def timing(alpha, host="a", **change):
    return LatencyRecord(
        **{
            "coordinates": Coordinates(threshold=alpha),
            "example": 0,
            "example_sha256": "a0",
            "repeat": 0,
            "seconds": 1.0,
            "target_seconds": 2.0,
            "emitted": 5,
            "target_emitted": 6,
            "host": host,
            "device": "cpu",
            "load": 0.0,
            **change,
        }
    )


@pytest.fixture
def run(tmp_path):
    places = [
        Coordinates(threshold=alpha, temperature=heat, seed=seed)
        for alpha in ALPHAS
        for heat in (0.0, 1.0)
        for seed in (0, 1)
    ]
    with RunDirectory.open(tmp_path, "pair", "task", "opt", {}) as run:
        for unit in plan_units(EXAMPLES, places, 4):
            run.append_unit(records(unit))
        yield run


def test_a_curve_has_its_points_in_threshold_order_with_labelled_ends(run):
    labels = {-math.inf: "lossless", math.inf: "drafter"}
    curve = load_curve(run, display_name="SpecCascade [OPT]", labels=labels)
    assert (curve.method, curve.display_name) == ("opt", "SpecCascade [OPT]")
    found = [(point.threshold, point.label) for point in curve.points]
    assert found == [(-math.inf, "lossless"), (0.5, None), (math.inf, "drafter")]
    point = curve.point(0.5)
    assert point.examples.tolist() == [0, 1, 2, 3, 4] * 2
    assert point.seeds.tolist() == [0] * 5 + [1] * 5
    assert point.parts["mean"][:, 0].tolist() == [0, 1, 2, 3, 4] * 2
    assert point.counters["resampled"].tolist() == [0, 1, 2, 3, 4] * 2
    assert point.latency is None


def test_only_what_is_asked_for_is_read(run):
    curve = load_curve(
        run,
        display_name="",
        sampling=Settings(temperature=0.0),
        thresholds={0.5, 7.0},
        seeds={1},
        examples={1: "text 1", 2: "another text", 99: "text 99"},
    )
    (point,) = curve.points
    assert (point.examples.tolist(), point.seeds.tolist()) == ([1], [1])


def test_a_count_that_a_rule_does_not_have_is_none(run):
    (unit,) = plan_units(EXAMPLES[:2], [Coordinates(threshold=None)], 4)
    curve = curve_from_records("lossless", "", records(unit, deferred=None), [])
    assert curve.points[0].counters["deferred"] is None


def test_timings_join_the_points_that_they_time(run):
    run.append_latency([timing(0.5), timing(0.5, repeat=1), timing(0.25)])
    curve = load_curve(run, display_name="")
    assert [point.latency is not None for point in curve.points] == [False, True, False]
    assert curve.point(0.5).latency.repeat.tolist() == [0, 1]
    assert one_machine([curve]) == ("a", "cpu")


def test_timings_of_two_machines_never_mix(run):
    run.append_latency([timing(0.5), timing(math.inf, host="b")])
    with pytest.raises(UserError, match=r"several machines \(a: cpu; b: cpu\)"):
        load_curve(run, display_name="")
    ours, theirs = (load_curve(run, display_name="", host=host) for host in "ab")
    assert ours.point(math.inf).latency is None
    assert theirs.point(math.inf).latency.host == "b"
    with pytest.raises(UserError, match="several machines"):
        one_machine([ours, theirs])
    run.append_latency([timing(0.5, device="gpu")])
    with pytest.raises(UserError, match="a: cpu; a: gpu"):
        load_curve(run, display_name="", host="a")
    assert load_curve(run, display_name="", host="a", device="gpu").point(0.5).latency
