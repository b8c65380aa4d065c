"""The gamma of a method: fastest where it has the target's quality."""

import numpy as np
import pytest

from speccascade.curves import choose_gamma, resample
from speccascade.errors import UserError


@pytest.fixture
def target(make_point):
    return make_point([20.0] * 8)


@pytest.fixture
def choose(make_curve, make_point, target, mean):
    """A choice from {gamma: {threshold: (quality, seconds of each example)}}."""

    def chosen(**gammas):
        curves = {
            int(name.removeprefix("gamma_")): make_curve(
                *(
                    make_point(
                        np.broadcast_to(quality, 8),
                        threshold=threshold,
                        seconds=None
                        if seconds is None
                        else np.broadcast_to(seconds, 8)[:, None],
                    )
                    for threshold, (quality, seconds) in points.items()
                )
            )
            for name, points in gammas.items()
        }
        return choose_gamma(curves, target, mean, resample([*curves.values()]))

    return chosen


def test_the_example_in_the_module(choose):
    found = choose(
        gamma_2={0.0: (20, 0.9), 1.0: (18, 0.5)},
        gamma_4={0.0: (20, 0.8), 1.0: (18, 0.7)},
    )
    assert (found.chosen.gamma, found.chosen.threshold) == (4, 0.0)
    assert found.reached and not found.unsure
    assert found.chosen.relative_latency.value == pytest.approx(0.8)
    assert [one.gamma for one in found.costs] == [2, 4]
    assert found.costs[0].excess.value == pytest.approx(0.1)
    assert found.chosen.excess.value == 0


def test_each_gamma_stands_at_its_own_fastest_threshold(choose):
    found = choose(
        gamma_2={0.0: (20, 0.9), 0.5: (21, 0.6), 1.0: (10, 0.1)},
        gamma_4={0.0: (20, 0.7), 0.5: (21, 0.8), 1.0: (10, 0.1)},
    )
    assert [one.threshold for one in found.costs] == [0.5, 0.0]
    assert found.chosen.gamma == 2


def test_noise_in_quality_does_not_choose_the_gamma(choose):
    # Apart, 0.5 has the target's quality at gamma 2 alone; together it has it.
    points = {"gamma_2": (20.5, 0.6), "gamma_4": (19.9, 0.5)}
    found = choose(**{name: {0.0: (20, 0.9), 0.5: at} for name, at in points.items()})
    assert (found.chosen.gamma, found.chosen.threshold) == (4, 0.5)
    # And what the chosen point itself has is said.
    assert found.quality.estimate.value == pytest.approx(19.9)
    assert found.quality.difference.value == pytest.approx(-0.1)


def test_without_a_threshold_the_one_point_is_compared_whatever_its_quality(choose):
    found = choose(gamma_1={None: (15, 0.9)}, gamma_3={None: (25, 1.1)})
    assert (found.chosen.gamma, found.chosen.threshold) == (1, None)
    assert found.reached
    low = choose(gamma_1={None: (15, 0.9)}, gamma_3={None: (16, 0.8)})
    assert low.chosen.gamma == 3 and not low.reached


def test_where_the_quality_is_never_reached_the_best_threshold_is_compared(choose):
    found = choose(
        gamma_2={0.0: (18, 0.9), 1.0: (12, 0.2)},
        gamma_4={0.0: (18, 0.8), 1.0: (12, 0.3)},
    )
    assert (found.chosen.gamma, found.chosen.threshold) == (4, 0.0)
    assert not found.reached


def test_gammas_that_the_examples_cannot_tell_apart_make_the_choice_unsure(choose):
    wild = np.array([0.2, 1.5, 0.4, 1.2, 0.3, 1.4, 0.1, 1.2])
    found = choose(
        gamma_2={None: (20, 0.8)},
        gamma_3={None: (20, wild)},
        gamma_5={None: (20, 1.6)},
    )
    assert found.chosen.gamma == 3  # on average 0.79
    assert found.unsure and found.even == (2,)
    # Paired: the same examples are slow at both, so a small gain at each is sure.
    paired = choose(gamma_2={None: (20, wild)}, gamma_3={None: (20, wild + 0.05)})
    assert paired.chosen.gamma == 2 and not paired.unsure


def test_a_threshold_that_is_not_timed_everywhere_is_not_considered(choose):
    found = choose(
        gamma_2={0.0: (20, 0.9), 1.0: (20, 0.1)},
        gamma_4={0.0: (20, 0.8), 1.0: (20, None)},
    )
    assert (found.chosen.gamma, found.chosen.threshold) == (4, 0.0)
    with pytest.raises(UserError, match="No threshold of 'opt' is timed at every"):
        choose(gamma_2={0.0: (20, 0.9)}, gamma_4={0.0: (20, None)})


def test_a_tie_goes_to_the_smaller_gamma_and_says_that_it_is_one(choose):
    found = choose(gamma_5={None: (20, 0.7)}, gamma_3={None: (20, 0.7)})
    assert found.chosen.gamma == 3 and found.even == (5,)


def test_curves_of_two_methods_are_refused(make_curve, make_point, target, mean):
    point = make_point([20.0] * 8, seconds=np.ones((8, 1)))
    curves = {2: make_curve(point), 3: make_curve(point, method="diff")}
    with pytest.raises(UserError, match="one method at a time, not for diff, opt"):
        choose_gamma(curves, target, mean, resample([*curves.values()]))
