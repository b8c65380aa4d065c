"""The numbers of a point as they are drawn and tabulated, each with its interval."""

import dataclasses
from collections.abc import Mapping, Sequence

from speccascade.curves.bootstrap import (
    Band,
    Resamples,
    band,
    bands,
    latency,
    point_ratios,
    point_times,
    quality,
)
from speccascade.curves.observations import Curve, Label, LatencyKind, PointData
from speccascade.store.summary import Metric, Ratios


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatencyEstimate:
    """The latency of a point.

    Attributes:
      relative_latency: seconds of the method to those of the target alone.
      seconds_per_token, target_seconds_per_token: of each one's own tokens.
      length_ratio: tokens of the method to the target's.
      n, repeats: timed examples, and timings of each.
      host, device: the machine.
      kind: "measured", or "modelled" from counters and a profile of the machine.
    """

    relative_latency: Band
    seconds_per_token: Band
    target_seconds_per_token: Band
    length_ratio: Band
    n: int
    repeats: int
    host: str
    device: str
    kind: LatencyKind = "measured"


@dataclasses.dataclass(frozen=True, kw_only=True)
class PointEstimate:
    """One point of a drawn curve.

    Attributes:
      threshold, label: as `PointData`.
      n: distinct examples.
      seeds: each example was decoded once a seed.
      quality: each metric's corpus score.
      ratios: of `engine.counters.ratios`; None where one is undefined.
      latency: None where the point was not timed.
    """

    threshold: float | None
    label: Label | None
    n: int
    seeds: tuple[int, ...]
    quality: Mapping[str, Band]
    ratios: Mapping[str, Band | None]
    latency: LatencyEstimate | None


def estimate_point(
    point: PointData, metrics: Sequence[Metric], ratios: Ratios, resamples: Resamples
) -> PointEstimate:
    """Quality, ratios and latency of a point with their intervals.

    Args:
      point: the rows.
      metrics: those to report.
      ratios: `engine.counters.ratios`.
      resamples: shared by everything that is compared, `bootstrap.resample`.
    """
    scores = {
        metric.name: band(quality(point, metric, resamples)) for metric in metrics
    }
    return PointEstimate(
        threshold=point.threshold,
        label=point.label,
        n=len(point.example_ids),
        seeds=tuple(sorted({int(seed) for seed in point.seeds})),
        quality={name: one for name, one in scores.items() if one is not None},
        ratios=bands(point_ratios(point, ratios, resamples)),
        latency=_estimate_latency(point, resamples),
    )


def estimate_curve(
    curve: Curve, metrics: Sequence[Metric], ratios: Ratios, resamples: Resamples
) -> tuple[PointEstimate, ...]:
    """`estimate_point` of every point, in threshold order."""
    return tuple(
        estimate_point(point, metrics, ratios, resamples) for point in curve.points
    )


def _estimate_latency(point: PointData, resamples: Resamples) -> LatencyEstimate | None:
    found, times = latency(point, resamples), point_times(point)
    if found is None or times is None or point.latency is None:
        return None
    known = {name: one for name, one in bands(found).items() if one is not None}
    return LatencyEstimate(
        n=len(times.examples),
        repeats=len(set(point.latency.repeat.tolist())),
        host=point.latency.host,
        device=point.latency.device,
        kind=point.latency.kind,
        **known,
    )
