"""Thresholds at distinct operating points, from what a rule does on validation data.

In every rule a higher alpha defers less. So a decided slot has one *switch*, the alpha
from which on it is kept, and the share of slots kept at alpha is the share of switches
<= alpha. A blind grid puts many thresholds where that share does not change (TokenV3
below 0) and none where it moves; a grid at quantiles of the switches does not.

    switches  0  0  0  .2  .2  .5  .9  .9        shares kept at
    alpha     .1 keeps 3/8   .3 keeps 5/8   .7 keeps 6/8   (between the switches)

A threshold lies between two neighbouring switches, at the number with the fewest digits
there: a slot that ties is not decided by the last bit of a float32, and a configuration
stays readable.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from speccascade.curves.observations import Label


@dataclasses.dataclass(frozen=True, kw_only=True)
class GridPoint:
    """One threshold of a grid.

    Attributes:
      threshold: alpha.
      label: "lossless" or "drafter" at the ends.
      kept: share of the slots that are kept there; 0 and 1 at the ends.
    """

    threshold: float
    label: Label | None
    kept: float


def threshold_grid(
    switches: Float[np.ndarray, " n"],
    *,
    lossless: float,
    drafter: float,
    count: int = 6,
    quantiles: Sequence[float] | None = None,
) -> tuple[GridPoint, ...]:
    """The two ends of a rule's range and distinct thresholds between them.

    Args:
      switches: the alpha from which on each decided slot is kept, weight 1 each;
        infinite where a slot is always or never kept.
      lossless, drafter: the ends of the rule's range (they may be infinite).
      count: thresholds between the ends, where `quantiles` is not given: at equal
        steps of the share kept, over the shares that there are.
      quantiles: shares of slots to keep, each in (0, 1).

    Returns:
      Points by threshold, ends included. There are fewer than asked for where the
      switches have too few distinct values, since no two points keep the same share.

    Raises:
      ValueError: no switch, a NaN, a quantile outside (0, 1), or lossless >= drafter.
    """
    if not len(switches) or np.isnan(switches).any():
        raise ValueError("switches must be numbers, at least one")
    if not lossless < drafter:
        raise ValueError(f"the lossless end {lossless} is not below {drafter}")
    if quantiles is not None and not all(0 < share < 1 for share in quantiles):
        raise ValueError(f"quantiles must lie between 0 and 1: {quantiles}")
    levels, counts = np.unique(switches, return_counts=True)
    kept = np.cumsum(counts) / len(switches)
    # Above the last switch all is kept, as at the drafter's end. A gap must leave room
    # inside the rule's range.
    gaps = [
        (max(float(low), lossless), min(float(high), drafter), float(share))
        for low, high, share in zip(levels[:-1], levels[1:], kept[:-1], strict=True)
        if max(low, lossless) < min(high, drafter)
    ]
    inside = [
        GridPoint(threshold=_round_between(low, high), label=None, kept=share)
        for low, high, share in _pick(gaps, count, quantiles)
    ]
    ends = (
        GridPoint(threshold=lossless, label="lossless", kept=0.0),
        GridPoint(threshold=drafter, label="drafter", kept=1.0),
    )
    return (ends[0], *inside, ends[1])


Gap = tuple[float, float, float]


def _pick(gaps: list[Gap], count: int, quantiles: Sequence[float] | None) -> list[Gap]:
    """The gaps whose shares are nearest to those asked for, each once, ascending."""
    if not gaps:
        return []
    shares = np.array([share for _, _, share in gaps])
    wanted = (
        np.linspace(shares[0], shares[-1], count)
        if quantiles is None
        else np.array(quantiles)
    )
    nearest = {int(np.argmin(np.abs(shares - one))) for one in wanted}
    # Where two wanted shares met in one gap, the widest jumps that are left are filled,
    # so that a lumpy statistic still gives as many points as it can.
    while quantiles is None and len(nearest) < min(count, len(gaps)):
        held = shares[sorted(nearest)]
        far = [np.min(np.abs(held - share)) for share in shares]
        nearest.add(int(np.argmax(far)))
    return [gaps[index] for index in sorted(nearest)]


def _round_between(low: float, high: float) -> float:
    """The number with the fewest significant digits strictly between two."""
    if math.isinf(low) and math.isinf(high):
        return 0.0
    if math.isinf(low):
        middle = high - max(1.0, abs(high))
    elif math.isinf(high):
        middle = low + max(1.0, abs(low))
    else:
        middle = low / 2 + high / 2
    # Away from the edges: the middle half of the gap, if a number there is short.
    quarter = min(high - middle, middle - low) / 2
    for digits in range(1, 17):
        number = float(f"{middle:.{digits}g}")
        if abs(number - middle) <= quarter:
            return number
    return middle
