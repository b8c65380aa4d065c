"""Several pairs and tasks in one figure: a row a model family, a column a task.

Each panel has a range of its own on both axes: metrics differ, and so does what a call
saves. The x axis is relative latency where every panel has it, target calls per token
otherwise. One legend serves all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from speccascade.figures.caption import FigureSettings, caption
from speccascade.figures.families import COUNTED
from speccascade.figures.layout import (
    Page,
    add_caption,
    add_legend,
    legend_columns,
)
from speccascade.figures.measured import ALONE, Measured, filled, series_of
from speccascade.figures.series import Series
from speccascade.figures.style import PAPER, style_of
from speccascade.figures.tradeoff import TradeoffFigure, draw_line, limit_quality
from speccascade.store.summary import Metric

__all__ = ["Cell", "draw_panels"]

# Inches, as in `layout`.
_WIDTH, _LEFT, _RIGHT, _GAP = 8.0, 0.62, 0.10, 0.42
_HEIGHT, _TITLE, _XLABEL, _KEY_ROW = 1.35, 0.30, 0.30, 0.142


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One panel.

    Attributes:
      row, column: their titles: of the models, and of the task.
      measured: its curves.
      metric: on its y axis, with what the axis calls it.
      settings: of its curves.
    """

    row: str
    column: str
    measured: Measured
    metric: Metric
    label: str
    settings: FigureSettings


def draw_panels(cells: Sequence[Cell]) -> TradeoffFigure:
    """The figure of the given cells; its `panels` are named ROW/COLUMN."""
    lines = {
        _name(cell): series_of(cell.measured, [], cell.metric, counted=COUNTED)
        for cell in cells
    }
    timed = all(any(s.panel == "latency" for s in found) for found in lines.values())
    panel = "latency" if timed else "calls"
    lines = {
        name: sorted(
            (_level(s) for s in found if s.panel == panel),
            key=lambda one: style_of(one.method).order,
        )
        for name, found in lines.items()
    }
    methods = {s.method: s.display_name for found in lines.values() for s in found}
    columns = legend_columns(methods, None, most=5)
    with mpl.rc_context(PAPER):
        figure = TradeoffFigure()
        FigureCanvasAgg(figure)
        height = max(len(column) for column in columns) * _KEY_ROW
        figure.panels = _panels(figure, cells, height, timed)
        figure.series = tuple(s for found in lines.values() for s in found)
        for name, found in lines.items():
            axis = figure.panels[name]
            for line in found:
                draw_line(axis, line)
            limit_quality(axis, found)
            _limit_cost(axis, found, timed)
        add_legend(figure, columns)
    return figure


def _level(line: Series) -> Series:
    """One model alone as a level: its own cost may lie far from the curves."""
    return replace(line, x=(None,)) if line.method in ALONE else line


def _name(cell: Cell) -> str:
    return f"{cell.row}/{cell.column}"


def _panels(
    figure: TradeoffFigure, cells: Sequence[Cell], legend: float, timed: bool
) -> dict[str, Axes]:
    """Sizes the figure and places a panel for each cell."""
    rows = list(dict.fromkeys(cell.row for cell in cells))
    columns = list(dict.fromkeys(cell.column for cell in cells))
    each_row = _TITLE + _HEIGHT + _XLABEL
    page = Page(_WIDTH, legend + 0.08 + len(rows) * each_row, _text(cells, timed))
    figure.set_size_inches(page.width, page.height)
    add_caption(figure, page)
    width = (_WIDTH - _LEFT - _RIGHT - (len(columns) - 1) * _GAP) / len(columns)
    panels: dict[str, Axes] = {}
    for cell in cells:
        row, column = rows.index(cell.row), columns.index(cell.column)
        bottom = page.height - legend - 0.08 - (row + 1) * each_row + _XLABEL
        axis = figure.add_axes(
            (
                (_LEFT + column * (width + _GAP)) / page.width,
                bottom / page.height,
                width / page.width,
                _HEIGHT / page.height,
            )
        )
        panels[_name(cell)] = axis
        axis.set_title(f"{cell.column}: {cell.label}", pad=4.0, fontsize=7.6)
        axis.tick_params(labelsize=6.6, pad=1.5)
        if column == 0:
            axis.set_ylabel(cell.row)
        if row == len(rows) - 1:
            axis.set_xlabel("Relative latency" if timed else "Target calls per token")
    return panels


def _text(cells: Sequence[Cell], timed: bool) -> str:
    """The caption: of the first cell, with every pair, task and size."""
    settings = [filled(cell.settings, cell.measured, []) for cell in cells]
    whole = replace(
        settings[0],
        pair=", ".join(dict.fromkeys(one.pair for one in settings)),
        task=", ".join(dict.fromkeys(one.task for one in settings)),
        examples=min(one.examples for one in settings),
    )
    return caption(whole, latency=timed, published=False, counted=COUNTED)


def _limit_cost(axis: Axes, lines: Sequence[Series], timed: bool) -> None:
    """The range of the curves; of latencies also the target's, 1."""
    values = [x for line in lines for x in line.x if x is not None]
    left = min(values, default=0.0)
    right = max([*values, 1.0]) if timed else max(values, default=1.0)
    pad = 0.06 * (right - left) or 0.05
    axis.set_xlim(left - pad, right + pad)
    if timed:
        axis.axvline(1.0, color="#8C8C8C", linewidth=0.6, zorder=1.5)
