"""Is one method's curve above another's? Paired, over the latencies that both reach.

A method offers a curve, and a single point of it proves little: what is compared is the
quality that each gives at the same latency, averaged over the span of latencies where
both have points.

    quality     a . . a                 gap at a latency: a's quality less b's, each
              b   a     . b             joined by straight lines between its points
            +----|-------|----          mean gap: over equal steps of the common span
               low     high

Examples are resampled for both at once, so what they have in common cancels. The span
is that of the estimate in every resample; beyond its ends a resampled curve is level.
"""

import numpy as np
from jaxtyping import Float

from speccascade.curves.bootstrap import Replicates
from speccascade.curves.operating import Tradeoff

STEPS = 41


def common_span(one: Tradeoff, other: Tradeoff) -> tuple[float, float] | None:
    """The latencies that both curves reach; None where there are none."""
    first, second = one.latency[:, 0], other.latency[:, 0]
    if np.isnan(first).all() or np.isnan(second).all():
        return None
    low = float(max(np.nanmin(first), np.nanmin(second)))
    high = float(min(np.nanmax(first), np.nanmax(second)))
    return (low, high) if low < high else None


def quality_at(
    curve: Tradeoff, latencies: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "n R"]:
    """Quality at given latencies in every resample; level beyond the curve's ends.

    Points without latency are left out.
    """
    found = []
    for x, y in zip(curve.latency.T, curve.quality.T, strict=True):
        order = np.argsort(x, kind="stable")
        order = order[~np.isnan(x[order])]
        found.append(np.interp(latencies, x[order], y[order]))
    return np.stack(found, axis=1)


def mean_gap(
    one: Tradeoff, other: Tradeoff, span: tuple[float, float] | None = None
) -> Replicates | None:
    """Mean quality of `one` less that of `other` over a span of latencies, f[R].

    Args:
      one, other: curves in the same resamples.
      span: latencies; by default those that both curves reach.

    Returns:
      None where no latency is reached by both.
    """
    span = span or common_span(one, other)
    if span is None:
        return None
    latencies = np.linspace(*span, STEPS)
    return (quality_at(one, latencies) - quality_at(other, latencies)).mean(axis=0)
