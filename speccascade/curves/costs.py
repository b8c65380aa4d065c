"""What a point costs besides time: length, operations, and rows cut off.

Counts of calls are ratios of the counters (`points.PointEstimate.ratios`); what is here
needs the target's rows beside the point's own, or what a record does not hold. Every
number is a ratio of sums over rows, so that a resample of examples is a weighted sum:

    flops_per_token   FLOPs of all rows / tokens of all rows
    relative_flops    FLOPs of the rows / FLOPs of the target's rows
    length_ratio      tokens of the rows / tokens of the target's rows
    limit_share       rows as long as an output may be / rows

Relative latency and relative FLOPs are both of whole answers: an answer that is shorter
than the target's is also cheaper. A ratio to the target is taken over the rows (example
and seed) that both have.

    tokens   method  12 9    target  10 11      length_ratio 21 / 21 = 1
"""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float, Int

from speccascade.curves.bootstrap import Band, Replicates, Resamples, bands
from speccascade.curves.observations import PointData

# `engine.counters.emitted`. It is handed in: importing the engine imports JAX.
Emitted = Callable[[Mapping[str, int | None]], int]
Values = Float[np.ndarray, " n"]


def estimate_costs(
    point: PointData,
    target: PointData | None,
    emitted: Emitted,
    resamples: Resamples,
) -> dict[str, Band | None]:
    """The four numbers above with their intervals; None where one is not known.

    Args:
      point: the rows.
      target: of the target alone; without it nothing is relative.
      emitted: `engine.counters.emitted`.
      resamples: shared by everything that is compared.
    """
    tokens = _tokens(point, emitted)
    found: dict[str, Replicates] = {}
    if point.flops is not None:
        found["flops_per_token"] = _ratio(point, point.flops, point, tokens, resamples)
    if point.at_limit is not None:
        ones = np.ones(len(tokens))
        cut = point.at_limit.astype(float)
        found["limit_share"] = _ratio(point, cut, point, ones, resamples)
    if target is not None:
        theirs = _tokens(target, emitted)
        found["length_ratio"] = _ratio(point, tokens, target, theirs, resamples)
        if point.flops is not None and target.flops is not None:
            found["relative_flops"] = _ratio(
                point, point.flops, target, target.flops, resamples
            )
    names = ("flops_per_token", "relative_flops", "length_ratio", "limit_share")
    return dict.fromkeys(names) | bands(found)


def _tokens(point: PointData, emitted: Emitted) -> Values:
    known = [(name, one) for name, one in point.counters.items() if one is not None]
    rows = (
        emitted({name: int(values[i]) for name, values in known})
        for i in range(len(point.examples))
    )
    return np.array(list(rows), dtype=float)


def _ratio(
    point: PointData,
    parts: Values,
    other: PointData,
    wholes: Float[np.ndarray, " m"],
    resamples: Resamples,
) -> Replicates:
    """Sum of `parts` over that of `wholes`, over the rows that both points have."""
    here, there = _common(point, other)
    weights = resamples.of(point.examples[here])
    whole = weights @ wholes[there]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, weights @ parts[here] / whole, np.nan)


def _common(
    point: PointData, other: PointData
) -> tuple[Int[np.ndarray, " c"], Int[np.ndarray, " c"]]:
    """Places of the rows that both have, in the order of `point`."""
    places = {row: i for i, row in enumerate(_rows(other))}
    both = [(i, places[row]) for i, row in enumerate(_rows(point)) if row in places]
    pairs = np.array(both, dtype=int).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _rows(point: PointData) -> list[tuple[int, int]]:
    return list(zip(point.examples.tolist(), point.seeds.tolist(), strict=True))
