"""A profile of the tiny pair: every shape, width and kind that its jobs call."""

import pytest

from speccascade.errors import UserError
from speccascade.jobs.bench import profile_jobs
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.modelled import target_width
from speccascade.latency import this_host
from tests.jobs import tiny

METHODS = (
    MethodSpec(
        name="chow", kind="speculative", rule="chow", gamma=2, thresholds=(-1.0, 1.0)
    ),
    MethodSpec(
        name="token_chow", kind="token_cascade", rule="chow", thresholds=(0.9996,)
    ),
)


def specs(folder):
    return [tiny.job(folder, method=method, num_examples=9) for method in METHODS]


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    return profile_jobs(specs(folder), tiny.Silent(), repeats=2)


@pytest.mark.slow
def test_a_profile_has_every_shape_width_and_kind_that_the_jobs_call(profile):
    shapes = {(one.batch, one.prompt_length) for one in profile.components}
    assert shapes == {(1, 3), (1, 6), (8, 3), (8, 6)}
    # Steps, blocks of gamma + 1, and runs that the length limit of 6 cuts.
    assert all(set(one.target_ms) == {1, 3, 6} for one in profile.components)
    assert {(one.kind, one.width) for one in profile.rounds} == {
        ("target", 1),
        ("drafter", 1),
        ("speculative", 3),
        ("token_cascade", 6),
    }
    assert (profile.host, profile.device) == this_host()


@pytest.mark.slow
def test_the_engine_is_measured_at_both_batch_sizes(profile):
    assert [(one.batch, one.gamma) for one in profile.engine] == [(1, 2), (8, 2)]
    for one in profile.engine:
        assert one.tokens_per_s > 0 and one.target_tokens_per_s > 0


def test_a_run_of_a_token_cascade_is_no_wider_than_the_output(tmp_path):
    chow, cascade = specs(tmp_path)
    assert target_width(chow) == 3
    assert target_width(cascade) == 6  # cap + 1 = 11


def test_jobs_of_two_tasks_have_no_profile_in_common(tmp_path):
    other = tiny.job(tmp_path, task=tiny.Counting(edition="second"))
    with pytest.raises(UserError, match="2 tasks"):
        profile_jobs([specs(tmp_path)[0], other], tiny.Silent())
