"""The best gamma of a method: how many tokens a round to draft, chosen on validation.

A method that is compared at a gamma which suits another method is compared unfairly, so
each gets its own, plain speculation included. A method's curves at several gammas have
the same thresholds. The choice is made in two steps:

1. Operating thresholds: those with the target's quality. Drafting more tokens a round
   changes what a round costs and not what the output follows, so the quality of a
   threshold is taken over the rows of all gammas together; otherwise noise in quality
   would choose the gamma. If no threshold has that quality, the best one is taken.
2. Each gamma stands at the fastest of these thresholds, and the fastest gamma wins.

    threshold           0          1
    quality, pooled     20         18        the target: 20, so threshold 0 is left
    latency, gamma 2    0.9        0.5
    latency, gamma 4    0.8        0.7       gamma 4, at threshold 0

The winner's own latency is flattered, being the least of several: report the choice on
other data. BiLD, and `bonus: target`, do follow a law that depends on gamma; `quality`
says what the chosen point itself has.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from speccascade.curves.bootstrap import Band, Replicates, Resamples, band, latency
from speccascade.curves.bootstrap import quality as quality_of
from speccascade.curves.observations import Curve, PointData
from speccascade.curves.operating import TOLERANCE, Outcome, quality_outcome
from speccascade.errors import UserError
from speccascade.store.summary import Metric


@dataclasses.dataclass(frozen=True, kw_only=True)
class GammaCost:
    """What one gamma costs where it is best.

    Attributes:
      gamma: tokens drafted a round.
      threshold: the fastest of the operating thresholds.
      relative_latency: there.
      excess: relative latency less that of the chosen gamma, on the same resamples.
    """

    gamma: int
    threshold: float | None
    relative_latency: Band
    excess: Band

    @property
    def is_even(self) -> bool:
        """Whether the sample cannot tell it from the chosen gamma."""
        return self.excess.contains(0.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class GammaChoice:
    """The gamma of one method.

    Attributes:
      method, display_name: whose.
      costs: of every gamma, ascending.
      chosen: the one with the least relative latency.
      quality: of the chosen point, with its difference to the target's.
      reached: whether any threshold had the target's quality.
    """

    method: str
    display_name: str
    costs: tuple[GammaCost, ...]
    chosen: GammaCost
    quality: Outcome
    reached: bool

    @property
    def even(self) -> tuple[int, ...]:
        """Other gammas that may be as good, for all the sample says."""
        return tuple(
            one.gamma for one in self.costs if one is not self.chosen and one.is_even
        )

    @property
    def unsure(self) -> bool:
        """Whether there are any."""
        return bool(self.even)


def choose_gamma(
    curves: Mapping[int, Curve],
    target: PointData,
    metric: Metric,
    resamples: Resamples,
    tolerance: float = TOLERANCE,
) -> GammaChoice:
    """The gamma at which a method is fastest with the target's quality.

    Args:
      curves: of one method by gamma, on the same examples, timed by one machine;
        thresholds that are not timed at every gamma are not considered.
      target: the target alone on the same examples.
      metric: that decides, higher is better.
      resamples: of the examples, shared with what the method is compared with.
      tolerance: share of the target's quality that may lack.

    Raises:
      UserError: the curves are of several methods, or no threshold is timed at every
        gamma.
    """
    methods = {curve.method for curve in curves.values()}
    if len(methods) != 1:
        raise UserError(
            "A gamma is chosen for one method at a time, not for "
            f"{', '.join(sorted(methods)) or 'none'}."
        )
    (method,) = methods
    times = _times(curves, resamples)
    shared = set.intersection(*({*one} for one in times.values()))
    # In the order of the curve, so that a tie goes to the lower threshold.
    first = next(iter(curves.values()))
    timed = [one.threshold for one in first.points if one.threshold in shared]
    if not timed:
        raise UserError(
            f"No threshold of {method!r} is timed at every gamma "
            f"({', '.join(map(str, sorted(curves)))}); finish the sweep first."
        )
    scores = {one: _pooled(curves, one, metric) for one in timed}
    goal = _score([target], metric) * (1 - tolerance)
    fitting = [one for one in timed if scores[one] >= goal]
    # Plain speculation has one point, which is taken whatever noise says of it.
    operating = fitting or [max(timed, key=lambda one: scores[one])]
    best = {
        gamma: min(operating, key=lambda one: found[one][0])
        for gamma, found in times.items()
    }
    least = min(sorted(curves), key=lambda gamma: times[gamma][best[gamma]][0])
    costs = tuple(
        GammaCost(
            gamma=gamma,
            threshold=best[gamma],
            relative_latency=_known(times[gamma][best[gamma]]),
            excess=_known(times[gamma][best[gamma]] - times[least][best[least]]),
        )
        for gamma in sorted(curves)
    )
    chosen = curves[least].point(best[least])
    assert chosen is not None  # it was timed
    outcome = quality_outcome(
        quality_of(chosen, metric, resamples), quality_of(target, metric, resamples)
    )
    assert outcome is not None  # a corpus score is always defined
    return GammaChoice(
        method=method,
        display_name=first.display_name,
        costs=costs,
        chosen=next(one for one in costs if one.gamma == least),
        quality=outcome,
        reached=bool(fitting),
    )


def _times(
    curves: Mapping[int, Curve], resamples: Resamples
) -> dict[int, dict[float | None, Replicates]]:
    """Relative latency by gamma and threshold, in every resample."""
    return {
        gamma: {
            point.threshold: found["relative_latency"]
            for point in curve.points
            if (found := latency(point, resamples)) is not None
        }
        for gamma, curve in curves.items()
    }


def _pooled(
    curves: Mapping[int, Curve], threshold: float | None, metric: Metric
) -> float:
    points = [curve.point(threshold) for curve in curves.values()]
    return _score([one for one in points if one is not None], metric)


def _score(points: list[PointData], metric: Metric) -> float:
    rows = np.concatenate([one.parts[metric.name] for one in points])
    return float(metric.combine(rows.sum(axis=0)))


def _known(values: Replicates) -> Band:
    found = band(values)
    assert found is not None  # row 0 counts every timed example
    return found
