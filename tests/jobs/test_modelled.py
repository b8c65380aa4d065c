"""The latency of stored rows, modelled by a profile of round numbers."""

import dataclasses

import pytest

from speccascade.curves import agreement, estimate_curve, one_machine, resample
from speccascade.engine import ratios
from speccascade.errors import UserError
from speccascade.jobs.loaded import identity_of
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.modelled import modelled_curves, stored_profile
from speccascade.jobs.spec import SamplingSpec
from speccascade.jobs.stored import StoredJob
from speccascade.latency import Components, HostProfile, RoundCost, save_profile
from tests.jobs import tiny
from tests.jobs.test_stored import COUNTERS, fill

TARGET = MethodSpec(name="target", kind="target")
CHOW = MethodSpec(
    name="chow", kind="speculative", rule="chow", gamma=2, thresholds=(-1.0, 1.0)
)


def components(length, target_ms):
    return Components(
        batch=1,
        prompt_length=length,
        draft_step_ms=0.1,
        target_ms={1: target_ms, 3: 2.0},
        draft_prefill_ms=1.0,
        target_prefill_ms=5.0,
    )


PROFILE = HostProfile(
    host="a-host",
    device="cpu",
    load=0.0,
    date="2026-01-02T03:04:05+00:00",
    pair={},
    max_new_tokens=6,
    truncate=False,
    components=(components(3, 1.0), components(6, 10.0)),
    rounds=(
        RoundCost(kind="target", width=1, ms=0.0),
        RoundCost(kind="speculative", width=3, ms=0.4),
    ),
)


@pytest.fixture
def stored(tmp_path):
    """Two jobs of 9 sentences, all of whose rows have the counters of `fill`."""
    specs = [tiny.job(tmp_path, method=one, num_examples=9) for one in (TARGET, CHOW)]
    return [StoredJob.of(fill(spec)) for spec in specs]


def curves(stored):
    return [job.curve(None) for job in stored]


def test_untimed_points_get_the_seconds_of_their_counters(stored):
    target, chow = modelled_curves(stored, curves(stored), PROFILE)
    assert one_machine([target, chow]) == ("a-host", "cpu")
    calls, prefills = COUNTERS["target_calls"], COUNTERS["prefills"]
    drafting = 0.1 * COUNTERS["drafter_calls"]  # made up, for the target too
    # Every third example is in the long bucket, where a target's step costs more.
    for example, seconds, alone in zip(
        chow.points[0].latency.examples,
        chow.points[0].latency.seconds,
        chow.points[0].latency.target_seconds,
        strict=True,
    ):
        step = 1.0 if example % 3 else 10.0
        assert alone == pytest.approx((5 * prefills + calls * step + drafting) / 1e3)
        ms = 1 + 5 * (prefills - 1) + drafting
        assert seconds == pytest.approx((ms + calls * (2.0 + 0.4)) / 1e3)


def test_the_target_alone_is_1_and_every_row_counts(stored):
    found = modelled_curves(stored, curves(stored), PROFILE)
    draws = resample(found, replicates=20)
    alone, *_ = estimate_curve(found[0], [], ratios, draws)
    assert alone.latency.relative_latency.value == pytest.approx(1.0)
    assert (alone.latency.kind, alone.latency.n) == ("modelled", 9)
    assert alone.latency.repeats == 1
    same = agreement(found, found)
    assert same.mean_error == 0 and same.methods == ("chow", "chow")


def test_modelling_needs_the_target_alone(stored):
    with pytest.raises(UserError, match="method=target"):
        modelled_curves(stored[1:], curves(stored)[1:], PROFILE)


def test_another_length_limit_or_truncation_needs_a_profile_of_its_own(stored):
    for change in ({"max_new_tokens": 7}, {"truncate": True}):
        other = dataclasses.replace(PROFILE, **change)
        with pytest.raises(UserError, match="length limit or truncation"):
            modelled_curves(stored, curves(stored), other)


def test_truncated_rows_are_not_priced_by_a_profile_without(tmp_path):
    sampling = SamplingSpec(top_k=5)
    spec = tiny.job(tmp_path, method=TARGET, num_examples=9, sampling=sampling)
    job = StoredJob.of(fill(spec))
    with pytest.raises(UserError, match="truncation"):
        modelled_curves([job], [job.curve(None)], PROFILE)


def test_the_stored_profile_is_that_of_the_weights(stored):
    spec = stored[0].spec
    save_profile(spec.root, "tiny", "counting", PROFILE)
    assert stored_profile(spec) is None
    own = dataclasses.replace(PROFILE, pair=identity_of(spec)["pair"])
    save_profile(spec.root, "tiny", "counting", own)
    assert stored_profile(spec) == own
