"""What a curve is worth: speed at the target's quality, quality within its time.

The paper's two numbers (Narasimhan et al. 2025, Table 2), as recovered by reproducing
the table from the published curves:

- *Speed-up at matched quality*: 1 / the relative latency at which the latency-quality
  curve, joined by straight lines, first reaches the target's quality, from low latency
  up. A sweep point within 0.1 % of the target's quality counts as reaching it, but the
  lines are followed to the quality itself. So 32 of the 37 cells whose curves were
  published come out within 0.015; lowering the quality by 0.1 % along the lines as
  well gives 30, no tolerance 31.
- *Best quality within the target's latency*: the highest quality of a sweep point with
  relative latency of at most 1; 34 of 37 cells.

Both pick the best of many thresholds on the data that they report, which flatters
noisy curves with many points. `chosen.py` is the honest counterpart.

Every function runs over leading points P and any trailing axes, such as resamples.
"""

import dataclasses

import numpy as np
from jaxtyping import Float

from speccascade.curves.bootstrap import Band, Resamples, band, latency, quality
from speccascade.curves.observations import Curve, PointData
from speccascade.store.summary import Metric

TOLERANCE = 0.001

OfPoints = Float[np.ndarray, "P *r"]
Each = Float[np.ndarray, "*r"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tradeoff:
    """Latency and quality of the points of a curve, NaN where a point was not timed."""

    latency: OfPoints
    quality: OfPoints


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """One cell of the table.

    Attributes:
      estimate: value and interval; a resample that does not reach the target's
        quality counts as a speed-up of 0, one without a timed example not at all.
      reached: share of resamples in which there was a value at all, of those with a
        timed example where it is a speed-up.
      unsure: whether n examples cannot tell the method from the target alone: the
        interval of the difference in quality contains 0, that of a speed-up 1.
      difference: quality less the target's, with its interval; None for a speed-up.
    """

    estimate: Band
    reached: float
    unsure: bool
    difference: Band | None = None


def tradeoff(curve: Curve, metric: Metric, resamples: Resamples) -> Tradeoff:
    """The curve in every resample: f[P, R]."""
    untimed = np.full(len(resamples.weights), np.nan)
    times = [latency(point, resamples) for point in curve.points]
    return Tradeoff(
        latency=np.stack(
            [untimed if one is None else one["relative_latency"] for one in times]
        ),
        quality=np.stack([quality(point, metric, resamples) for point in curve.points]),
    )


def speedup_at_matched_quality(
    curve: Tradeoff, target_quality: Each, tolerance: float = TOLERANCE
) -> Each:
    """1 / the latency at which the curve first reaches the target's quality.

    Args:
      curve: points in any order; those without latency are left out.
      target_quality: of the target alone, higher is better.
      tolerance: share of the target's quality that a sweep point may lack.

    Returns:
      The speed-up; 0 where the quality is never reached, NaN where no point was timed.
    """
    cost = cost_at_matched_quality(curve, target_quality, tolerance)
    return np.asarray(1 / cost)


def cost_at_matched_quality(
    curve: Tradeoff, target_quality: Each, tolerance: float = TOLERANCE
) -> Each:
    """The latency at which the curve first reaches the target's quality.

    Arguments as `speedup_at_matched_quality`; infinite where the quality is never
    reached. Other costs than latency do as well.
    """
    order = np.argsort(curve.latency, axis=0, kind="stable")  # NaN goes last
    x = np.take_along_axis(curve.latency, order, axis=0)
    y = np.take_along_axis(curve.quality, order, axis=0)
    reaches = (y >= target_quality * (1 - tolerance)) & ~np.isnan(x)
    first = np.argmax(reaches, axis=0)[None]
    before = np.maximum(first - 1, 0)
    x1, y1, x0, y0 = (
        np.take_along_axis(values, index, axis=0)[0]
        for values, index in ((x, first), (y, first), (x, before), (y, before))
    )
    # From a point that reaches the quality only within the tolerance, or that is the
    # first, nothing is left to interpolate: share = 1.
    rise = y1 - y0
    share = np.where(rise > 0, (target_quality - y0) / np.where(rise > 0, rise, 1), 1)
    crossing = x0 + np.clip(share, 0, 1) * (x1 - x0)
    never = np.where(np.isnan(x).all(axis=0), np.nan, np.inf)
    return np.where(reaches.any(axis=0), crossing, never)


def best_quality_within(curve: Tradeoff, budget: float = 1.0) -> Each:
    """The highest quality of a point with relative latency <= budget; NaN if none."""
    allowed = curve.latency <= budget  # False where there is no latency
    best = np.where(allowed, curve.quality, -np.inf).max(axis=0)
    return np.where(allowed.any(axis=0), best, np.nan)


def worth(
    curve: Tradeoff, target_quality: float, *, timed: bool, tolerance: float = TOLERANCE
) -> tuple[float | None, float | None]:
    """The two numbers of one curve without bootstrap copies.

    Args:
      curve: [points]; its latency may be another cost.
      target_quality: of the target alone.
      timed: whether the cost is relative latency.
      tolerance: as of `speedup_at_matched_quality`.

    Returns:
      Over relative latency: the speed-up where the curve first has the target's
      quality, and the best quality within the target's latency. Over another cost: that
      cost, and the best quality of all. None where the quality is not reached.
    """
    cost = float(cost_at_matched_quality(curve, np.array(target_quality), tolerance))
    best = float(best_quality_within(curve, 1.0 if timed else np.inf))
    first = None if not np.isfinite(cost) else 1 / cost if timed else cost
    return first, None if np.isnan(best) else best


def matched_speedup(
    curve: Curve,
    target: PointData,
    metric: Metric,
    resamples: Resamples,
    tolerance: float = TOLERANCE,
) -> Outcome | None:
    """The paper's speed-up of a curve with its interval; None if it is not reached."""
    goal = quality(target, metric, resamples)
    return speedup_outcome(
        speedup_at_matched_quality(
            tradeoff(curve, metric, resamples), goal, tolerance=tolerance
        )
    )


def best_quality(
    curve: Curve,
    target: PointData,
    metric: Metric,
    resamples: Resamples,
    budget: float = 1.0,
) -> Outcome | None:
    """The paper's best quality of a curve with its interval; None without a point."""
    return quality_outcome(
        best_quality_within(tradeoff(curve, metric, resamples), budget),
        quality(target, metric, resamples),
    )


def speedup_outcome(speedups: Float[np.ndarray, " R"]) -> Outcome | None:
    """The cell of a speed-up: 0 is "never reached", NaN "not timed"."""
    estimate = band(speedups)
    if estimate is None or estimate.value == 0:
        return None
    drawn = speedups[1:][~np.isnan(speedups[1:])]
    return Outcome(
        estimate=estimate,
        reached=float(np.mean(drawn > 0)) if len(drawn) else 1.0,
        unsure=estimate.contains(1.0),
    )


def quality_outcome(
    scores: Float[np.ndarray, " R"], target: Float[np.ndarray, " R"]
) -> Outcome | None:
    """The cell of a quality that is NaN where no point is fast enough."""
    estimate, difference = band(scores), band(scores - target)
    if estimate is None or difference is None:
        return None
    return Outcome(
        estimate=estimate,
        reached=_share_defined(scores),
        unsure=difference.contains(0.0),
        difference=difference,
    )


def _share_defined(values: Float[np.ndarray, " R"]) -> float:
    return float(np.mean(~np.isnan(values[1:])))
