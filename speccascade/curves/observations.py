"""The rows behind a curve, as arrays: from a run directory, or put together by hand.

A point pools the seeds of its rows; a curve is the points of one method in the order of
their thresholds. Nothing here is averaged yet, so that every statistic can be resampled
over examples (`bootstrap.py`).
"""

import dataclasses
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from speccascade.errors import UserError
from speccascade.store.records import LatencyRecord, Record, Settings
from speccascade.store.run_directory import RunDirectory

Label = Literal["lossless", "drafter"]
LatencyKind = Literal["measured", "modelled"]
Ids = Int[np.ndarray, " n"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatencyData:
    """Timings of one point on one machine, one row a repeat (m rows).

    Modelled seconds come in the same form, as one repeat of every row.

    Attributes:
      examples, seeds, repeat: what was timed.
      seconds, target_seconds: of the method and of the target alone.
      emitted, target_emitted: tokens that each wrote, EOS included.
      host, device: the machine.
      kind: whether a clock or a component profile of the machine gave the seconds.
    """

    examples: Int[np.ndarray, " m"]
    seeds: Int[np.ndarray, " m"]
    repeat: Int[np.ndarray, " m"]
    seconds: Float[np.ndarray, " m"]
    target_seconds: Float[np.ndarray, " m"]
    emitted: Int[np.ndarray, " m"]
    target_emitted: Int[np.ndarray, " m"]
    host: str
    device: str
    kind: LatencyKind = "measured"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RowCost:
    """What the store does not say of a row, and who knows its job can tell.

    Attributes:
      at_limit: whether it is as long as an output may be. An end token in the last
        place is not told from none, so this is an upper bound of what was cut off.
      flops: `engine.flops.row_flops`; None where a model does not count its own.
    """

    at_limit: bool
    flops: int | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class PointData:
    """The rows of one point, n of them: examples times seeds.

    Attributes:
      threshold: alpha; None where the method has none.
      label: "lossless" or "drafter" at the ends of the rule's range.
      examples, seeds: of each row.
      parts: additive score parts of each metric.
      counters: the engine's; `deferred` is None for a rule without r.
      latency: None where the point was not timed.
      at_limit, flops: of each row, as in `RowCost`; None where they are not known.
    """

    threshold: float | None
    label: Label | None
    examples: Ids
    seeds: Ids
    parts: Mapping[str, Float[np.ndarray, "n _"]]
    counters: Mapping[str, Ids | None]
    latency: LatencyData | None = None
    at_limit: Bool[np.ndarray, " n"] | None = None
    flops: Float[np.ndarray, " n"] | None = None

    @property
    def example_ids(self) -> Int[np.ndarray, " e"]:
        """The distinct examples, ascending."""
        return np.unique(self.examples)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Curve:
    """One method.

    Attributes:
      method: its name in the store.
      display_name: its name in figures.
      points: in the order of their thresholds.
    """

    method: str
    display_name: str
    points: tuple[PointData, ...]

    def point(self, threshold: float | None) -> PointData | None:
        """The point of a threshold, if it is there."""
        return next((one for one in self.points if one.threshold == threshold), None)


def load_curve(
    run: RunDirectory,
    *,
    display_name: str,
    sampling: Settings | None = None,
    thresholds: Collection[float | None] | None = None,
    seeds: Collection[int] | None = None,
    examples: Mapping[int, str] | None = None,
    labels: Mapping[float, Label] | None = None,
    host: str | None = None,
    device: str | None = None,
) -> Curve:
    """The curve of one run directory at one sampling setting.

    A run directory holds whatever was ever asked of it, so the caller says what
    belongs to the curve: None takes everything that is there.

    Args:
      run: one method's.
      display_name: for figures.
      sampling: temperature and truncation (its threshold is not looked at); the
        default is temperature 1 without truncation.
      thresholds, seeds: those wanted.
      examples: ids wanted, each with the sha256 of its text; other texts do not count.
      labels: names of the ends, by threshold.
      host, device: the machine whose timings count.

    Raises:
      UserError: a file is corrupted, or timings come from several machines and `host`
        and `device` do not choose one.
    """
    return curve_from_records(
        run.method,
        display_name,
        run.records(examples),
        [
            one
            for one in run.latency()
            if (examples is None or one.example in examples)
            and host in (None, one.host)
            and device in (None, one.device)
        ],
        sampling=sampling,
        thresholds=thresholds,
        seeds=seeds,
        labels=labels,
    )


def curve_from_records(
    method: str,
    display_name: str,
    records: Iterable[Record],
    latency: Iterable[LatencyRecord],
    *,
    sampling: Settings | None = None,
    thresholds: Collection[float | None] | None = None,
    seeds: Collection[int] | None = None,
    labels: Mapping[float, Label] | None = None,
    cost: Callable[[Record], RowCost] | None = None,
) -> Curve:
    """The same from records, each row given once.

    Arguments as `load_curve`; `cost` says of each row what the store does not.
    """
    wanted = sampling or Settings()

    def belongs(one: Record | LatencyRecord) -> bool:
        place = one.coordinates
        return (
            dataclasses.replace(place.settings, threshold=None)
            == dataclasses.replace(wanted, threshold=None)
            and (thresholds is None or place.threshold in thresholds)
            and (seeds is None or place.seed in seeds)
        )

    timed: dict[float | None, list[LatencyRecord]] = {}
    for timing in filter(belongs, latency):
        timed.setdefault(timing.coordinates.threshold, []).append(timing)
    _check_one_machine(method, timed.values())
    rows = sorted(
        filter(belongs, records), key=lambda one: (one.coordinates.order, one.example)
    )
    points = [
        _point(alpha, list(group), timed.get(alpha, []), labels or {}, cost)
        for alpha, group in itertools.groupby(
            rows, lambda one: one.coordinates.threshold
        )
    ]
    return Curve(method=method, display_name=display_name, points=tuple(points))


def one_machine(curves: Sequence[Curve]) -> tuple[str, str] | None:
    """The host and device that timed all of `curves`; None if nothing was timed.

    Timings of different machines say nothing about each other, so they may not stand
    in one panel or one row of a table; nor may measured and modelled ones.

    Raises:
      UserError: there are several, or both.
    """
    found = {
        (point.latency.host, point.latency.device)
        for curve in curves
        for point in curve.points
        if point.latency is not None
    }
    if len(found) > 1:
        raise _several_machines("The curves", found)
    kinds = {
        point.latency.kind
        for curve in curves
        for point in curve.points
        if point.latency is not None
    }
    if len(kinds) > 1:
        raise UserError(
            "The curves have measured and modelled latency, which never mix; draw "
            "those of one kind."
        )
    return found.pop() if found else None


def _point(
    alpha: float | None,
    rows: list[Record],
    timings: list[LatencyRecord],
    labels: Mapping[float, Label],
    cost: Callable[[Record], RowCost] | None,
) -> PointData:
    costs = None if cost is None else [cost(row) for row in rows]
    flops = [one.flops for one in costs or () if one.flops is not None]
    return PointData(
        threshold=alpha,
        label=None if alpha is None else labels.get(alpha),
        examples=np.array([row.example for row in rows]),
        seeds=np.array([row.coordinates.seed for row in rows]),
        parts={
            name: np.array([row.scores[name] for row in rows], dtype=float)
            for name in rows[0].scores
        },
        counters={
            name: None
            if any(row.counters[name] is None for row in rows)
            else np.array([row.counters[name] for row in rows])
            for name in rows[0].counters
        },
        latency=_latency(timings) if timings else None,
        at_limit=None if costs is None else np.array([one.at_limit for one in costs]),
        flops=np.array(flops, dtype=float) if len(flops) == len(rows) else None,
    )


def _latency(timings: list[LatencyRecord]) -> LatencyData:
    return LatencyData(
        examples=np.array([one.example for one in timings]),
        seeds=np.array([one.coordinates.seed for one in timings]),
        repeat=np.array([one.repeat for one in timings]),
        seconds=np.array([one.seconds for one in timings], dtype=float),
        target_seconds=np.array([one.target_seconds for one in timings], dtype=float),
        emitted=np.array([one.emitted for one in timings]),
        target_emitted=np.array([one.target_emitted for one in timings]),
        host=timings[0].host,
        device=timings[0].device,
    )


def _check_one_machine(method: str, timings: Iterable[list[LatencyRecord]]) -> None:
    found = {(one.host, one.device) for group in timings for one in group}
    if len(found) > 1:
        raise _several_machines(f"The curve of {method}", found)


def _several_machines(what: str, found: set[tuple[str, str]]) -> UserError:
    names = "; ".join(f"{host}: {device}" for host, device in sorted(found))
    return UserError(
        f"{what} was timed on several machines ({names}), whose seconds never mix; "
        "choose one by its host and device."
    )
