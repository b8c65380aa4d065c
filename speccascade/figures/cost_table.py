"""The second table: what a method costs, counted and not timed, one row a point.

Each number has its bootstrap interval over examples. On a terminal, where nine
intervals do not fit, the values stand alone; Markdown and CSV have the intervals.
Printed and in Markdown is one point a method, the operating point of the first table;
the CSV has every point, and says which that is.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from speccascade.curves import Band, estimate_costs
from speccascade.curves.bootstrap import CONFIDENCE
from speccascade.engine.counters import RATIOS, emitted
from speccascade.figures.caption import FigureSettings
from speccascade.figures.measured import Measured
from speccascade.figures.rows import operating_point
from speccascade.figures.series import number, threshold_text
from speccascade.figures.style import style_of
from speccascade.figures.text_table import markdown_cells, print_cells
from speccascade.store.summary import Metric

__all__ = [
    "CostRow",
    "cells_of",
    "cost_rows",
    "footnotes",
    "heads",
    "print_table",
    "to_csv",
    "to_markdown",
]

_NONE = "-"


@dataclass(frozen=True, kw_only=True)
class CostRow:
    """One point of one method.

    Attributes:
      method, display_name: who.
      threshold: alpha; None where the method has none.
      label: "lossless" or "drafter" at the ends of the rule's range.
      operating: whether the first table's counts are of this point.
      costs: the ratios of the counters and `curves.estimate_costs`, by name; None
        where one has no meaning or is not known.
    """

    method: str
    display_name: str
    threshold: float | None
    label: str | None
    operating: bool
    costs: Mapping[str, Band | None]


@dataclass(frozen=True, kw_only=True)
class _Column:
    """What is shown: a cost, its head, what one unit of the head is, and its digits."""

    name: str
    head: str
    unit: float = 1.0
    digits: int = 2


_COLUMNS = (
    _Column(name="rejection_rate", head="reject"),
    _Column(name="deferrals_per_token", head="defer/tok"),
    _Column(name="tokens_per_target_call", head="tok/call"),
    _Column(name="target_calls_per_token", head="target calls"),
    _Column(name="drafter_calls_per_token", head="drafter calls"),
    _Column(name="flops_per_token", head="MFLOP/tok", unit=1e6, digits=1),
    _Column(name="relative_flops", head="FLOPs"),
    _Column(name="length_ratio", head="length"),
    _Column(name="limit_share", head="at limit"),
)


def cost_rows(measured: Measured, metric: Metric) -> list[CostRow]:
    """Every point, methods in the order of the legend and points by threshold."""
    target = measured.curves.get("target")
    found = []
    for method in sorted(measured.curves, key=lambda one: (style_of(one).order, one)):
        curve, points = measured.curves[method], measured.points[method]
        chosen = operating_point(points, measured.points.get("target"), metric.name)
        found += [
            CostRow(
                method=method,
                display_name=curve.display_name,
                threshold=data.threshold,
                label=data.label,
                operating=place == chosen,
                costs={
                    **point.ratios,
                    **estimate_costs(
                        data,
                        None if target is None else target.points[0],
                        emitted,
                        measured.resamples,
                    ),
                },
            )
            for place, (data, point) in enumerate(
                zip(curve.points, points, strict=True)
            )
        ]
    return found


def footnotes(settings: FigureSettings, metric_label: str) -> list[str]:
    """What every column means, in words."""
    n, seeds = settings.examples, len(settings.seeds)
    return [
        f"What it costs: {settings.pair}, {settings.task} ({settings.split}), T = "
        f"{settings.temperature:g}, gamma = {settings.gamma}, n = {n:,} "
        f"sentence{'s' * (n != 1)} x {seeds} seed{'s' * (seeds != 1)}; at alpha, the "
        f"cheapest point with the target's {metric_label}, else the best point (of a "
        "method that sweeps a sampling value, alpha is that value). "
        f"Intervals are of {100 * CONFIDENCE:g} %, by bootstrap over sentences; - "
        "where a number has no meaning. Tokens are emitted ones, the end token "
        "included.",
        f"reject: {RATIOS['rejection_rate']}. "
        f"defer/tok: {RATIOS['deferrals_per_token']}; deferred is a "
        "decided draft token (speculative and BiLD), a token (oracle and token "
        "cascades) or a whole answer (sequence cascades); - where the rule defers "
        "nothing that could be counted. The CSV has deferral_rate too, of decided "
        "draft tokens.",
        "tok/call: emitted tokens per call of the target. target calls, drafter calls: "
        "per emitted token, whatever the call's width.",
        "MFLOP/tok: million floating-point operations per emitted token, of all calls "
        "of both models, whole widths of verified blocks and reading the prompt "
        "included; matrix products alone, at batch 1. FLOPs: those of whole answers, "
        "as a multiple of the target alone.",
        "length: tokens, of the target's on the same sentences and seeds. at limit: "
        "share of answers as long as an answer may be; one whose end token falls in "
        "the last place is not told from one cut off.",
    ]


def heads() -> list[str]:
    """What stands over the columns."""
    return ["method", "alpha", *(column.head for column in _COLUMNS)]


def cells_of(row: CostRow, intervals: bool) -> list[str]:
    """The cells of one row, rounded, each number with its interval where asked."""
    cells = [
        row.display_name,
        _NONE if row.threshold is None else threshold_text(row.threshold),
    ]
    for column in _COLUMNS:
        band, digits = row.costs.get(column.name), column.digits
        if band is None:
            cells.append(_NONE)
            continue
        value, low, high = (
            f"{one / column.unit:.{digits}f}"
            for one in (band.value, band.low, band.high)
        )
        cells.append(f"{value} [{low}, {high}]" if intervals else value)
    return cells


def print_table(
    rows: Sequence[CostRow],
    settings: FigureSettings,
    metric_label: str,
    console: Console,
) -> None:
    """Prints the operating points without intervals, and what the columns mean."""
    cells = [cells_of(row, intervals=False) for row in rows if row.operating]
    print_cells(heads(), cells, footnotes(settings, metric_label), console)


def to_markdown(
    rows: Sequence[CostRow], settings: FigureSettings, metric_label: str
) -> str:
    """The operating points with intervals, as Markdown."""
    cells = [cells_of(row, intervals=True) for row in rows if row.operating]
    return markdown_cells(heads(), cells, footnotes(settings, metric_label))


def to_csv(rows: Sequence[CostRow]) -> str:
    """Every point unrounded: each number as value, low and high, FLOPs as such."""
    names = list(dict.fromkeys(name for row in rows for name in row.costs))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    spread = [f"{name}{end}" for name in names for end in ("", "_low", "_high")]
    who = ["method", "display_name", "threshold", "end", "operating_point"]
    writer.writerow([*who, *spread])
    for row in rows:
        cells = [row.method, row.display_name, number(row.threshold), row.label or ""]
        cells.append(str(row.operating).lower())
        for name in names:
            band = row.costs.get(name)
            found = (None,) * 3 if band is None else (band.value, band.low, band.high)
            cells += map(number, found)
        writer.writerow(cells)
    return text.getvalue()
