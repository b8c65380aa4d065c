"""Intervals: examples are drawn with replacement, the same ones for every method.

Corpus metrics are functions of sums over examples, and so are rates and relative
latency. A resample of the corpus is a vector of counts, one an example, and all
resamples are one matrix: every statistic is `weights @ sums over seeds` and then a
formula. Row 0 of the matrix counts every example once: the estimate itself.

An example moves with the rows of all its seeds, in every method and in the target, so
that differences between methods are paired.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from speccascade.curves.observations import Curve, PointData
from speccascade.errors import UserError
from speccascade.store.summary import Metric, Ratios
from speccascade.store.timing import ExampleTimes, example_times, latency_ratios

CONFIDENCE = 0.95
# At 1000 the ends of an interval move by about a fortieth of its width (one standard
# error) from one bootstrap seed to another.
REPLICATES = 1000

Replicates = Float[np.ndarray, " R"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Band:
    """An estimate with its percentile interval.

    Attributes:
      value: of the sample itself.
      low, high: 2.5 % and 97.5 % points of the resamples.
    """

    value: float
    low: float
    high: float

    def contains(self, number: float) -> bool:
        """Whether the interval cannot tell the estimate from `number`."""
        return self.low <= number <= self.high


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resamples:
    """Resampled sets of examples.

    Attributes:
      examples: ids, ascending, e of them.
      weights: how often each is counted; row 0 is all ones, the rest are resamples.
    """

    examples: Int[np.ndarray, " e"]
    weights: Float[np.ndarray, "R e"]

    def of(self, examples: Int[np.ndarray, " n"]) -> Float[np.ndarray, "R n"]:
        """The columns of `examples`; UserError if one of them is not resampled."""
        columns = np.searchsorted(self.examples, examples)
        inside = columns < len(self.examples)
        columns = np.where(inside, columns, 0)
        if not np.all(inside & (self.examples[columns] == examples)):
            raise UserError(
                "The curves have different examples; load them with the same "
                "`examples`, or finish the sweep first."
            )
        return self.weights[:, columns]


def resample(
    curves: Iterable[Curve], *, replicates: int = REPLICATES, seed: int = 0
) -> Resamples:
    """Resamples for curves that are compared.

    Raises:
      UserError: their points have different sets of examples, so that a difference
        between them would compare different texts.
    """
    points = [point for curve in curves for point in curve.points]
    if not points:
        raise UserError("There is nothing to draw yet: no point has a finished unit.")
    examples = points[0].example_ids
    for point in points:
        if not np.array_equal(point.example_ids, examples):
            raise UserError(
                f"The curves have different examples ({len(examples)} and "
                f"{len(point.example_ids)}); load them with the same `examples`, or "
                "finish the sweep first."
            )
    # Usually a subset. Drawn with the rest, so that time and quality stay paired.
    timed = [one.latency.examples for one in points if one.latency is not None]
    everything = np.unique(np.concatenate([examples, *timed]))
    return resample_examples(everything, replicates=replicates, seed=seed)


def resample_examples(
    examples: Int[np.ndarray, " e"], *, replicates: int = REPLICATES, seed: int = 0
) -> Resamples:
    """Resamples of distinct example ids, the same for the same ids and seed."""
    ids = np.unique(examples)
    shares = np.full(len(ids), 1 / len(ids))
    drawn = np.random.default_rng(seed).multinomial(len(ids), shares, size=replicates)
    weights = np.concatenate([np.ones((1, len(ids))), drawn.astype(float)])
    return Resamples(examples=ids, weights=weights)


def band(values: Replicates, confidence: float = CONFIDENCE) -> Band | None:
    """The estimate and percentile interval; None where the estimate is undefined.

    Resamples in which the statistic is undefined (nothing was decided) are left out.
    """
    if np.isnan(values[0]):
        return None
    drawn = values[1:][~np.isnan(values[1:])]
    if not len(drawn):
        drawn = values[:1]
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Band(value=float(values[0]), low=float(low), high=float(high))


def quality(point: PointData, metric: Metric, resamples: Resamples) -> Replicates:
    """Corpus score in every resample, f[R]."""
    ids, sums = _per_example(point.examples, point.parts[metric.name])
    return np.asarray(metric.combine(resamples.of(ids) @ sums), dtype=float)


def point_ratios(
    point: PointData, ratios: Ratios, resamples: Resamples
) -> dict[str, Replicates]:
    """Every ratio of the counters in every resample, f[R]; NaN where undefined.

    Args:
      ratios: `engine.counters.ratios`, the one place that knows them.
    """
    known = {name: value for name, value in point.counters.items() if value is not None}
    ids, sums = _per_example(point.examples, np.stack(list(known.values()), axis=-1))
    totals = np.rint(resamples.of(ids) @ sums).astype(int).tolist()
    unknown = dict.fromkeys(set(point.counters) - set(known))
    found = [ratios(dict(zip(known, row, strict=True)) | unknown) for row in totals]
    return {
        name: np.array([np.nan if one[name] is None else one[name] for one in found])
        for name in found[0]
    }


def latency(point: PointData, resamples: Resamples) -> dict[str, Replicates] | None:
    """`timing.latency_ratios` in every resample, f[R]; None if it was not timed."""
    times = point_times(point)
    if times is None:
        return None
    return latency_ratios(times, resamples.of(times.examples))


def point_times(point: PointData) -> ExampleTimes | None:
    """Seconds and tokens of each timed example; None if the point was not timed."""
    data = point.latency
    if data is None:
        return None
    return example_times(
        data.examples,
        data.seeds,
        data.seconds,
        data.target_seconds,
        data.emitted,
        data.target_emitted,
    )


def paired_difference(
    first: PointData, second: PointData, metric: Metric, resamples: Resamples
) -> Band:
    """Quality of `first` less that of `second` on the same resamples of examples.

    Where the interval contains 0, n examples cannot tell the two apart.
    """
    found = band(quality(first, metric, resamples) - quality(second, metric, resamples))
    assert found is not None  # a corpus score is always defined
    return found


def bands(
    values: Mapping[str, Replicates], confidence: float = CONFIDENCE
) -> dict[str, Band | None]:
    """`band` of each statistic."""
    return {name: band(one, confidence) for name, one in values.items()}


def _per_example(
    examples: Int[np.ndarray, " n"], rows: Any
) -> tuple[Int[np.ndarray, " e"], Float[np.ndarray, "e k"]]:
    """Sums the rows of all seeds of an example: ids, and f[e, k]."""
    ids, of_example = np.unique(examples, return_inverse=True)
    sums = np.zeros((len(ids), rows.shape[-1]))
    np.add.at(sums, of_example.reshape(-1), rows)
    return ids, sums
