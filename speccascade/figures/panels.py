"""Several pairs and tasks in one figure: a row a model family, a column a task.

Where two pairs of one family were asked the same task, a row is a pair.

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
from speccascade.figures.layout import add_legend, legend_columns, make_cells
from speccascade.figures.measured import ALONE, Measured, filled, series_of
from speccascade.figures.series import Series
from speccascade.figures.style import PAPER, style_of
from speccascade.figures.tradeoff import (
    TradeoffFigure,
    draw_line,
    limit_cost,
    limit_quality,
)
from speccascade.store.summary import Metric

__all__ = ["Cell", "draw_panels"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One panel.

    Attributes:
      family: of the models, as a title; empty where it shows only with their weights.
      measured: its curves.
      metric: on its y axis, with what the axis calls it.
      settings: of its curves, with the pair and the task.
    """

    family: str
    measured: Measured
    metric: Metric
    label: str
    settings: FigureSettings


def draw_panels(cells: Sequence[Cell]) -> TradeoffFigure:
    """The figure of the given cells; its `panels` are named ROW/TASK."""
    rows = _rows(cells)
    names = [f"{row}/{one.settings.task}" for row, one in zip(rows, cells, strict=True)]
    lines = {
        name: series_of(cell.measured, [], cell.metric, counted=COUNTED)
        for name, cell in zip(names, cells, strict=True)
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
        legend_rows = max(len(column) for column in columns)
        axes = _place(figure, cells, rows, legend_rows, timed)
        figure.panels = dict(zip(names, axes, strict=True))
        figure.series = tuple(s for found in lines.values() for s in found)
        for name, found in lines.items():
            axis = figure.panels[name]
            for line in found:
                draw_line(axis, line)
            limit_quality(axis, found)
            limit_cost(axis, found, timed)
        add_legend(figure, columns)
    return figure


def _level(line: Series) -> Series:
    """One model alone as a level: its own cost may lie far from the curves."""
    return replace(line, x=(None,)) if line.method in ALONE else line


def _rows(cells: Sequence[Cell]) -> list[str]:
    """The row of each cell: its family, or its pair where the family has rivals."""
    families: dict[tuple[str, str], set[str]] = {}
    for cell in cells:
        key = cell.family, cell.settings.task
        families.setdefault(key, set()).add(cell.settings.pair)
    rivals = {family for (family, _), pairs in families.items() if len(pairs) > 1}
    return [
        cell.settings.pair if cell.family in {"", *rivals} else cell.family
        for cell in cells
    ]


def _place(
    figure: TradeoffFigure,
    cells: Sequence[Cell],
    titles: Sequence[str],
    legend_rows: int,
    timed: bool,
) -> list[Axes]:
    """Sizes the figure and places a panel for each cell, in the row of its title."""
    tasks = [cell.settings.task for cell in cells]
    rows, columns = list(dict.fromkeys(titles)), list(dict.fromkeys(tasks))
    places = [
        (rows.index(title), columns.index(task))
        for title, task in zip(titles, tasks, strict=True)
    ]
    axes = make_cells(figure, places, legend_rows, _text(cells, timed))
    for cell, (row, column), axis in zip(cells, places, axes, strict=True):
        axis.set_title(f"{cell.settings.task}: {cell.label}", pad=4.0, fontsize=7.6)
        if column == 0:
            axis.set_ylabel(rows[row])
        if row == len(rows) - 1:
            axis.set_xlabel("Relative latency" if timed else "Target calls per token")
    return axes


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
