"""The rows of the table, from curves."""

from collections.abc import Mapping

from speccascade.curves import (
    Chosen,
    Curve,
    Outcome,
    PointData,
    PointEstimate,
    best_quality,
    chosen_for_quality,
    chosen_for_speed,
    matched_speedup,
)
from speccascade.curves.operating import TOLERANCE
from speccascade.engine.counters import emitted
from speccascade.figures.measured import ALONE, Measured
from speccascade.figures.style import style_of
from speccascade.figures.table import Estimate, Row
from speccascade.store.summary import Metric

__all__ = ["rows_of"]


def rows_of(
    measured: Measured, validation: Mapping[str, Curve], metric: Metric
) -> list[Row]:
    """One row a method, in the order of the legend.

    Args:
      measured: the run's curves.
      validation: curves of the same methods on validation data, by method; may be
        empty.
      metric: the headline metric, higher is better.
    """
    methods = sorted(measured.curves, key=lambda name: (style_of(name).order, name))
    return [_row(method, measured, validation, metric) for method in methods]


def _row(
    method: str, measured: Measured, validation: Mapping[str, Curve], metric: Metric
) -> Row:
    curve, points = measured.curves[method], measured.points[method]
    target = measured.curves.get("target")
    speedup = best = None
    fast = good = None
    if target is not None and method != "target":
        goal, draws = target.points[0], measured.resamples
        speedup = matched_speedup(curve, goal, metric, draws)
        best = best_quality(curve, goal, metric, draws)
        chosen = validation.get(method)
        chosen_target = validation.get("target")
        if chosen is not None and chosen_target is not None and method not in ALONE:
            fast = chosen_for_speed(
                chosen, curve, chosen_target.points[0], goal, metric, draws
            )
            good = chosen_for_quality(chosen, curve, goal, metric, draws)
    at = _operating_point(points, measured.points.get("target"), metric.name)
    return Row(
        method=method,
        display_name=curve.display_name,
        points=_distinct(curve),
        speedup=_estimate(speedup),
        speedup_chosen=_chosen_speed(fast),
        quality=_target_quality(points, metric)
        if method == "target"
        else _estimate(best),
        quality_chosen=None if good is None else _estimate(good.quality),
        rejection_rate=None
        if method in ALONE
        else _ratio(points[at], "rejection_rate"),
        tokens_per_target_call=_ratio(points[at], "tokens_per_target_call"),
        length_ratio=_length_ratio(curve, at, target),
    )


def _estimate(outcome: Outcome | None) -> Estimate | None:
    if outcome is None:
        return None
    found = outcome.estimate
    return Estimate(
        value=found.value, low=found.low, high=found.high, unsure=outcome.unsure
    )


def _chosen_speed(chosen: Chosen | None) -> Estimate | None:
    if chosen is None:
        return None
    found, gap = chosen.speedup.estimate, chosen.difference
    return Estimate(
        value=found.value,
        low=found.low,
        high=found.high,
        unsure=chosen.speedup.unsure,
        lost=gap is not None and gap.high < 0,
    )


def _target_quality(points: tuple[PointEstimate, ...], metric: Metric) -> Estimate:
    found = points[0].quality[metric.name]
    return Estimate(value=found.value, low=found.low, high=found.high)


def _operating_point(
    points: tuple[PointEstimate, ...],
    target: tuple[PointEstimate, ...] | None,
    metric: str,
) -> int:
    """Place of the cheapest point that has the target's quality, else of the best."""
    scores = [point.quality[metric].value for point in points]
    goal = max(scores) if target is None else target[0].quality[metric].value
    reaching = [i for i, score in enumerate(scores) if score >= goal * (1 - TOLERANCE)]
    if not reaching:
        return scores.index(max(scores))
    return min(reaching, key=lambda i: _cost(points[i]))


def _cost(point: PointEstimate) -> tuple[float, float]:
    """Relative latency; of points that were not timed, the rejection rate."""
    if point.latency is not None:
        return 0.0, point.latency.relative_latency.value
    return 1.0, _ratio(point, "rejection_rate") or 0.0


def _ratio(point: PointEstimate, name: str) -> float | None:
    band = point.ratios.get(name)
    return None if band is None else band.value


def _length_ratio(curve: Curve, at: int, target: Curve | None) -> float | None:
    """Tokens to the target's, over the rows (example and seed) that both have."""
    if target is None:
        return None
    ours, theirs = (_lengths(one) for one in (curve.points[at], target.points[0]))
    both = ours.keys() & theirs.keys()
    tokens = sum(theirs[row] for row in both)
    return sum(ours[row] for row in both) / tokens if tokens else None


def _lengths(point: PointData) -> dict[tuple[int, int], int]:
    known = {name: v for name, v in point.counters.items() if v is not None}
    rows = zip(point.examples.tolist(), point.seeds.tolist(), strict=True)
    return {
        row: emitted({name: int(values[i]) for name, values in known.items()})
        for i, row in enumerate(rows)
    }


def _distinct(curve: Curve) -> int:
    """Points that do something else than every other point of the curve."""
    outputs = {
        tuple(
            values.tobytes()
            for name, values in sorted({**point.parts, **point.counters}.items())
            # A rule may defer more without any token changing.
            if values is not None and name != "deferred"
        )
        for point in curve.points
    }
    return len(outputs)
