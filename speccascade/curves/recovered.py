"""How much of the gap between the two models a curve recovers, over all costs at once.

As in the literature on routing (RouteLLM, Ong et al. 2024): the performance gap
recovered at a cost c is

    PGR(c) = (quality(c) - drafter's) / (target's - drafter's),

and APGR is its mean over costs. There the cost is the share of calls to the strong
model and runs from 0 to 1. Ours is relative latency, and runs from the drafter's own to
1, the target's: faster than the drafter nothing can be, and slower than the target
nothing need be.

    PGR   1 |- - - - - . - -        the drafter until the curve begins,
            |        .  `  .        straight lines between its points,
            |      .                level beyond its last
          0 |_ _ _|_____________
         drafter's          1  latency

So a method is paid for being good and for being fast. Above 1 it is better than the
target over most of the span.
"""

import numpy as np

from speccascade.curves.bootstrap import Replicates
from speccascade.curves.compare import STEPS, quality_at
from speccascade.curves.operating import Tradeoff

__all__ = ["average_gap_recovered", "normalised"]


def average_gap_recovered(
    curve: Tradeoff,
    drafter: Replicates,
    target: Replicates,
    span: tuple[float, float],
) -> Replicates | None:
    """APGR in every resample, f[R].

    Args:
      curve: of the method, f[P, R].
      drafter, target: quality of each model alone in the same resamples, f[R].
      span: latencies that are averaged over, usually the drafter's alone and 1.

    Returns:
      None where no point of the curve was timed, or the span holds no latency, for the
      drafter is not the faster. NaN in a resample where the two models are alike, or
      that drew no timed example.
    """
    if np.isnan(curve.latency[:, 0]).all() or not span[0] < span[1]:
        return None
    latencies = np.linspace(*span, STEPS)
    found = quality_at(curve, latencies)
    begins = np.fmin.reduce(curve.latency, axis=0)  # NaN where all are
    found = np.where(latencies[:, None] < begins, drafter, found)
    return normalised(found, drafter, target).mean(axis=0)


def normalised(
    quality: np.ndarray, drafter: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """(quality - drafter's) / (target's - drafter's); NaN where the two are alike."""
    gap = np.asarray(target, float) - drafter
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, np.nan, (quality - drafter) / gap)
