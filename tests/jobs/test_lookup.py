"""Jobs whose drafter is a prompt lookup: what they decode, and what is refused."""

import dataclasses

import pytest

from speccascade.checkpoints.pairs import LookupSpec
from speccascade.errors import UserError
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.run import run_directory_of, run_job
from tests.jobs import tiny


def job(folder, method):
    pair = dataclasses.replace(tiny.pair(folder), drafter=LookupSpec())
    return tiny.job(folder, pair=pair, method=method)


def test_a_curve_is_decoded(tmp_path):
    method = MethodSpec(
        name="token_v3",
        kind="speculative",
        rule="token_v3",
        gamma=2,
        thresholds=(-1.0, 0.9),
    )
    spec = job(tmp_path, method)
    run_job(spec, tiny.Silent())
    records = list(run_directory_of(spec).records())
    assert len(records) == 2 * spec.num_examples
    assert {one.coordinates.threshold for one in records} == {-1.0, 0.9}


def test_a_rule_that_reads_q_is_refused_with_those_that_do_not(tmp_path):
    method = MethodSpec(
        name="chow", kind="speculative", rule="chow", gamma=2, thresholds=(0.5,)
    )
    with pytest.raises(UserError, match=r"Rule chow decides by .* are lossless, lossy"):
        job(tmp_path, method)


@pytest.mark.parametrize("kind", ["drafter", "token_cascade"])
def test_an_execution_that_needs_a_model_to_write_is_refused(tmp_path, kind):
    rule = None if kind == "drafter" else "chow"
    thresholds = (None,) if kind == "drafter" else (0.5,)
    method = MethodSpec(name="writes", kind=kind, rule=rule, thresholds=thresholds)
    with pytest.raises(UserError, match="needs a drafter that is a model"):
        job(tmp_path, method)
