"""The table: what each method saves, and what it is worth, one row a method."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from speccascade.curves.bootstrap import CONFIDENCE
from speccascade.figures.caption import FigureSettings
from speccascade.figures.series import number
from speccascade.figures.text_table import markdown_cells, print_cells

__all__ = [
    "Estimate",
    "Row",
    "cells_of",
    "footnotes",
    "heads",
    "print_table",
    "to_csv",
    "to_markdown",
]

# Plain ASCII, for terminals and logs of any encoding.
_UNSURE = "~"
_LOST = "!"
_NONE = "-"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One number of the table and what the sample says about it.

    Attributes:
      value: the estimate.
      low, high: its bootstrap interval; None where none is known.
      unsure: True where n cannot tell the method from the target alone.
      lost: True of a speed-up whose threshold, chosen to have the target's quality on
        validation, surely has less on the reported data.
    """

    value: float
    low: float | None = None
    high: float | None = None
    unsure: bool = False
    lost: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One method.

    Attributes:
      method, display_name: who.
      points: distinct operating points (thresholds whose outputs differ).
      speedup: at matched quality, threshold picked on the reported data (paper, 5.4).
      speedup_chosen: the same, threshold chosen on validation data.
      quality: best quality within the target's latency, picked on the reported data.
      quality_chosen: the same, threshold chosen on validation data.
      rejection_rate, tokens_per_target_call, length_ratio: counts at the row's
        operating point: the cheapest point whose quality is the target's, or the
        best point where none is; length_ratio is of emitted tokens to the target's.
    """

    method: str
    display_name: str
    points: int
    speedup: Estimate | None
    speedup_chosen: Estimate | None
    quality: Estimate | None
    quality_chosen: Estimate | None
    rejection_rate: float | None
    tokens_per_target_call: float | None
    length_ratio: float | None


def _point(estimate: Estimate | None, digits: int) -> str:
    if estimate is None:
        return _NONE
    return f"{estimate.value:.{digits}f}" + (_UNSURE if estimate.unsure else " ")


def _interval(estimate: Estimate | None, digits: int) -> str:
    if estimate is None:
        return _NONE
    text = f"{estimate.value:.{digits}f}"
    if estimate.low is not None and estimate.high is not None:
        text += f" [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"
    marks = _UNSURE * estimate.unsure + _LOST * estimate.lost
    return text + (marks or " ")


def _ratio(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f}"


def cells_of(row: Row) -> list[str]:
    """The cells of one row, rounded."""
    return [
        row.display_name,
        str(row.points),
        _point(row.speedup, 2),
        _interval(row.speedup_chosen, 2),
        _point(row.quality, 2),
        _interval(row.quality_chosen, 1),
        _ratio(row.rejection_rate),
        _ratio(row.tokens_per_target_call),
        _ratio(row.length_ratio),
    ]


def heads(metric_label: str) -> list[str]:
    """What stands over the columns."""
    return [
        "method",
        "pts",
        "speed-up",
        "on validation",
        f"best {metric_label}",
        "on validation",
        "reject",
        "tok/call",
        "length",
    ]


def _estimates(rows: Sequence[Row]) -> list[Estimate]:
    found = [
        estimate
        for row in rows
        for estimate in (
            row.speedup,
            row.speedup_chosen,
            row.quality,
            row.quality_chosen,
        )
    ]
    return [estimate for estimate in found if estimate is not None]


def footnotes(
    rows: Sequence[Row], settings: FigureSettings, metric_label: str
) -> list[str]:
    """What the columns mean, and what n cannot tell, in words."""
    n, seeds = settings.examples, len(settings.seeds)
    size = f"n = {n:,} sentence{'s' * (n != 1)} x {seeds} seed{'s' * (seeds != 1)}"
    percent = f"{100 * CONFIDENCE:g} %"
    if settings.host and settings.latency_examples:
        kind = settings.latency_kind
        timed = (
            f" {kind} latency on {settings.host}, batch 1, "
            f"{settings.latency_examples} sentences x {settings.latency_repeats}."
        )
    else:
        timed = " No latency was measured."
    notes = [
        f"{settings.pair}, {settings.task} ({settings.split}), T = "
        f"{settings.temperature:g}, gamma = {settings.gamma}, {size}.{timed}",
        f"speed-up: over the target alone where the curve first reaches its "
        f"{metric_label}. best {metric_label}: among points no slower than the target "
        "alone. Both pick their threshold on the data they report, as the paper does.",
    ]
    if settings.validation_examples:
        notes.append(
            "on validation: the threshold chosen on validation data "
            f"({settings.validation_examples:,} sentences), reported on "
            f"{settings.split} data with its {percent} bootstrap interval; - where "
            "none qualified there."
        )
    else:
        notes.append("on validation: -, for no validation curves were given.")
    notes.append(
        "reject (resampled of decided tokens), tok/call (emitted a target call), "
        "length (tokens, of the target's): at the cheapest point with the target's "
        f"{metric_label}, else at the best point."
    )
    if any(estimate.unsure for estimate in _estimates(rows)):
        notes.append(
            f"{_UNSURE} {size} cannot tell this from the target alone: the {percent} "
            "interval of the difference holds 0 (of a speed-up: 1; never reached is 0)."
        )
    if any(estimate.lost for estimate in _estimates(rows)):
        notes.append(
            f"{_LOST} not at the target's {metric_label}: on {settings.split} data the "
            f"{percent} interval of the difference is below 0."
        )
    return notes


def print_table(
    rows: Sequence[Row], settings: FigureSettings, metric_label: str, console: Console
) -> None:
    """Prints the table: ruled on a terminal, plain text otherwise; 100 columns wide."""
    cells = [cells_of(row) for row in rows]
    notes = footnotes(rows, settings, metric_label)
    print_cells(heads(metric_label), cells, notes, console)


def to_markdown(
    rows: Sequence[Row], settings: FigureSettings, metric_label: str
) -> str:
    """The table as Markdown, for a README or an issue."""
    cells = [cells_of(row) for row in rows]
    notes = footnotes(rows, settings, metric_label)
    return markdown_cells(heads(metric_label), cells, notes)


def to_csv(rows: Sequence[Row]) -> str:
    """The table unrounded: each estimate as value, low, high and whether n tells it."""
    names = ("speedup", "speedup_chosen", "quality", "quality_chosen")
    ratios = ("rejection_rate", "tokens_per_target_call", "length_ratio")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    spread = [f"{n}{end}" for n in names for end in ("", "_low", "_high", "_unsure")]
    writer.writerow(["method", "display_name", "points", *spread, *ratios])
    for row in rows:
        cells: list[object] = [row.method, row.display_name, row.points]
        for name in names:
            estimate = getattr(row, name)
            if estimate is None:
                cells += ["", "", "", ""]
                continue
            cells += [number(estimate.value), number(estimate.low)]
            cells += [number(estimate.high), str(estimate.unsure).lower()]
        cells += [number(getattr(row, name)) for name in ratios]
        writer.writerow(cells)
    return text.getvalue()
