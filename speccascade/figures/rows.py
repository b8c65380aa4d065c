"""The rows of the table, from curves."""

from collections.abc import Mapping

from speccascade.curves import (
    Chosen,
    Curve,
    Outcome,
    PointData,
    PointEstimate,
    Resamples,
    best_quality,
    chosen_for_quality,
    chosen_for_speed,
    estimate_costs,
    matched_speedup,
)
from speccascade.curves.operating import TOLERANCE
from speccascade.engine.counters import emitted
from speccascade.figures.measured import ALONE, Measured
from speccascade.figures.style import style_of
from speccascade.figures.table import Estimate, Row
from speccascade.store.summary import Metric

__all__ = ["operating_point", "rows_of"]


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
    at = operating_point(points, measured.points.get("target"), metric.name)
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
        length_ratio=_length_ratio(curve.points[at], target, measured.resamples),
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


def operating_point(
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
    """Relative latency; of points that were not timed, the rejection rate.

    Methods that decide no drafted tokens have none: their target calls count.
    """
    if point.latency is not None:
        return 0.0, point.latency.relative_latency.value
    rejected = _ratio(point, "rejection_rate")
    if rejected is None:
        rejected = _ratio(point, "target_calls_per_token")
    return 1.0, rejected or 0.0


def _ratio(point: PointEstimate, name: str) -> float | None:
    band = point.ratios.get(name)
    return None if band is None else band.value


def _length_ratio(
    point: PointData, target: Curve | None, resamples: Resamples
) -> float | None:
    if target is None:
        return None
    found = estimate_costs(point, target.points[0], emitted, resamples)["length_ratio"]
    return None if found is None else found.value


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
