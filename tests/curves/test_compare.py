"""Two curves are compared at the latencies that both reach."""

import numpy as np
import pytest

from speccascade.curves.compare import (
    area_between,
    common_span,
    difference,
    gap_at,
    mean_gap,
    quality_at,
)
from speccascade.curves.operating import Tradeoff


def curve(latency, quality):
    return Tradeoff(
        latency=np.array(latency, float).reshape(len(latency), -1),
        quality=np.array(quality, float).reshape(len(quality), -1),
    )


def test_the_span_is_where_both_curves_have_points():
    one, other = curve([0.2, 0.9], [1, 2]), curve([0.4, 1.3], [1, 2])
    assert common_span(one, other) == (0.4, 0.9)


def test_curves_that_never_meet_have_no_span_and_no_gap():
    one, other = curve([0.2, 0.3], [1, 2]), curve([0.4, 1.3], [1, 2])
    assert common_span(one, other) is None
    assert mean_gap(one, other) is None


def test_curves_that_were_not_timed_have_no_gap():
    untimed = curve([np.nan, np.nan], [1, 2])
    assert mean_gap(untimed, curve([0.4, 1.3], [1, 2])) is None


def test_quality_is_read_off_straight_lines_in_the_order_of_latency():
    one = curve([1.0, 0.5, np.nan], [20.0, 10.0, 99.0])
    read = quality_at(one, np.array([0.4, 0.5, 0.75, 1.0, 2.0]))
    np.testing.assert_allclose(read[:, 0], [10, 10, 15, 20, 20])


def test_the_gap_of_parallel_lines_is_their_distance():
    one, other = curve([0, 2], [5, 9]), curve([1, 3], [4, 8])
    # At latency x they are 5 + 2x and 2 + 2x.
    assert mean_gap(one, other) == pytest.approx([3.0])
    assert mean_gap(other, one) == pytest.approx([-3.0])


def test_a_gap_over_part_of_the_span_is_the_gap_there():
    rising, level = curve([0, 1], [0, 10]), curve([0, 1], [4, 4])
    assert mean_gap(rising, level) == pytest.approx([1.0])
    assert mean_gap(rising, level, span=(0.0, 0.2)) == pytest.approx([-3.0])


def test_every_resample_has_its_own_gap_over_the_span_of_the_estimate():
    one = curve([[0, 0], [1, 0.5]], [[0, 0], [2, 2]])
    other = curve([[0, 0], [1, 1]], [[0, 0], [0, 0]])
    # In the resample the first curve is level at 2 from 0.5 on: mean 0.5 + 1.
    assert mean_gap(one, other) == pytest.approx([1.0, 1.5], abs=0.02)


def test_the_area_is_the_gap_times_the_width_of_the_span():
    one, other = curve([0, 2], [5, 9]), curve([1, 3], [4, 8])
    assert area_between(one, other) == pytest.approx([3.0 * 1.0])
    assert area_between(one, other, span=(1.0, 1.5)) == pytest.approx([3.0 * 0.5])
    assert area_between(curve([0, 1], [1, 2]), curve([2, 3], [1, 2])) is None


def test_the_gap_at_a_latency_is_read_off_both_lines_there():
    one, other = curve([0, 2], [5, 9]), curve([1, 3], [4, 8])
    assert gap_at(one, other, 1.5) == pytest.approx([8 - 5])
    assert gap_at(one, other, 0.5) is None
    assert gap_at(one, other, 2.5) is None


def test_a_difference_that_every_resample_has_is_as_sure_as_their_number_allows():
    found = difference(np.linspace(1.0, 2.0, 1001))
    assert found.p_value == pytest.approx(2 / 1001)
    assert (found.gap.value, found.gap.low > 1) == (1.0, True)


def test_a_difference_of_no_sign_is_not_significant():
    assert difference(np.concatenate([[0.1], np.linspace(-1, 1, 1000)])).p_value == 1.0


def test_the_p_value_is_uniform_where_there_is_no_difference():
    # 400 samples of 60 paired normal differences of mean 0, 400 resamples each. The
    # share of p-values below 0.1 has a standard error of 0.015, and the bootstrap's
    # intervals are a little short at n = 60: 0.1 +- 0.05.
    rng = np.random.default_rng(0)
    below = 0
    for _ in range(400):
        values = rng.normal(size=60)
        drawn = rng.choice(values, (400, 60)).mean(axis=1)
        below += difference(np.concatenate([[values.mean()], drawn])).p_value < 0.1
    assert 0.05 < below / 400 < 0.15


def test_resamples_that_drew_no_timed_example_have_no_gap_and_are_left_out():
    nan = np.nan
    one = curve([[0.2, nan, 0.2], [1, nan, 1]], [[1, 1, 1], [3, 3, 3]])
    other = curve([[0.2, nan, 0.2], [1, nan, 1]], [[0, 0, 0], [2, 2, 2]])
    gap = mean_gap(one, other)
    np.testing.assert_allclose(gap, [1, nan, 1])
    found = difference(gap)
    assert (found.gap.low, found.gap.high) == (1, 1)
    assert found.p_value == 1  # of one resample: twice (0 + 1) / (1 + 1)
