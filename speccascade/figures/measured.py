"""From curves to what is drawn: estimates with intervals, panel by panel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from speccascade.curves import (
    Band,
    Curve,
    PointEstimate,
    PublishedPoint,
    Resamples,
    estimate_curve,
    one_machine,
    resample,
)
from speccascade.engine.counters import ratios
from speccascade.errors import UserError
from speccascade.figures.caption import FigureSettings
from speccascade.figures.series import Series
from speccascade.store.summary import Metric

__all__ = ["ALONE", "PANEL_OF", "Measured", "filled", "measure", "series_of"]

# One model alone drafts nothing: it has no rejection rate and is drawn as a level.
ALONE = ("target", "drafter")
# Ratios of the counters that a panel may have on its x axis, with the panel's name.
PANEL_OF = {
    "rejection_rate": "rejection",
    "rejections_per_token": "rejections",
    "deferrals_per_token": "deferrals",
    "target_calls_per_token": "calls",
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """All curves of a run, estimated on the same resamples.

    Attributes:
      curves: by method.
      points: the estimates of each curve, by method, in threshold order.
      resamples: of the sentences, shared by all.
    """

    curves: Mapping[str, Curve]
    points: Mapping[str, tuple[PointEstimate, ...]]
    resamples: Resamples


def measure(
    curves: Sequence[Curve], metric: Metric, settings: FigureSettings
) -> Measured:
    """Estimates every point of curves that are to be compared.

    Raises:
      UserError: there are none, they were timed on several machines, or their points
        have different sentences, seeds or numbers of timings, which one caption
        cannot state.
    """
    present = [curve for curve in curves if curve.points]
    _check_one_size(present)
    one_machine(present)
    resamples = resample(
        present, replicates=settings.resamples, seed=settings.bootstrap_seed
    )
    return Measured(
        curves={curve.method: curve for curve in present},
        points={
            curve.method: estimate_curve(curve, [metric], ratios, resamples)
            for curve in present
        },
        resamples=resamples,
    )


def _check_one_size(curves: Sequence[Curve]) -> None:
    points = [point for curve in curves for point in curve.points]
    seeds = {tuple(np.unique(point.seeds).tolist()) for point in points}
    timed = [one.latency for one in points if one.latency is not None]
    timings = {(len(np.unique(t.examples)), len(np.unique(t.repeat))) for t in timed}
    for what, found in (("seeds", seeds), ("timed examples and repeats", timings)):
        if len(found) > 1:
            raise UserError(
                f"The points of one figure have different {what} "
                f"({' and '.join(map(str, sorted(found)))}); finish the sweep first."
            )


def filled(
    settings: FigureSettings,
    measured: Measured,
    published: Sequence[PublishedPoint],
) -> FigureSettings:
    """`settings` with what only the curves know: n, seeds, hosts, timings.

    Raises:
      UserError: the shipped curves were timed on several machines.
    """
    points = [point for line in measured.points.values() for point in line]
    timed = [point.latency for point in points if point.latency is not None]
    theirs = [one.point.latency for one in published if one.point.latency is not None]
    machines = sorted({(one.host, one.device) for one in theirs})
    if len(machines) > 1:
        names = "; ".join(f"{host}: {device}" for host, device in machines)
        raise UserError(
            f"the published curves were timed on several machines ({names}), whose "
            "seconds never mix; give the curves of one."
        )
    host, device = machines[0] if machines else (None, None)
    return replace(
        settings,
        examples=points[0].n,  # of every point: `measure` has compared them
        seeds=points[0].seeds,
        host=timed[0].host if timed else None,
        device=timed[0].device if timed else None,
        latency_kind=(timed[0].kind if timed else "measured").capitalize(),
        latency_examples=timed[0].n if timed else 0,
        latency_repeats=timed[0].repeats if timed else 0,
        published_examples=max((one.point.n for one in published), default=None),
        published_host=host,
        published_device=device,
    )


def series_of(
    measured: Measured,
    published: Sequence[PublishedPoint],
    metric: Metric,
    counted: str = "rejection_rate",
) -> list[Series]:
    """Every line of every panel; a panel without data has no line.

    Args:
      measured: the run's curves.
      published: those that ship.
      metric: on the y axis.
      counted: the ratio of the counters on the x axis where that is not latency, a name
        in `PANEL_OF`.
    """
    lines: list[Series] = []
    for method, points in measured.points.items():
        name = measured.curves[method].display_name
        lines += _lines("run", "latency", method, name, points, metric.name, counted)
    theirs: dict[str, list[PublishedPoint]] = {}
    for one in published:
        theirs.setdefault(one.method, []).append(one)
    for method, group in theirs.items():
        points = tuple(one.point for one in group if metric.name in one.point.quality)
        name, panel = group[0].display_name, "published latency"
        lines += _lines("published", panel, method, name, points, metric.name, counted)
    return lines


def _lines(
    source: str,
    latency_panel: str,
    method: str,
    name: str,
    points: Sequence[PointEstimate],
    metric: str,
    counted: str,
) -> list[Series]:
    found = []
    counts = {i: point.ratios.get(counted) for i, point in enumerate(points)}
    latency = {
        i: None if point.latency is None else point.latency.relative_latency
        for i, point in enumerate(points)
    }
    kinds = {point.latency.kind for point in points if point.latency is not None}
    modelled = "modelled_" * ("modelled" in kinds)
    for panel, x_name, x in (
        (PANEL_OF[counted], counted, counts),
        (latency_panel, f"{modelled}relative_latency", latency),
    ):
        level = method in ALONE and panel in ("rejection", "rejections", "deferrals")
        kept = [i for i in range(len(points)) if level or x[i] is not None]
        if not kept:
            continue
        chosen = [points[i] for i in kept]
        timed = chosen[0].latency if panel == latency_panel else None
        found.append(
            Series(
                panel=panel,
                source=source,
                method=method,
                display_name=name,
                thresholds=tuple(point.threshold for point in chosen),
                ends=tuple(_end(method, point) for point in chosen),
                x_name=x_name,
                x=_values([x[i] for i in kept], "value"),
                x_low=_values([x[i] for i in kept], "low"),
                x_high=_values([x[i] for i in kept], "high"),
                y_name=metric,
                y=tuple(point.quality[metric].value for point in chosen),
                low=tuple(point.quality[metric].low for point in chosen),
                high=tuple(point.quality[metric].high for point in chosen),
                examples=max(point.n for point in chosen),
                host=None if timed is None else timed.host,
            )
        )
    return found


def _values(bands: Sequence[Band | None], part: str) -> tuple[float | None, ...]:
    return tuple(None if band is None else getattr(band, part) for band in bands)


def _end(method: str, point: PointEstimate) -> str | None:
    # Plain speculative decoding has no threshold and is the lossless end of them all.
    return "lossless" if method == "lossless" else point.label
