"""Quality as a share of the gap between the models, averaged over latency."""

import numpy as np
import pytest

from speccascade.curves import Tradeoff, average_gap_recovered, normalised


def curve(latency, quality):
    return Tradeoff(
        latency=np.array(latency, float).reshape(len(latency), -1),
        quality=np.array(quality, float).reshape(len(quality), -1),
    )


def recovered(one, span=(0.0, 1.0), drafter=10.0, target=20.0):
    resamples = one.latency.shape[1]
    return average_gap_recovered(
        one, np.full(resamples, drafter), np.full(resamples, target), span
    )


def test_the_straight_line_between_the_models_recovers_one_half():
    assert recovered(curve([0, 1], [10, 20])) == pytest.approx([0.5])


def test_a_method_as_good_as_the_target_from_the_middle_on_recovers_one_half():
    # 21 of the 41 latencies are at 0.5 or above.
    assert recovered(curve([0.5, 1], [20, 20])) == pytest.approx([21 / 41])


def test_what_is_better_than_the_target_counts_in_full():
    assert recovered(curve([0, 1], [30, 30])) == pytest.approx([2.0])


def test_a_curve_is_level_beyond_its_last_point():
    assert recovered(curve([0, 0.5], [20, 20])) == pytest.approx([1.0])


def test_a_method_that_begins_after_the_span_recovers_nothing():
    assert recovered(curve([1.2], [30])) == pytest.approx([0.0])


def test_a_curve_that_was_not_timed_recovers_nothing_that_is_known():
    assert recovered(curve([np.nan], [30])) is None


def test_every_resample_has_its_own_beginning():
    both = curve([[0.0, 0.5], [1.0, 1.0]], [[20, 20], [20, 20]])
    assert recovered(both) == pytest.approx([1.0, 21 / 41])


def test_models_that_are_alike_have_no_gap():
    assert np.isnan(recovered(curve([0, 1], [10, 10]), target=10.0)).all()
    assert normalised(np.array(15.0), np.array(10.0), np.array(20.0)) == 0.5


def test_nothing_is_recovered_over_a_span_without_latency_or_a_resample_without_one():
    one = np.array([1.0, 1.0])
    line = Tradeoff(
        latency=np.array([[0.5, np.nan], [1.0, np.nan]]),
        quality=np.array([[1.0, 1.0], [2.0, 2.0]]),
    )
    assert average_gap_recovered(line, one, 2 * one, (1.1, 1.0)) is None
    found = average_gap_recovered(line, one, 2 * one, (0.5, 1.0))
    np.testing.assert_allclose(found, [0.5, np.nan])
