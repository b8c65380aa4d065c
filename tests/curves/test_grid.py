"""Grids: distinct operating points, whatever the statistic looks like."""

import hypothesis
import hypothesis.extra.numpy
import hypothesis.strategies as st
import numpy as np
import pytest

from speccascade.curves import threshold_grid

INF = float("inf")


def thresholds(grid):
    return [point.threshold for point in grid]


def test_the_example_in_the_module():
    switches = np.array([0, 0, 0, 0.2, 0.2, 0.5, 0.9, 0.9])
    grid = threshold_grid(switches, lossless=-INF, drafter=1.0)
    assert thresholds(grid) == [-INF, 0.1, 0.3, 0.7, 1.0]
    assert [point.kept for point in grid] == [0, 3 / 8, 5 / 8, 6 / 8, 1]
    assert [point.label for point in grid] == ["lossless", *[None] * 3, "drafter"]


def test_quantiles_that_meet_in_one_gap_give_one_point():
    switches = np.array([0.0] * 90 + [0.5] * 10)
    grid = threshold_grid(
        switches, lossless=-1.0, drafter=1.0, quantiles=[0.1, 0.5, 0.9]
    )
    assert thresholds(grid) == [-1.0, 0.2, 1.0]


def test_a_heavy_atom_does_not_eat_the_points():
    # TokenV3: nine in ten drafted tokens are the target's mode and switch at 0.
    rng = np.random.default_rng(0)
    switches = np.concatenate([np.zeros(900), rng.uniform(0.01, 1, 100)])
    grid = threshold_grid(switches, lossless=-INF, drafter=1.0, count=6)
    kept = [point.kept for point in grid[1:-1]]
    assert len(kept) == 6
    assert kept == pytest.approx(np.linspace(0.9, 0.999, 6), abs=2e-3)


def test_slots_that_are_always_or_never_kept_are_no_trouble():
    switches = np.array([-INF, -INF, 0.25, 3.0, INF])
    grid = threshold_grid(switches, lossless=-INF, drafter=INF)
    assert [point.kept for point in grid] == [0, 0.4, 0.6, 0.8, 1]
    assert thresholds(grid) == sorted(thresholds(grid))
    assert np.isfinite(thresholds(grid)[1:-1]).all()


def test_a_threshold_stays_within_the_range_of_its_rule():
    switches = np.array([-INF, 0.0, 0.5, 2.0])
    grid = threshold_grid(switches, lossless=0.0, drafter=1.0)
    assert thresholds(grid) == [0.0, 0.2, 0.8, 1.0]


@pytest.mark.parametrize(
    "change",
    [
        {"switches": np.array([])},
        {"switches": np.array([np.nan])},
        {"lossless": 1.0},
        {"quantiles": [0.0]},
    ],
)
def test_what_gives_no_grid_is_refused(change):
    arguments = {"switches": np.ones(3), "lossless": 0.0, "drafter": 1.0} | change
    with pytest.raises(ValueError):
        threshold_grid(**arguments)


@hypothesis.given(
    switches=hypothesis.extra.numpy.arrays(
        np.float32,
        st.integers(1, 60),
        elements=st.floats(-10, 10, width=16) | st.sampled_from([-INF, INF, 0.0, 1.0]),
    ),
    count=st.integers(1, 12),
)
def test_no_two_points_keep_the_same_slots(switches, count):
    grid = threshold_grid(
        switches.astype(float), lossless=-INF, drafter=INF, count=count
    )
    alphas = np.array(thresholds(grid), np.float32)  # as the engine gets them
    assert (np.diff(alphas) > 0).all()
    inside = [(switches <= alpha).mean() for alpha in alphas[1:-1]]
    assert inside == pytest.approx([point.kept for point in grid[1:-1]])
    assert (np.diff(inside) > 0).all()
    possible = len(np.unique(switches)) - 1
    assert len(inside) == min(count, possible)
