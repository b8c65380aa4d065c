"""Modelled latency beside measured, on numbers whose agreement is known."""

import dataclasses

import numpy as np
import pytest

from speccascade.curves import agreement, one_machine
from speccascade.errors import UserError


def modelled(point, relative):
    """The point with `relative` modelled for its first two examples, 9 for others."""
    ids = point.example_ids
    seconds = np.where(np.isin(ids, ids[:2]), relative, 9.0)
    data = dataclasses.replace(
        point.latency,
        examples=ids,
        seeds=np.zeros(len(ids), int),
        repeat=np.zeros(len(ids), int),
        seconds=seconds,
        target_seconds=np.ones(len(ids)),
        emitted=np.full(len(ids), 10),
        target_emitted=np.full(len(ids), 8),
        kind="modelled",
    )
    return dataclasses.replace(point, latency=data)


@pytest.fixture
def both(make_point, make_curve):
    def make(measured, models, method="opt"):
        points = [
            # Two examples are timed twice; the median of an even count is the mean.
            make_point(
                [1.0, 2.0, 3.0], threshold=float(i), seconds=[[x - 0.1, x + 0.1]] * 2
            )
            for i, x in enumerate(measured)
        ]
        own = [modelled(p, x) for p, x in zip(points, models, strict=True)]
        return make_curve(*points, method=method), make_curve(*own, method=method)

    return make


def test_errors_are_of_the_timed_sentences_and_relative_to_the_clock(both):
    measured, models = both([0.5, 1.0, 2.0], [0.55, 0.9, 2.0])
    found = agreement([measured], [models])
    assert found.errors == pytest.approx([0.1, -0.1, 0.0])
    assert found.mean_error == pytest.approx(0.2 / 3)
    assert found.bias == pytest.approx(0.0, abs=1e-12)
    assert found.rank_correlation == pytest.approx(1.0)
    assert "3 points: mean absolute error 6.7%" in str(found)


def test_the_worst_point_is_named(both):
    measured, models = both([0.5, 1.0], [0.5, 1.5])
    assert "worst +50.0% (opt at 1)" in str(agreement([measured], [models]))


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ([3.0, 2.0, 1.0, 0.5], -1.0),
        ([1.0, 2.0, 2.0, 4.0], 0.9486833),  # a tie: scipy.stats.spearmanr
        ([2.0, 1.0, 4.0, 3.0], 0.6),
    ],
)
def test_the_rank_correlation_is_spearmans(both, models, expected):
    measured, curve = both([1.0, 2.0, 3.0, 4.0], models)
    found = agreement([measured], [curve])
    assert found.rank_correlation == pytest.approx(expected)


def test_the_target_does_not_count_and_nothing_is_no_agreement(both):
    assert agreement(*[[one] for one in both([1.0], [1.0], "target")]) is None
    assert agreement([], []) is None


def test_measured_and_modelled_curves_do_not_stand_together(both):
    measured, models = both([1.0], [1.0])
    with pytest.raises(UserError, match="measured and modelled"):
        one_machine([measured, models])
