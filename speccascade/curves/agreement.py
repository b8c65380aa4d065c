"""How well modelled latency agrees with what was measured, point by point.

Compared is the relative latency of each point on the sentences that were timed. The
target alone is 1 in both and does not count.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from speccascade.curves.observations import Curve, LatencyData
from speccascade.store.timing import example_times, latency_ratios


@dataclasses.dataclass(frozen=True, kw_only=True)
class Agreement:
    """Modelled beside measured.

    Attributes:
      methods: of each point.
      thresholds: likewise.
      measured, modelled: relative latency, f[P].
    """

    methods: tuple[str, ...]
    thresholds: tuple[float | None, ...]
    measured: Float[np.ndarray, " P"]
    modelled: Float[np.ndarray, " P"]

    @property
    def errors(self) -> Float[np.ndarray, " P"]:
        """Modelled / measured - 1 of each point."""
        return self.modelled / self.measured - 1

    @property
    def mean_error(self) -> float:
        """Mean absolute relative error."""
        return float(np.abs(self.errors).mean())

    @property
    def bias(self) -> float:
        """Mean relative error."""
        return float(self.errors.mean())

    @property
    def worst(self) -> int:
        """Place of the point with the largest error."""
        return int(np.abs(self.errors).argmax())

    @property
    def rank_correlation(self) -> float:
        """Spearman's, over all points; NaN where one side is constant."""
        ranks = [_ranks(values) for values in (self.measured, self.modelled)]
        first, second = (one - one.mean() for one in ranks)
        with np.errstate(invalid="ignore"):
            return float(first @ second / np.sqrt(first @ first * (second @ second)))

    def __str__(self) -> str:
        worst = self.worst
        alpha = self.thresholds[worst]
        where = self.methods[worst] + ("" if alpha is None else f" at {alpha:g}")
        return (
            f"modelled latency against measured, {len(self.methods)} points: mean "
            f"absolute error {self.mean_error:.1%} (mean {self.bias:+.1%}), worst "
            f"{self.errors[worst]:+.1%} ({where}), rank correlation "
            f"{self.rank_correlation:.3f}"
        )


def agreement(measured: Sequence[Curve], modelled: Sequence[Curve]) -> Agreement | None:
    """Compares the points that have both.

    Args:
      measured: curves with timings of one machine.
      modelled: the same curves with latency modelled by a profile of that machine.

    Returns:
      None where no point has both.
    """
    models = {
        (curve.method, point.threshold): point.latency
        for curve in modelled
        for point in curve.points
    }
    found = []
    for curve in measured:
        for point in curve.points:
            model = models.get((curve.method, point.threshold))
            if curve.method == "target" or point.latency is None or model is None:
                continue
            rows = set(_rows(point.latency))
            kept = np.array([row in rows for row in _rows(model)])
            if kept.any():
                found.append(
                    (
                        curve.method,
                        point.threshold,
                        _relative(
                            point.latency, np.ones(len(point.latency.seeds), bool)
                        ),
                        _relative(model, kept),
                    )
                )
    if not found:
        return None
    methods, thresholds, clock, model = zip(*found, strict=True)
    return Agreement(
        methods=methods,
        thresholds=thresholds,
        measured=np.array(clock),
        modelled=np.array(model),
    )


def _rows(data: LatencyData) -> list[tuple[int, int]]:
    return list(zip(data.examples.tolist(), data.seeds.tolist(), strict=True))


def _relative(data: LatencyData, kept: np.ndarray) -> float:
    columns = ("examples", "seeds", "seconds", "target_seconds")
    columns += ("emitted", "target_emitted")
    times = example_times(*(getattr(data, name)[kept] for name in columns))
    ratios = latency_ratios(times, np.ones(len(times.examples)))
    return float(ratios["relative_latency"])


def _ranks(values: Float[np.ndarray, " P"]) -> Float[np.ndarray, " P"]:
    """Ranks from 0; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts + 1) / 2)[inverse.reshape(-1)]
