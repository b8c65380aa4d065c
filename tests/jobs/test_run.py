"""One job: what is asked, what is there, what is left."""

import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from speccascade.errors import UserError
from speccascade.jobs import loaded, timing
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.programs import free_compiled_programs
from speccascade.jobs.run import run_directory_of, run_job, time_jobs
from speccascade.jobs.spec import LatencySpec, SamplingSpec
from tests.jobs import tiny

REPOSITORY = Path(__file__).parents[2]


def summary(spec) -> dict:
    return json.loads((run_directory_of(spec).path / "summary.json").read_text())


def without_timings(spec) -> dict:
    return {key: value for key, value in summary(spec).items() if key != "latency"}


@pytest.fixture
def decodings(monkeypatch):
    """The units that are really decoded, and the timings that are taken."""
    calls = []
    decode, decode_queue = loaded.LoadedJob.decode, loaded.LoadedJob.decode_queue

    def counted(self, execution, batch):
        calls.append(batch)
        return decode(self, execution, batch)

    def queue_counted(self, examples, places, *args):
        calls.extend(places)
        return decode_queue(self, examples, places, *args)

    monkeypatch.setattr(loaded.LoadedJob, "decode", counted)
    monkeypatch.setattr(loaded.LoadedJob, "decode_queue", queue_counted)
    return calls


def test_a_finished_job_decodes_nothing(tmp_path, decodings):
    spec = tiny.job(tmp_path)
    run_job(spec, tiny.Silent())
    assert len(decodings) > 0
    before = without_timings(spec)
    decodings.clear()
    report = tiny.Silent()
    run_job(spec, report)
    assert decodings == []
    assert report.lines == ["chow: complete, nothing to decode"]
    assert without_timings(spec) == before


def test_the_store_knows_how_long_computing_took_and_an_idle_start_adds_nothing(
    tmp_path,
):
    spec = tiny.job(tmp_path, latency=LatencySpec(num_examples=2, repeats=1))
    begun = time.monotonic()
    directory = run_job(spec, tiny.Silent())
    took = time.monotonic() - begun
    spent = directory.spent()
    assert 0 < spent <= took
    assert run_job(spec, tiny.Silent()).spent() == spent


def test_a_new_threshold_decodes_only_its_own_rows(tmp_path, decodings):
    spec = tiny.job(tmp_path)
    run_job(spec, tiny.Silent())
    whole = len(decodings)
    decodings.clear()
    more = dataclasses.replace(spec.method, thresholds=(-1.0, 0.9996, 0.9997, 1.0))
    run_job(tiny.job(tmp_path, method=more), tiny.Silent())
    assert len(decodings) == whole // 3
    assert len(summary(spec)["points"]) == 4


def test_more_examples_keep_the_rows_that_are_there(tmp_path, decodings):
    run_job(tiny.job(tmp_path), tiny.Silent())
    spec = tiny.job(tmp_path, num_examples=24)
    decodings.clear()
    run_job(spec, tiny.Silent())
    # 24 examples are 8 + 16 by bucket, 20 were 7 + 13: one unit of each changes.
    assert len(decodings) == 3 * 2
    assert {point["n"] for point in summary(spec)["points"]} == {24}


def test_a_smaller_job_in_the_same_folder_leaves_the_summary_as_it_is(
    tmp_path, decodings
):
    spec = tiny.job(tmp_path)
    run_job(spec, tiny.Silent())
    path = run_directory_of(spec).path / "summary.json"
    before = path.read_bytes()
    decodings.clear()
    fewer = dataclasses.replace(spec.method, thresholds=(1.0,))
    run_job(tiny.job(tmp_path, num_examples=8, method=fewer), tiny.Silent())
    assert decodings == []
    assert path.read_bytes() == before


def test_the_summary_does_not_depend_on_the_order_of_the_jobs(tmp_path):
    small = {"num_examples": 8}
    found = []
    for root, orders in (("one", ({}, small)), ("other", (small, {}))):
        for changes in orders:
            spec = tiny.job(tmp_path, root=str(tmp_path / root), **changes)
            run_job(spec, tiny.Silent())
        found.append((run_directory_of(spec).path / "summary.json").read_bytes())
    assert found[0] == found[1]


def test_an_example_whose_text_changed_is_decoded_again(tmp_path, decodings):
    run_job(tiny.job(tmp_path), tiny.Silent())
    whole = len(decodings)
    decodings.clear()
    spec = tiny.job(tmp_path, task=tiny.Counting(edition="second"))
    run_job(spec, tiny.Silent())
    assert len(decodings) == whole
    assert {point["rows"] for point in summary(spec)["points"]} == {20}


def test_every_counter_adds_up_in_the_summary(tmp_path):
    spec = tiny.job(tmp_path)
    run_job(spec, tiny.Silent())
    for point in summary(spec)["points"]:
        counters = point["counters"]
        decided = counters["accepted"] + counters["resampled"]
        assert counters["resampled"] <= counters["deferred"] <= decided
        assert point["n"] == 20 and counters["prefills"] == 40
        assert set(point["quality"]) == {"bleu", "chrf"}
    by_threshold = {point["threshold"]: point for point in summary(spec)["points"]}
    assert by_threshold[-1.0]["ratios"]["deferral_rate"] == 1
    assert by_threshold[1.0]["ratios"]["deferral_rate"] == 0


def test_the_key_holds_what_makes_results_incomparable_and_nothing_else(tmp_path):
    spec = tiny.job(tmp_path)
    same = [
        tiny.job(tmp_path, seeds=(3,)),
        tiny.job(tmp_path, sampling=SamplingSpec(temperature=0.5, top_k=3)),
        tiny.job(tmp_path, num_examples=5),
        tiny.job(tmp_path, method=dataclasses.replace(spec.method, thresholds=(0.5,))),
    ]
    other = [
        tiny.job(tmp_path, method=dataclasses.replace(spec.method, gamma=3)),
        tiny.job(tmp_path, method=dataclasses.replace(spec.method, gate="processed")),
        tiny.job(tmp_path, method=dataclasses.replace(spec.method, bonus="target")),
        tiny.job(tmp_path, task=tiny.Counting(max_new_tokens=5)),
        tiny.job(tmp_path, split="validation"),
        tiny.job(tmp_path, engine=dataclasses.replace(spec.engine, batch_size=8)),
    ]
    key = run_directory_of(spec).path
    assert all(run_directory_of(one).path == key for one in same)
    keys = {run_directory_of(one).path for one in other}
    assert len(keys) == len(other) and key not in keys


def test_timings_pair_every_threshold_with_the_target_of_the_same_pass(tmp_path):
    spec = tiny.job(tmp_path, latency=LatencySpec(num_examples=2, repeats=2))
    run_job(spec, tiny.Silent())
    timings = list(run_directory_of(spec).latency())
    assert len(timings) == 3 * 2 * 2
    passes = {(one.example, one.repeat, one.target_seconds) for one in timings}
    assert len(passes) == 4
    assert all(one.seconds > 0 and one.emitted > 0 for one in timings)
    report = tiny.Silent()
    run_job(spec, report)
    assert report.lines == ["chow: complete, nothing to decode"]


def test_one_model_alone_needs_no_threshold(tmp_path):
    method = MethodSpec(name="target", kind="target")
    spec = tiny.job(tmp_path, method=method)
    run_job(spec, tiny.Silent())
    (point,) = summary(spec)["points"]
    assert point["threshold"] is None
    assert point["ratios"]["rejection_rate"] is None
    assert point["counters"]["alone"] == point["counters"]["target_calls"]


@pytest.mark.parametrize(
    ("kind", "rule", "alpha"),
    [
        ("token_cascade", "chow", 0.9996),
        pytest.param("oracle_cascade", "diff", 0.0, marks=pytest.mark.slow),
        pytest.param("sequence_cascade", "chow", 0.9996, marks=pytest.mark.slow),
        pytest.param("bild", "bild", 8.7, marks=pytest.mark.slow),
    ],
)
def test_every_execution_is_decoded_and_timed(tmp_path, kind, rule, alpha):
    method = MethodSpec(
        name="m", kind=kind, rule=rule, thresholds=(alpha,), gamma=2, score="mean"
    )
    asked = LatencySpec(num_examples=1, repeats=1)
    spec = tiny.job(tmp_path, method=method, num_examples=8, latency=asked)
    run_job(spec, tiny.Silent())
    time_jobs([spec], tiny.Silent())
    (point,) = summary(spec)["points"]
    counters = point["counters"]
    assert point["rows"] == 8
    written = ("accepted", "resampled", "bonus", "alone")
    assert sum(counters[name] for name in written) > 8
    assert counters["deferred"] is not None
    (timed,) = run_directory_of(spec).latency()
    assert timed.seconds > 0


def test_more_examples_than_there_are_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"Split 'test' .* examples, not 65"):
        run_job(tiny.job(tmp_path, num_examples=65), tiny.Silent())


@pytest.mark.slow
def test_jobs_that_are_timed_together_share_the_targets_timings(tmp_path):
    asked = LatencySpec(num_examples=2, repeats=2)
    chow = tiny.job(tmp_path, latency=asked)
    lossless = MethodSpec(name="lossless", kind="speculative", rule="lossless", gamma=2)
    specs = [chow, tiny.job(tmp_path, latency=asked, method=lossless)]
    time_jobs(specs, tiny.Silent())
    shared = [
        {
            (one.example, one.repeat): one.target_seconds
            for one in run_directory_of(spec).latency()
        }
        for spec in specs
    ]
    assert len(shared[0]) == 4
    assert shared[0] == shared[1]


@pytest.mark.slow
def test_two_jobs_of_one_folder_are_timed_once(tmp_path):
    asked = LatencySpec(num_examples=2, repeats=1)
    alone = [MethodSpec(name="target", kind="target", gamma=gamma) for gamma in (2, 3)]
    report = tiny.Silent()
    specs = [tiny.job(tmp_path, latency=asked, method=one) for one in alone]
    assert len({one.path for one in time_jobs(specs, report)}) == 1
    assert report.lines == ["2 timings taken"]


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/maps").exists(), reason="mappings are counted on Linux"
)
def test_a_sweep_does_not_gather_the_programs_of_all_its_jobs(tmp_path):
    def mappings() -> int:
        return len(Path("/proc/self/maps").read_text().splitlines())

    free_compiled_programs()
    before = mappings()
    run_job(tiny.job(tmp_path), tiny.Silent())
    assert mappings() > before + 100
    free_compiled_programs()
    assert mappings() < before + 100


@pytest.mark.slow
def test_the_target_is_timed_anew_for_other_sampling(tmp_path):
    asked = LatencySpec(num_examples=1, repeats=1)
    specs = [
        tiny.job(tmp_path, latency=asked, sampling=SamplingSpec(temperature=t))
        for t in (0.0, 1.0)
    ]
    assert time_jobs(specs, tiny.Silent())
    timings = list(run_directory_of(specs[0]).latency())
    assert len({one.target_seconds for one in timings}) == 2
    assert len(timings) == 2 * 3


@pytest.mark.slow
def test_an_example_whose_text_changed_is_timed_again(tmp_path, decodings):
    asked = LatencySpec(num_examples=2, repeats=1)
    time_jobs([tiny.job(tmp_path, latency=asked)], tiny.Silent())
    decodings.clear()
    time_jobs([tiny.job(tmp_path, latency=asked)], tiny.Silent())
    assert not decodings
    changed = tiny.job(tmp_path, latency=asked, task=tiny.Counting(edition="second"))
    report = tiny.Silent()
    time_jobs([changed], report)
    assert report.lines == ["6 timings taken"]


@pytest.mark.slow
def test_prompts_are_on_the_device_before_the_clock_starts(tmp_path, monkeypatch):
    ticking = []
    batch = loaded.LoadedJob.batch

    def made(*args):
        assert not ticking, "a batch was made inside the clock"
        return batch(*args)

    monkeypatch.setattr(loaded.LoadedJob, "batch", made)
    real = timing.timed

    def clocked(decode):
        ticking.append(True)
        try:
            return real(decode)
        finally:
            ticking.pop()

    monkeypatch.setattr(timing, "timed", clocked)
    asked = LatencySpec(num_examples=1, repeats=1)
    time_jobs([tiny.job(tmp_path, latency=asked)], tiny.Silent())


@pytest.mark.slow
def test_no_method_has_a_place_of_its_own_in_a_pass(tmp_path, decodings):
    # The first decoding after a pause is some per cent faster than the others.
    asked = LatencySpec(num_examples=8, repeats=1)
    time_jobs([tiny.job(tmp_path, latency=asked)], tiny.Silent())
    passes = [batch[1].alpha.tolist() for batch in decodings[-8 * 4 :]]
    first = {tuple(alphas) for alphas in passes[::4]}
    assert len(first) > 1
    assert len({str(passes[at : at + 4]) for at in range(0, 8 * 4, 4)}) > 3


@pytest.mark.slow
def test_twenty_kills_leave_the_summary_of_an_unbroken_run(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}

    def launch() -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.kill_child", str(tmp_path)],
            stdout=subprocess.PIPE,
            env=environment,
            cwd=REPOSITORY,
            text=True,
        )

    chance = random.Random(0)
    killed = 0
    while killed < 20:
        child = launch()
        begun = child.stdout.readline()
        assert begun, "the child failed"
        if begun.startswith("finished"):
            break
        time.sleep(chance.random() * 0.05)
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        child.stdout.close()
    last = launch()
    assert "finished" in last.stdout.read()
    last.stdout.close()
    assert last.wait() == 0
    assert killed >= 10
    broken = run_directory_of(tiny.long_job(tmp_path))
    text = (broken.path / "summary.json").read_bytes()

    unbroken = dataclasses.replace(
        tiny.long_job(tmp_path), root=str(tmp_path / "unbroken")
    )
    run_job(unbroken, tiny.Silent())
    assert text == (run_directory_of(unbroken).path / "summary.json").read_bytes()
