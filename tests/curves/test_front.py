"""The Pareto front over methods."""

import numpy as np

from speccascade.curves import Tradeoff, pareto_front


def front(**curves):
    made = {
        name: Tradeoff(latency=np.array(x, float), quality=np.array(y, float))
        for name, (x, y) in curves.items()
    }
    found = pareto_front(made)
    return [(one.method, one.index) for one in found]


def test_a_point_that_another_beats_in_both_is_not_on_the_front():
    assert front(a=[(0.4, 0.8), (10, 20)], b=[(0.5, 0.7), (9, 21)]) == [
        ("a", 0),
        ("b", 1),
    ]


def test_of_points_as_fast_the_better_is_on_the_front():
    assert front(a=[(0.5,), (10,)], b=[(0.5,), (11,)]) == [("b", 0)]


def test_of_points_as_good_the_faster_is_on_the_front():
    assert front(a=[(0.6,), (10,)], b=[(0.5,), (10,)]) == [("b", 0)]


def test_equal_points_stand_once():
    assert front(a=[(0.5,), (10,)], b=[(0.5,), (10,)]) == [("a", 0)]


def test_points_without_latency_are_left_out():
    assert front(a=[(np.nan, 0.9), (99, 10)]) == [("a", 1)]


def test_of_resampled_curves_the_estimates_count():
    made = Tradeoff(latency=np.array([[0.5, 0.9]]), quality=np.array([[10.0, 5.0]]))
    (found,) = pareto_front({"a": made})
    assert (found.latency, found.quality) == (0.5, 10.0)
