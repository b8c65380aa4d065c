"""What a curve is worth, by hand. `test_paper.py` does it with the paper's curves."""

import numpy as np
import pytest

from speccascade.curves import (
    Tradeoff,
    best_quality,
    best_quality_within,
    chosen_for_quality,
    chosen_for_speed,
    matched_speedup,
    resample,
    speedup_at_matched_quality,
)
from speccascade.errors import UserError


def curve(*points):
    latency, quality = np.array(points, float).T
    return Tradeoff(latency=latency, quality=quality)


def speedup(points, goal, tolerance=0.001):
    goal = np.array(goal, float)
    return float(speedup_at_matched_quality(curve(*points), goal, tolerance))


@pytest.mark.parametrize(
    ("points", "goal", "latency"),
    [
        ([(0.4, 10), (0.8, 20)], 15, 0.6),  # between two points
        ([(0.8, 20), (0.4, 10)], 15, 0.6),  # in any order
        ([(0.4, 10), (0.6, 20), (0.8, 10), (0.9, 20)], 15, 0.5),  # the first time
        ([(0.4, 20), (0.8, 30)], 15, 0.4),  # from the first point on
        ([(0.4, 10), (0.8, 20)], 20, 0.8),  # exactly at a point
        ([(0.4, 10), (0.8, 19.99)], 20, 0.8),  # within the tolerance, nothing lowered
        ([(0.4, 10), (0.8, 15)], 20, np.inf),  # never
        ([(0.4, 10), (np.nan, 30), (0.8, 20)], 15, 0.6),  # a point that was not timed
        ([(0.4, 10), (np.nan, 30)], 15, np.inf),
        ([(np.nan, 10), (np.nan, 30)], 15, np.nan),  # nothing was timed
        ([(0.4, 16), (0.4, 10), (0.8, 20)], 15, 0.4),
    ],
)
def test_speedup_is_read_where_the_line_first_reaches_the_quality(
    points, goal, latency
):
    np.testing.assert_allclose(speedup(points, goal), 1 / latency)


def test_without_tolerance_a_point_just_below_does_not_count():
    assert speedup([(0.4, 10), (0.8, 19.99)], 20, tolerance=0.0) == 0


def test_best_quality_is_that_of_a_point_no_slower_than_the_target():
    found = curve((0.5, 10), (1.0, 20), (1.01, 30), (np.nan, 40))
    assert best_quality_within(found) == 20
    assert best_quality_within(found, 2.0) == 30
    assert np.isnan(best_quality_within(found, 0.4))


def test_resamples_are_read_one_by_one():
    rng = np.random.default_rng(0)
    latency, quality = rng.uniform(0.3, 1.5, (6, 50)), rng.uniform(0, 30, (6, 50))
    goal = rng.uniform(10, 30, 50)
    whole = Tradeoff(latency=latency, quality=quality)
    one_by_one = [
        speedup(np.stack([latency[:, i], quality[:, i]], axis=-1), goal[i])
        for i in range(50)
    ]
    np.testing.assert_array_equal(speedup_at_matched_quality(whole, goal), one_by_one)
    assert 0 < one_by_one.count(0.0) < 50


@pytest.fixture
def known(make_point, make_curve):
    """Two splits of a method with points at relative latency .5, .8 and 1.1."""

    def make(offsets, count=400, seconds=(0.5, 0.8, 1.1), seed=0):
        rng = np.random.default_rng(seed)
        base = rng.normal(10, 3, (count, 1))
        points = [
            make_point(
                base + offset + rng.normal(0, 0.5, (count, 1)),
                threshold=float(index),
                seconds=None if seconds is None else np.full((20, 2), seconds[index]),
            )
            for index, offset in enumerate(offsets)
        ]
        return make_curve(*points), make_point(base)

    return make


def test_a_clear_win_is_told_from_the_target_and_a_tie_is_not(known, mean):
    points, target = known((-2, 1, 2))
    resamples = resample([points])
    found = matched_speedup(points, target, mean, resamples)
    assert found.estimate.value == pytest.approx(1 / 0.7, rel=0.02)
    assert found.estimate.low > 1.3 and not found.unsure and found.reached == 1.0
    best = best_quality(points, target, mean, resamples)
    assert best.difference.value == pytest.approx(1, abs=0.1)
    assert not best.unsure
    tie, target = known((-2, -1, 0.001), seconds=(0.5, 0.8, 0.99))
    assert best_quality(tie, target, mean, resample([tie])).unsure


def test_a_resample_without_a_timed_example_is_not_a_speedup_of_zero(
    make_point, make_curve, mean
):
    # One of 40 examples is timed: 0.975**40 = 36 % of the resamples do not draw it.
    values = np.full(40, 10.0)
    curve = make_curve(make_point(values, threshold=0.5, seconds=[[0.5]]))
    found = matched_speedup(curve, make_point(values), mean, resample([curve]))
    assert (found.estimate.low, found.estimate.high) == (2.0, 2.0)
    assert found.reached == 1.0 and not found.unsure


def test_a_quality_that_few_resamples_reach_shows_in_the_interval(known, mean):
    points, target = known((-2, -1, 0.01))
    found = matched_speedup(points, target, mean, resample([points]))
    assert 0.5 < found.reached < 1
    assert found.estimate.low == 0.0
    never, target = known((-2, -1, -1))
    assert matched_speedup(never, target, mean, resample([never])) is None


def test_the_threshold_is_chosen_on_validation_and_reported_on_test(known, mean):
    validation, validation_target = known((-2, 1, 0.5), seed=1)
    # On test the first point would be the best, but nobody looks.
    test, target = known((3, -0.5, 0.5), seed=2)
    resamples = resample([test])
    found = chosen_for_speed(
        validation, test, validation_target, target, mean, resamples
    )
    assert (found.threshold, found.latency_from) == (1.0, "validation")
    assert found.speedup.estimate.value == pytest.approx(1 / 0.8)
    assert found.difference.value == pytest.approx(-0.5, abs=0.1)
    assert not found.quality.unsure
    found = chosen_for_quality(validation, test, target, mean, resamples)
    assert found.threshold == 1.0


def test_seconds_of_test_serve_where_validation_was_not_timed(known, mean):
    validation, validation_target = known((-2, 1, 2), seconds=None)
    test, target = known((0, 0, 0))
    found = chosen_for_speed(
        validation, test, validation_target, target, mean, resample([test])
    )
    assert (found.threshold, found.latency_from) == (1.0, "test")


def test_nothing_is_chosen_where_validation_has_nothing_to_offer(known, mean):
    validation, validation_target = known((-2, -1, -1))
    test, target = known((3, 3, 3))
    resamples = resample([test])
    arguments = (validation, test, validation_target, target, mean, resamples)
    assert chosen_for_speed(*arguments) is None
    assert (
        chosen_for_quality(validation, test, target, mean, resamples, budget=0.1)
        is None
    )


def test_curves_that_do_not_belong_together_are_refused(known, make_curve, mean):
    validation, target = known((1, 1, 1))
    other = make_curve(*validation.points, method="chow")
    resamples = resample([validation])
    with pytest.raises(UserError, match="one method"):
        chosen_for_speed(validation, other, target, target, mean, resamples)
    cut = make_curve(*validation.points[:1])
    with pytest.raises(UserError, match="share no threshold"):
        chosen_for_quality(
            make_curve(*validation.points[1:]), cut, target, mean, resamples
        )
