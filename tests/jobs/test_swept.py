"""A method whose thresholds are sampling values: one curve from the target's law."""

import dataclasses
import math

import numpy as np
import pytest

from speccascade.engine import Execution
from speccascade.engine.generate import generate_queued
from speccascade.errors import UserError
from speccascade.jobs import loaded
from speccascade.jobs.loaded import LoadedJob, identity_of
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.run import run_directory_of, run_job, time_jobs
from speccascade.jobs.spec import LatencySpec, SamplingSpec
from speccascade.jobs.stored import StoredJob
from speccascade.store import Coordinates, Settings
from tests.jobs import tiny

# Of each value: thresholds and the settings that they stand for, the last untouched.
SWEPT = {
    "temperature": ((0.0, 0.4, 1.0), (0.0, 0.4, 1.0)),
    "top_k": ((1.0, 7.0, math.inf), (1, 7, 0)),
    "top_p": ((0.2, 0.9, 1.0), (0.2, 0.9, 1.0)),
    "min_p": ((1.0, 0.3, 0.0), (1.0, 0.3, 0.0)),
}
TARGET = MethodSpec(name="target", kind="target")
LOSSLESS = MethodSpec(name="lossless", kind="speculative", rule="lossless", gamma=2)
every_value = pytest.mark.parametrize("sweeps", SWEPT)


def swept(method: MethodSpec, sweeps: str, thresholds=None) -> MethodSpec:
    values = SWEPT[sweeps][0] if thresholds is None else thresholds
    name = f"{method.name}_{sweeps}"
    return dataclasses.replace(method, name=name, sweeps=sweeps, thresholds=values)


def rows(spec) -> dict:
    """What was decoded, by threshold, seed and example."""
    return {
        (one.coordinates.threshold, one.coordinates.seed, one.example): one.result
        for one in run_directory_of(spec).records()
    }


def at(found: dict, threshold) -> dict:
    return {row[1:]: one for row, one in found.items() if row[0] == threshold}


@every_value
def test_a_threshold_sets_its_sampling_value_and_nothing_else(tmp_path, sweeps):
    sampling = SamplingSpec(temperature=0.8, top_k=9, top_p=0.95, min_p=0.01)
    method = swept(LOSSLESS, sweeps)
    job = LoadedJob.of(tiny.job(tmp_path, method=method, sampling=sampling))
    for threshold, setting in zip(*SWEPT[sweeps], strict=True):
        (place,) = (one for one in job.coordinates if one.threshold == threshold)
        drawn = job.batch(job.examples[:1], place, 1)[1]
        asked = dataclasses.asdict(sampling) | {sweeps: setting}
        for name, value in asked.items():
            assert getattr(drawn.sampling, name).tolist() == pytest.approx([value])
        assert drawn.alpha.tolist() == [0]
        # Records are found by the sampling of the job and the threshold.
        for name, value in dataclasses.asdict(sampling).items():
            assert getattr(place, name) == value


@pytest.mark.parametrize("alone", [TARGET, LOSSLESS], ids=lambda method: method.name)
@every_value
def test_the_untouched_end_is_the_plain_method_token_for_token(tmp_path, alone, sweeps):
    seeds = (0, 1)
    plain = tiny.job(tmp_path, method=alone, num_examples=8, seeds=seeds)
    cut = tiny.job(tmp_path, method=swept(alone, sweeps), num_examples=8, seeds=seeds)
    for spec in (plain, cut):
        run_job(spec, tiny.Silent())
    found = rows(cut)
    assert at(found, cut.untouched) == at(rows(plain), None)
    other = [one for one in cut.method.thresholds if one != cut.untouched]
    assert all(at(found, one) != at(found, cut.untouched) for one in other)


@pytest.mark.parametrize(("sweeps", "end"), [("temperature", 0.0), ("top_k", 1.0)])
def test_the_sharp_end_is_greedy_decoding_token_for_token(tmp_path, sweeps, end):
    method = swept(TARGET, sweeps, (end,))
    cut = tiny.job(tmp_path, method=method, num_examples=8)
    greedy = SamplingSpec(temperature=0.0)
    plain = tiny.job(tmp_path, method=TARGET, num_examples=8, sampling=greedy)
    for spec in (plain, cut):
        run_job(spec, tiny.Silent())
    assert at(rows(cut), end) == at(rows(plain), None)


def test_a_new_value_decodes_only_its_own_rows_and_compiles_nothing(tmp_path):
    first = tiny.job(tmp_path, method=swept(LOSSLESS, "top_p", (0.5,)))
    run_job(first, tiny.Silent())
    before, programs = rows(first), generate_queued._cache_size()
    more = tiny.job(tmp_path, method=swept(LOSSLESS, "top_p", (0.5, 0.9, 1.0)))
    report = tiny.Silent()
    run_job(more, report)
    assert generate_queued._cache_size() == programs
    assert run_directory_of(more).path == run_directory_of(first).path
    # 20 examples are 7 + 13 by bucket, in batches of 4: 6 a threshold.
    assert report.lines == ["lossless_top_p: 12 batches decoded"]
    assert at(rows(more), 0.5) == at(before, 0.5)
    run_job(more, report)
    assert report.lines[-1] == "lossless_top_p: complete, nothing to decode"


@pytest.mark.parametrize(
    "sweeps",
    [
        pytest.param(name, marks=() if name == "temperature" else pytest.mark.slow)
        for name in SWEPT
    ],
)
def test_the_points_are_one_curve_with_its_untouched_end_labelled(tmp_path, sweeps):
    asked = LatencySpec(num_examples=2, repeats=1)
    method = swept(LOSSLESS, sweeps)
    spec = tiny.job(tmp_path, method=method, num_examples=8, latency=asked)
    run_job(spec, tiny.Silent())
    stored = StoredJob.of(spec)
    (machine,) = {machine for machine, _ in stored.timings}
    curve = stored.curve(machine)
    assert [one.threshold for one in curve.points] == sorted(SWEPT[sweeps][0])
    labels = {one.threshold: one.label for one in curve.points}
    assert [at for at, label in labels.items() if label == "lossless"] == [
        spec.untouched
    ]
    assert all(one.latency is not None for one in curve.points)
    # Another sampling is another curve of the same folder.
    warm = tiny.job(tmp_path, method=method, sampling=SamplingSpec(temperature=0.9))
    assert StoredJob.of(warm).curve(None).points == ()


def test_where_the_sampling_is_cut_already_the_end_is_its_own_value(tmp_path):
    sampling = SamplingSpec(temperature=0.5, top_k=3)
    for sweeps, own in (("temperature", 0.5), ("top_k", 3.0), ("top_p", 1.0)):
        spec = tiny.job(tmp_path, method=swept(TARGET, sweeps), sampling=sampling)
        assert spec.untouched == own
        place = Settings(threshold=own, **dataclasses.asdict(sampling))
        assert spec.sampling_at(place) == sampling
    assert tiny.job(tmp_path).untouched is None


@pytest.mark.parametrize("sweeps", ["alpha", "top_p"])
def test_tokens_are_drawn_at_the_temperature_of_their_coordinates(tmp_path, sweeps):
    method = LOSSLESS if sweeps == "alpha" else swept(LOSSLESS, sweeps)
    job = LoadedJob.of(tiny.job(tmp_path, method=method))
    assert job.spec.sampling.temperature == 1
    _, drawn = job.batch(job.examples[:2], Coordinates(temperature=0.0, top_p=0.7), 2)
    assert drawn.sampling.temperature.tolist() == [0, 0]
    np.testing.assert_allclose(drawn.sampling.top_p, 0.7)


@pytest.mark.parametrize("first", [0, 1])
def test_latency_is_measured_against_the_target_as_it_is_sampled(
    tmp_path, monkeypatch, first
):
    timed = []
    decode = loaded.LoadedJob.decode

    def kept(self, execution, batch):
        timed.append((execution, batch[1].sampling.top_p.tolist()))
        return decode(self, execution, batch)

    monkeypatch.setattr(loaded.LoadedJob, "decode", kept)
    asked = LatencySpec(num_examples=1, repeats=1)
    methods = [swept(TARGET, "top_p", (0.5, 1.0)), LOSSLESS]
    specs = [tiny.job(tmp_path, method=one, latency=asked) for one in methods]
    time_jobs([specs[first], specs[1 - first]], tiny.Silent())
    target = Execution(kind="target")
    # The last pass: the target alone, two values of its curve, lossless, in some order.
    plain = [top_p for execution, top_p in timed[-4:] if execution == target]
    assert plain == [[1.0]]
    cut = Execution(kind="target", truncate=True)
    curve = [top_p for execution, top_p in timed[-4:] if execution == cut]
    assert sorted(curve) == [[0.5], [1.0]]
    seconds = {
        one.target_seconds for spec in specs for one in run_directory_of(spec).latency()
    }
    assert len(seconds) == 1


def test_what_is_swept_is_part_of_the_identity(tmp_path):
    found = [
        identity_of(tiny.job(tmp_path, method=one))["execution"]
        for one in (TARGET, swept(TARGET, "top_p"), swept(TARGET, "min_p"))
    ]
    assert found == [
        {"kind": "target"},
        {"kind": "target", "sweeps": "top_p"},
        {"kind": "target", "sweeps": "min_p"},
    ]


@pytest.mark.parametrize("sweeps", ["top_k", "top_p", "min_p"])
def test_at_temperature_0_a_truncation_is_one_point(tmp_path, sweeps):
    greedy = SamplingSpec(temperature=0.0)
    spec = tiny.job(tmp_path, method=swept(TARGET, sweeps), sampling=greedy)
    assert spec.method.thresholds == (spec.untouched,)
    warm = tiny.job(tmp_path, method=swept(TARGET, "temperature"), sampling=greedy)
    assert warm.method.thresholds == (0.0, 0.4, 1.0) and warm.untouched == 0


@pytest.mark.parametrize(
    ("sweeps", "value", "words"),
    [
        ("temperature", -0.1, "must be 0 (greedy) or above, not -0.1"),
        ("temperature", math.inf, "must be 0 (greedy) or above, not inf"),
        ("top_k", 0.0, "whole numbers in [1, 2147483647], or inf for no cut, not 0"),
        ("top_k", 2.5, "or inf for no cut, not 2.5"),
        ("top_k", math.nan, "or inf for no cut, not nan"),
        ("top_p", 0.0, "values of top_p here and must be in (0, 1], not 0"),
        ("min_p", 1.5, "values of min_p here and must be in [0, 1], not 1.5"),
    ],
)
def test_a_value_out_of_its_range_is_refused_in_one_sentence(sweeps, value, words):
    with pytest.raises(UserError) as raised:
        swept(TARGET, sweeps, (value,))
    assert words in str(raised.value) and str(raised.value).count(". ") == 0


def test_a_sweep_needs_values_and_a_rule_without_a_threshold():
    with pytest.raises(UserError, match="needs numbers in method"):
        swept(TARGET, "top_p", (None,))
    with pytest.raises(UserError, match="sweeps must be one of alpha, temp"):
        swept(TARGET, "typical", (0.5,))
    chow = MethodSpec(name="chow", kind="speculative", rule="chow", thresholds=(0.5,))
    with pytest.raises(UserError, match="cannot sweep top_p, for its rule has a thr"):
        swept(chow, "top_p")
