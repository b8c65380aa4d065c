"""Bands: right in size, paired, and the same every time."""

import dataclasses

import numpy as np
import pytest
import scipy.stats

from speccascade.curves import (
    LatencyData,
    PointData,
    estimate_curve,
    estimate_point,
    paired_difference,
    resample,
    resample_examples,
)
from speccascade.curves.bootstrap import band, quality
from speccascade.errors import UserError
from speccascade.tasks.metrics import Bleu

RNG = np.random.default_rng(1)
VALUES = RNG.normal(5, 2, (200, 3)) + RNG.normal(0, 3, (200, 1))


def estimate(point, mean, count_ratios, make_curve):
    resamples = resample([make_curve(point)])
    return estimate_point(point, [mean], count_ratios, resamples)


def test_the_first_row_of_weights_is_the_sample_itself():
    resamples = resample_examples(np.array([5, 3, 9]), replicates=50)
    assert resamples.examples.tolist() == [3, 5, 9]
    assert resamples.weights[0].tolist() == [1, 1, 1]
    assert resamples.weights.shape == (51, 3)
    assert (resamples.weights.sum(axis=1) == 3).all()
    assert resamples.of(np.array([9, 3])).shape == (51, 2)
    again = resample_examples(np.array([9, 3, 5]), replicates=50)
    np.testing.assert_array_equal(again.weights, resamples.weights)


@pytest.mark.parametrize("missing", [4, 99, -1])
def test_an_example_that_is_not_resampled_is_refused(missing):
    with pytest.raises(UserError, match="different examples"):
        resample_examples(np.array([5, 3, 9])).of(np.array([missing]))


def test_a_band_agrees_with_scipy_where_seeds_of_an_example_move_together(
    make_point, mean, count_ratios, make_curve
):
    found = estimate(make_point(VALUES), mean, count_ratios, make_curve)
    expected = scipy.stats.bootstrap(
        (VALUES.mean(axis=1),), np.mean, method="percentile", n_resamples=4000, rng=0
    ).confidence_interval
    score = found.quality["mean"]
    assert score.value == pytest.approx(VALUES.mean())
    # The standard error of either end is about 0.02 at 1000 resamples.
    assert score.low == pytest.approx(expected.low, abs=0.07)
    assert score.high == pytest.approx(expected.high, abs=0.07)
    # Rows taken for independent would give a band 1.5 times narrower.
    assert score.high - score.low > 0.8
    assert (found.n, found.seeds) == (200, (0, 1, 2))


def test_the_same_rows_give_the_same_bands(make_point, mean, count_ratios, make_curve):
    one, two = (
        estimate(make_point(VALUES), mean, count_ratios, make_curve) for _ in range(2)
    )
    assert one == two


def test_differences_are_paired_over_examples(make_point, mean, make_curve):
    better, worse = make_point(VALUES + 0.1), make_point(VALUES)
    resamples = resample([make_curve(better, worse)])
    found = paired_difference(better, worse, mean, resamples)
    # The same constant in every resample, though each quality has a band of 0.8.
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))
    assert not found.contains(0.0)
    assert paired_difference(worse, worse, mean, resamples).contains(0.0)


def test_curves_with_different_examples_are_not_compared(make_point, make_curve):
    with pytest.raises(UserError, match=r"different examples \(200 and 199\)"):
        resample([make_curve(make_point(VALUES)), make_curve(make_point(VALUES[1:]))])
    with pytest.raises(UserError, match="nothing to draw"):
        resample([make_curve()])


def test_corpus_bleu_is_resampled_by_corpora(make_curve):
    metric = Bleu()
    pairs = [
        ("ein Haus am See .", "ein Haus am See ."),
        ("zwei gute alte Bäume", "x y"),
    ]
    parts = np.array([metric.parts(*pairs[i % 3 % 2]) for i in range(30)])
    point = PointData(
        threshold=None,
        label=None,
        examples=np.arange(30),
        seeds=np.zeros(30, int),
        parts={"bleu": parts},
        counters={},
    )
    resamples = resample([make_curve(point)], replicates=20)
    found = quality(point, metric, resamples)
    for row, weights in enumerate(resamples.weights):
        whole = np.repeat(parts, weights.astype(int), axis=0).sum(axis=0)
        assert found[row] == pytest.approx(float(metric.combine(whole)))


def test_ratios_have_bands_and_undefined_ones_have_none(
    make_point, mean, count_ratios, make_curve
):
    found = estimate(make_point(VALUES), mean, count_ratios, make_curve).ratios
    assert found["rejection_rate"].value == pytest.approx(0.5 / 3.5)
    assert found["rejection_rate"].low < 0.5 / 3.5 < found["rejection_rate"].high
    without_r = make_point(VALUES, deferred=False)
    found = estimate(without_r, mean, count_ratios, make_curve).ratios
    assert found["deferral_rate"] is None


def test_relative_latency_is_a_ratio_of_sums_of_medians(
    make_point, mean, count_ratios, make_curve
):
    seconds = [[0.2, 9.0, 0.4], [0.6, 0.8, 0.0], [1.2, 1.0, 1.1]]
    point = make_point(VALUES, seconds=seconds)
    found = estimate(point, mean, count_ratios, make_curve).latency
    assert found.relative_latency.value == pytest.approx((0.4 + 0.6 + 1.1) / 3)
    assert 0.4 <= found.relative_latency.low < found.relative_latency.high <= 1.1
    assert found.seconds_per_token.value == pytest.approx(2.1 / 30)
    assert found.target_seconds_per_token.value == pytest.approx(3 / 24)
    assert found.length_ratio.value == pytest.approx(10 / 8)
    assert (found.n, found.repeats, found.host) == (3, 3, "a")


def test_timings_of_examples_beyond_those_scored_are_resampled_with_them(
    make_point, mean, count_ratios, make_curve
):
    point = make_point(VALUES[:5], seconds=np.ones((3, 1)))
    late = dataclasses.replace(point.latency, examples=np.array([0, 1, 70]))
    assert isinstance(late, LatencyData)
    point = dataclasses.replace(point, latency=late)
    resamples = resample([make_curve(point)])
    assert resamples.examples.tolist() == [0, 1, 2, 3, 4, 70]
    (found,) = estimate_curve(make_curve(point), [mean], count_ratios, resamples)
    assert found.latency.relative_latency.value == 1.0


def test_resamples_without_a_value_are_left_out_of_a_band():
    found = band(np.array([1.0, np.nan, 2.0, 2.0]))
    assert (found.value, found.low, found.high) == (1.0, 2.0, 2.0)
    assert band(np.array([np.nan, 1.0])) is None
    assert band(np.array([1.0, np.nan])).low == 1.0
