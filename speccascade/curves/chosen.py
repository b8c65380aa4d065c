"""The honest numbers: the threshold is chosen on validation and reported on test.

The choice looks at validation data alone, so the interval on test, taken at the one
chosen threshold, is not flattered by the number of thresholds that were tried. No line
is interpolated: what is reported is an operating point that was run.

Latency is a cost and not a result. Where validation was not timed, the seconds of the
test examples at the same thresholds decide which point is fastest; the outcome says so.
"""

import dataclasses
from typing import Literal

import numpy as np

from speccascade.curves.bootstrap import (
    Band,
    Resamples,
    latency,
    point_times,
    quality,
)
from speccascade.curves.observations import Curve, PointData
from speccascade.curves.operating import (
    TOLERANCE,
    Outcome,
    quality_outcome,
    speedup_outcome,
)
from speccascade.errors import UserError
from speccascade.store.summary import Metric
from speccascade.store.timing import latency_ratios

Source = Literal["validation", "test"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chosen:
    """A threshold chosen on validation, and what it gives on test.

    Attributes:
      threshold: the choice.
      latency_from: whose seconds the choice looked at.
      speedup: 1 / relative latency on test; `unsure` if its interval contains 1.
      quality: on test, with its difference to the target; `unsure` if the interval of
        the difference contains 0.
    """

    threshold: float | None
    latency_from: Source
    speedup: Outcome
    quality: Outcome

    @property
    def difference(self) -> Band | None:
        """Quality on test less the target's."""
        return self.quality.difference


def chosen_for_speed(
    validation: Curve,
    test: Curve,
    validation_target: PointData,
    test_target: PointData,
    metric: Metric,
    resamples: Resamples,
    tolerance: float = TOLERANCE,
) -> Chosen | None:
    """The fastest threshold that has the target's quality on validation.

    Args:
      validation, test: two curves of one method; thresholds that only one of them has
        are not considered.
      validation_target, test_target: the target alone on the same examples.
      metric: that decides, higher is better.
      resamples: of the test examples.
      tolerance: share of the target's quality that may lack on validation.

    Returns:
      None where no threshold has that quality on validation, or none was timed.

    Raises:
      UserError: the two curves are not of one method or share no threshold.
    """
    goal = _score(validation_target, metric) * (1 - tolerance)
    costs, source = _costs(validation, test)
    fitting = {
        alpha: cost
        for alpha, cost in costs.items()
        if _score(_at(validation, alpha), metric) >= goal
    }
    if not fitting:
        return None
    threshold = min(fitting, key=lambda alpha: fitting[alpha])
    return _report(_at(test, threshold), source, test_target, metric, resamples)


def chosen_for_quality(
    validation: Curve,
    test: Curve,
    test_target: PointData,
    metric: Metric,
    resamples: Resamples,
    budget: float = 1.0,
) -> Chosen | None:
    """The threshold of best quality on validation with relative latency <= budget.

    Arguments and errors as `chosen_for_speed`; None where no threshold is fast enough.
    """
    costs, source = _costs(validation, test)
    scores = {
        alpha: _score(_at(validation, alpha), metric)
        for alpha, cost in costs.items()
        if cost <= budget
    }
    if not scores:
        return None
    threshold = max(scores, key=lambda alpha: scores[alpha])
    return _report(_at(test, threshold), source, test_target, metric, resamples)


def _report(
    point: PointData,
    source: Source,
    target: PointData,
    metric: Metric,
    resamples: Resamples,
) -> Chosen | None:
    times = latency(point, resamples)
    if times is None:
        return None
    speedup = speedup_outcome(1 / times["relative_latency"])
    score = quality_outcome(
        quality(point, metric, resamples), quality(target, metric, resamples)
    )
    if speedup is None or score is None:
        return None
    return Chosen(
        threshold=point.threshold, latency_from=source, speedup=speedup, quality=score
    )


def _costs(validation: Curve, test: Curve) -> tuple[dict[float | None, float], Source]:
    """Relative latency of the thresholds that both curves have, in their order."""
    if validation.method != test.method:
        raise UserError(
            f"A threshold of {validation.method!r} cannot be reported for "
            f"{test.method!r}; give two curves of one method."
        )
    common = [
        point.threshold
        for point in validation.points
        if test.point(point.threshold) is not None
    ]
    if not common:
        raise UserError(
            f"Validation and test of {test.method!r} share no threshold; run both with "
            "the same method.thresholds."
        )
    on_validation = _timed(validation, common)
    if on_validation:
        return on_validation, "validation"
    return _timed(test, common), "test"


def _timed(curve: Curve, thresholds: list[float | None]) -> dict[float | None, float]:
    found: dict[float | None, float] = {}
    for alpha in thresholds:
        times = point_times(_at(curve, alpha))
        if times is not None:
            whole = latency_ratios(times, np.ones(len(times.examples)))
            found[alpha] = float(whole["relative_latency"])
    return found


def _at(curve: Curve, threshold: float | None) -> PointData:
    point = curve.point(threshold)
    assert point is not None
    return point


def _score(point: PointData, metric: Metric) -> float:
    return float(metric.combine(point.parts[metric.name].sum(axis=0)))
