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

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from speccascade.curves.bootstrap import Band, Replicates, band
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

    Points without latency are left out; NaN in a resample that drew none of the timed
    examples.
    """
    found = []
    for x, y in zip(curve.latency.T, curve.quality.T, strict=True):
        order = np.argsort(x, kind="stable")
        order = order[~np.isnan(x[order])]
        if len(order):
            found.append(np.interp(latencies, x[order], y[order]))
        else:
            found.append(np.full(len(latencies), np.nan))
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


def area_between(
    one: Tradeoff, other: Tradeoff, span: tuple[float, float] | None = None
) -> Replicates | None:
    """The area between two curves, f[R]: `mean_gap` times the width of the span.

    Positive where `one` lies above; in units of quality times relative latency.
    """
    span = span or common_span(one, other)
    gap = mean_gap(one, other, span)
    if span is None or gap is None:
        return None
    return gap * (span[1] - span[0])


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One number of a method less another's, on the same resamples of examples.

    Attributes:
      gap: the difference with its interval.
      p_value: two-sided, of the hypothesis that there is none; never below 2 over the
        number of resamples + 1.
    """

    gap: Band
    p_value: float


def difference(gap: Replicates) -> Difference:
    """The interval of a paired difference and its p-value, from the bootstrap.

    The p-value is twice the smaller share of resamples on either side of 0, each share
    with one resample added on that side, since no finite number of them shows a share
    of 0 (Davison and Hinkley 1997, section 4.2). Resamples in which a curve has no
    latency are left out.

    Args:
      gap: the difference in every resample, f[R], the estimate first; such as
        `mean_gap`, or a row of `gap_at`.

    Example:
        All of 99 resamples lie above 0:

        >>> round(difference(np.linspace(1.0, 2.0, 100)).p_value, 3)
        0.02
    """
    drawn = gap[1:][~np.isnan(gap[1:])]
    below, above = np.sum(drawn <= 0), np.sum(drawn >= 0)
    found = band(gap)
    assert found is not None  # curves are compared where both have points
    return Difference(
        gap=found,
        p_value=float(min(1.0, 2 * (min(below, above) + 1) / (len(drawn) + 1))),
    )


def gap_at(one: Tradeoff, other: Tradeoff, latency: float) -> Replicates | None:
    """Quality of `one` less that of `other` at one latency, f[R].

    None where one of them does not reach that latency.
    """
    span = common_span(one, other)
    if span is None or not span[0] <= latency <= span[1]:
        return None
    at = np.array([latency])
    return (quality_at(one, at) - quality_at(other, at))[0]
