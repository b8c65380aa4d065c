"""Ours beside the paper's: one figure of each of its figures that was run.

- With the paper's models and data: ours solid over the published pale, the same axes.
- At any other scale scores do not compare, so never on one axis: each published panel
  with ours under it; and, in a figure of its own, all quality normalised to

      (quality - drafter's) / (target's - drafter's),

  0 for the drafter alone and 1 for the target alone, where curves may share a panel.

Ours stand without intervals, as the published curves do: the caption has their size,
and each setting's own figure draws them.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from speccascade.curves import normalised
from speccascade.curves.bootstrap import CONFIDENCE
from speccascade.figures.labels import COSTS
from speccascade.figures.layout import add_legend, make_cells
from speccascade.figures.measured import ALONE, PANEL_OF, series_of
from speccascade.figures.panels import Cell
from speccascade.figures.paper_draw import (
    dress_cell,
    paper_caption,
    paper_legend,
    paper_series,
)
from speccascade.figures.paper_layout import PaperFigure, Place
from speccascade.figures.paper_match import Match
from speccascade.figures.series import Series
from speccascade.figures.style import PAPER, style_of
from speccascade.figures.tradeoff import (
    TradeoffFigure,
    draw_line,
    limit_cost,
    limit_quality,
)

__all__ = [
    "draw_beside",
    "draw_normalised",
    "draw_over",
    "is_modelled",
    "ours_of",
    "shares_cost",
]


def draw_over(figure: PaperFigure, matches: Sequence[Match]) -> TradeoffFigure:
    """Ours solid over the published pale, panel by panel; models and data as there."""
    drawn, axes = _page(figure, matches, 1, "Solid: ours; pale: published.")
    for one, axis in zip(matches, axes, strict=True):
        theirs = paper_series(one.place)
        ours = [] if one.cell is None else ours_of(one.place, one.cell)
        lines = [line for line, _ in theirs] + ours
        with mpl.rc_context(PAPER):
            for line, style in theirs:
                draw_line(axis, line, pale=True, style=style)
            for line in ours:
                draw_line(axis, line)
            dress_cell(axis, one.place, lines)
        drawn.series += tuple(lines)
    return drawn


def draw_beside(figure: PaperFigure, matches: Sequence[Match]) -> TradeoffFigure:
    """Each published panel above, ours under it with axes of its own."""
    note = (
        "Upper of each two rows: published; lower: ours, other models and other data, "
        "joined in the order of thresholds."
    )
    drawn, _ = _page(figure, matches, 2, note)
    for one in matches:
        above = drawn.panels[one.place.title]
        below = drawn.panels.get(f"{one.place.title} (ours)")
        with mpl.rc_context(PAPER):
            theirs = paper_series(one.place)
            for line, style in theirs:
                draw_line(above, line, style=style)
            dress_cell(above, one.place, [line for line, _ in theirs])
            drawn.series += tuple(line for line, _ in theirs)
            if below is not None:
                drawn.series += _draw_ours(below, one)
    return drawn


def draw_normalised(
    figure: PaperFigure, matches: Sequence[Match]
) -> TradeoffFigure | None:
    """Ours solid over the published pale, all quality normalised to the two models.

    Panels whose costs or levels are not known on both sides are left out; None where
    that leaves no panel.
    """
    both = [(one, lines) for one in matches if (lines := _normalised(one))]
    if not both:
        return None
    note = (
        "Quality as a share of the way from the drafter's (0) to the target's (1). "
        "Solid: ours; pale: published, its drafter where lossy keeps every draft. "
        "Models, data and machines differ: compare shapes and orders."
    )
    drawn, axes = _page(figure, [one for one, _ in both], 1, note)
    for (one, (theirs, ours)), axis in zip(both, axes, strict=True):
        with mpl.rc_context(PAPER):
            for line in theirs:
                draw_line(axis, line, pale=True)
            for line in ours:
                draw_line(axis, line)
            dress_cell(axis, one.place, [*theirs, *ours])
            axis.set_title(_title(one), pad=4.0, fontsize=7.6)
        drawn.series += (*theirs, *ours)
    return drawn


def _page(
    figure: PaperFigure, matches: Sequence[Match], deep: int, note: str
) -> tuple[TradeoffFigure, list[Axes]]:
    """A figure with `deep` panels for each match, the second under the first."""
    cells = [one.cell for one in matches if one.cell is not None]
    names = {
        method: curve.display_name
        for cell in cells
        for method, curve in cell.measured.curves.items()
    }
    columns = paper_legend([one.place for one in matches], names)
    places = _places(matches, deep)
    text = " ".join([paper_caption(figure), note, *_sources(cells)])
    with mpl.rc_context(PAPER):
        drawn = TradeoffFigure()
        FigureCanvasAgg(drawn)
        axes = make_cells(drawn, list(places.values()), max(map(len, columns)), text)
        add_legend(drawn, columns)
    drawn.panels = dict(zip(places, axes, strict=True))
    return drawn, axes


def _places(matches: Sequence[Match], deep: int) -> dict[str, tuple[int, int]]:
    """Row and column of each panel by its name, ours under the published.

    A row of the paper's of which nothing of ours stands has no row under it.
    """
    bottom, places = 0, {}
    for row in sorted({one.place.row for one in matches}):
        here = [one for one in matches if one.place.row == row]
        rows = deep if any(one.cell is not None for one in here) else 1
        for one in here:
            for i in range(rows):
                name = one.place.title + " (ours)" * i
                places[name] = (bottom + i, one.place.column)
        bottom += rows
    return places


def _sources(cells: Sequence[Cell]) -> list[str]:
    """What ours are, each once."""
    return list(dict.fromkeys(map(_source, cells)))


def _source(cell: Cell) -> str:
    asked, modelled = cell.settings, ", relative latency modelled" * is_modelled(cell)
    return (
        f"Ours: pair {asked.pair}, task {asked.task} ({asked.split}), "
        f"n = {_examples(cell)}, {100 * CONFIDENCE:g} % intervals (not drawn) "
        f"± {_half_width(cell):.2g} {cell.label} in the median{modelled}."
    )


def is_modelled(cell: Cell) -> bool:
    """Whether our relative latency is by a component profile, not by a clock."""
    return cell.settings.latency_kind == "Modelled"


def shares_cost(one: Match) -> bool:
    """Whether ours has the published panel's cost; untimed, it has calls instead."""
    if one.cell is None:
        return False
    lines = ours_of(one.place, one.cell)
    return one.place.panel.x_axis in _costs(lines)


def _costs(lines: Sequence[Series]) -> set[str]:
    named = {line.x_name for line in lines if line.method not in ALONE}
    return {str(name).removeprefix("modelled_") for name in named}


def _examples(cell: Cell) -> int:
    return next(iter(cell.measured.points.values()))[0].n


def _half_width(cell: Cell) -> float:
    """Of the intervals of quality, the median over all points."""
    points = itertools.chain.from_iterable(cell.measured.points.values())
    bands = [one.quality[cell.metric.name] for one in points]
    return float(np.median([(one.high - one.low) / 2 for one in bands]))


def _title(one: Match) -> str:
    name = one.place.title.rpartition(":")[0]
    return name if one.cell is None else f"{name}; ours: {one.cell.settings.task}"


def _draw_ours(axis: Axes, one: Match) -> tuple[Series, ...]:
    """Our own panel; one that has none says why, and has no axes."""
    if one.cell is None:
        axis.set_axis_off()
        axis.text(
            0.5,
            0.5,
            one.why,
            transform=axis.transAxes,
            horizontalalignment="center",
            fontsize=7.6,
            fontstyle="italic",
        )
        return ()
    lines = ours_of(one.place, one.cell)
    for line in lines:
        draw_line(axis, line)
    x_name = next((s.x_name for s in lines if s.method not in ALONE), "")
    task, label = one.cell.settings.task, one.cell.label
    axis.set_title(f"ours, {task}: {label}", pad=4.0, fontsize=7.6)
    axis.set_xlabel(COSTS.get(x_name, x_name), fontsize=7.6)
    limit_quality(axis, lines)
    limit_cost(axis, lines, timed=x_name.endswith("latency"))
    return tuple(lines)


def ours_of(place: Place, cell: Cell) -> list[Series]:
    """Our curves over the published panel's cost; over calls where not timed.

    They have no intervals, as the published ones.
    """
    x_axis = place.panel.x_axis
    counted = x_axis if x_axis in PANEL_OF else "target_calls_per_token"
    found = series_of(cell.measured, [], cell.metric, counted=counted)
    if x_axis == "deferrals_per_token":
        # As the paper's star must be: its rejections, for a lossless rule has no r.
        other = series_of(cell.measured, [], cell.metric, "rejections_per_token")
        star = [one for one in other if one.method == "lossless"]
        found += [
            replace(one, panel="deferrals") for one in star if one.panel == "rejections"
        ]
    timed = x_axis == "relative_latency" and any(s.panel == "latency" for s in found)
    panel = "latency" if timed else PANEL_OF[counted]
    lines = [
        replace(
            _bare(one), panel=place.title, x=(None,) if one.method in ALONE else one.x
        )
        for one in found
        if one.panel == panel
    ]
    return sorted(lines, key=lambda one: style_of(one.method).order)


def _normalised(one: Match) -> tuple[list[Series], list[Series]] | None:
    """Published and our lines of a panel, or None where they share no scale."""
    panel = one.place.panel
    if one.cell is None or panel.target_quality is None:
        return None
    ours = ours_of(one.place, one.cell)
    ends = {line.method: line.y[0] for line in ours if line.method in ALONE}
    drafter = panel.drafter_quality
    if _costs(ours) != {panel.x_axis} or set(ends) != set(ALONE) or drafter is None:
        return None
    if ends["target"] == ends["drafter"]:
        return None  # no gap, no scale
    theirs = [
        _scaled(line, drafter, panel.target_quality)
        for line, _ in paper_series(one.place)
    ]
    return theirs, [_scaled(s, ends["drafter"], ends["target"]) for s in ours]


def _scaled(line: Series, drafter: float, target: float) -> Series:
    """The line on the normalised scale."""
    y = normalised(np.array(line.y), np.array(drafter), np.array(target))
    name = f"normalised {line.y_name}"
    return replace(line, y_name=name, y=tuple(y.tolist()))


def _bare(line: Series) -> Series:
    none = (None,) * len(line.y)
    return replace(line, low=none, high=none, x_low=None, x_high=None)
