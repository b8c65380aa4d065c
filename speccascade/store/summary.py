"""summary.json: the numbers of a run, derived from its records and nothing else.

Everything but the timings, which are kept apart under "latency", depends on which rows
there are alone: not on files, the order of lines, kills, or the order of additions
(sums are rounded once, by `math.fsum`). So two runs of one job give the same bytes.
"""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from speccascade.store.encoding import plain
from speccascade.store.records import LatencyRecord, Record, Settings
from speccascade.store.timing import example_times, latency_ratios

Totals = dict[str, int | None]
# `engine.counters.ratios`. It is handed in, since importing the engine imports JAX and
# reading a store should not.
Ratios = Callable[[Mapping[str, int | None]], Mapping[str, float | None]]


@runtime_checkable
class Metric(Protocol):
    """What is needed of a metric here; `tasks.metrics.Metric` is one."""

    @property
    def name(self) -> str:
        """What records call it."""
        ...

    def combine(self, parts: Any) -> Any:
        """Corpus score of summed parts, over leading axes."""
        ...


def summarise(
    identity: Mapping[str, Any],
    records: Iterable[Record],
    latency: Iterable[LatencyRecord],
    metrics: Sequence[Metric],
    ratios: Ratios,
) -> dict[str, Any]:
    """The summary of a run.

    A point pools its seeds: `n` distinct examples, `rows` decoded rows. `counters` are
    totals over rows (None where the rule has no such count), `ratios` come from them.

    Args:
      identity: of the run.
      records, latency: as `RunDirectory` gives them, in any order.
      metrics: of the task, the headline first; one that records lack is an error.
      ratios: `engine.counters.ratios`.

    Returns:
      {"identity", "headline", "points", "latency"}, both lists in the order of the
      points; the headline is the name of a metric.
    """
    rows = sorted(records, key=lambda one: (_record_order(one), one.example))
    points = [
        _point(settings, list(group), metrics, ratios)
        for settings, group in itertools.groupby(rows, key=_settings)
    ]
    timings = sorted(latency, key=_machine_order)
    return {
        "identity": dict(identity),
        "headline": metrics[0].name,
        "points": points,
        "latency": [
            {
                "host": host,
                "device": device,
                **settings.to_json(),
                **_times(list(group)),
            }
            for (host, device, settings), group in itertools.groupby(
                timings,
                key=lambda one: (one.host, one.device, one.coordinates.settings),
            )
        ],
    }


def summary_text(summary: Mapping[str, Any]) -> str:
    """The summary as it is written; ValueError on a NaN."""
    return (
        json.dumps(
            plain(summary),
            sort_keys=True,
            indent=2,
            ensure_ascii=False,
            allow_nan=False,
        )
        + "\n"
    )


def total_counters(rows: Iterable[Mapping[str, int | None]]) -> Totals:
    """Counters summed by name; None where a row has None."""
    totals: Totals = {}
    for row in rows:
        for name, value in row.items():
            held = totals.get(name, 0)
            totals[name] = None if held is None or value is None else held + value
    return totals


def _point(
    settings: Settings, rows: list[Record], metrics: Sequence[Metric], ratios: Ratios
) -> dict[str, Any]:
    totals = total_counters(row.counters for row in rows)
    return {
        **settings.to_json(),
        "seeds": sorted({row.coordinates.seed for row in rows}),
        "n": len({row.example for row in rows}),
        "rows": len(rows),
        "quality": {metric.name: _score(metric, rows) for metric in metrics},
        "counters": totals,
        "ratios": dict(ratios(totals)),
    }


def _score(metric: Metric, rows: list[Record]) -> float:
    columns = zip(*(row.scores[metric.name] for row in rows), strict=True)
    return float(metric.combine(np.array([math.fsum(column) for column in columns])))


def _times(rows: list[LatencyRecord]) -> dict[str, Any]:
    times = example_times(
        np.array([row.example for row in rows]),
        np.array([row.coordinates.seed for row in rows]),
        np.array([row.seconds for row in rows]),
        np.array([row.target_seconds for row in rows]),
        np.array([row.emitted for row in rows]),
        np.array([row.target_emitted for row in rows]),
    )
    found = latency_ratios(times, np.ones(len(times.examples)))
    return {
        "n": len(times.examples),
        "repeats": len({row.repeat for row in rows}),
        "highest_load": max(row.load for row in rows),
        **{name: float(value) for name, value in found.items()},
    }


def _settings(record: Record) -> Settings:
    return record.coordinates.settings


def _record_order(record: Record) -> tuple[float, ...]:
    return record.coordinates.order


def _machine_order(record: LatencyRecord) -> tuple[Any, ...]:
    place = record.coordinates
    return record.host, record.device, place.order, record.example, record.repeat
