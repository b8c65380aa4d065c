"""The paper's figures, redrawn from its published points."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D

from speccascade.curves import PaperCurve
from speccascade.figures.labels import COSTS
from speccascade.figures.layout import (
    add_legend,
    legend_columns,
    make_cells,
    method_handle,
)
from speccascade.figures.paper_layout import PaperFigure, Place
from speccascade.figures.series import Series
from speccascade.figures.style import PAPER, MethodStyle, style_of
from speccascade.figures.tradeoff import (
    TradeoffFigure,
    draw_line,
    limit_cost,
    limit_quality,
)
from speccascade.methods import display_name

__all__ = [
    "draw_paper",
    "dress_cell",
    "paper_caption",
    "paper_legend",
    "paper_series",
]

_SOURCE = "Narasimhan et al. (2025), arXiv 2405.19261v2"


def draw_paper(figure: PaperFigure) -> TradeoffFigure:
    """The figure from published points alone; its `panels` are named by their titles.

    Markers and colours are ours, rows and columns the paper's. Dashed: the target
    alone; a star: plain speculative decoding, where the paper shows it.
    """
    columns = paper_legend(figure.places)
    with mpl.rc_context(PAPER):
        drawn = TradeoffFigure()
        FigureCanvasAgg(drawn)
        places = [(place.row, place.column) for place in figure.places]
        rows = max(map(len, columns))
        axes = make_cells(drawn, places, rows, paper_caption(figure))
        drawn.panels = dict(
            zip((one.title for one in figure.places), axes, strict=True)
        )
        for place, axis in zip(figure.places, axes, strict=True):
            lines = paper_series(place)
            for line, style in lines:
                draw_line(axis, line, style=style)
            drawn.series += tuple(line for line, _ in lines)
            dress_cell(axis, place, [line for line, _ in lines])
        add_legend(drawn, columns)
    return drawn


def paper_series(place: Place) -> list[tuple[Series, MethodStyle]]:
    """The level of the target, then the curves from back to front."""
    panel = place.panel
    lines = []
    if panel.target_quality is not None:
        level = (None,), (panel.target_quality,)
        lines.append(_series(place, "target", display_name("target"), *level))
    ordered = sorted(place.curves, key=lambda one: style_of(one.method).order)
    for one in ordered:
        lines.append(_series(place, one.method, _name(one), one.x, one.y))
    styles = [style_of("target")][: len(lines) - len(ordered)]
    return list(zip(lines, [*styles, *map(_curve_style, ordered)], strict=True))


def _series(
    place: Place,
    method: str,
    name: str,
    x: tuple[float | None, ...],
    y: tuple[float, ...],
) -> Series:
    none = (None,) * len(y)
    return Series(
        panel=place.title,
        source="paper",
        method=method,
        display_name=name,
        thresholds=none,
        ends=none,
        x_name=place.panel.x_axis,
        x=x,
        y_name=place.panel.metric,
        y=y,
        low=none,
        high=none,
        examples=None,
    )


def _curve_style(curve: PaperCurve) -> MethodStyle:
    """The method's; of the original BiLD at gamma 10 filled, with an unbroken line."""
    style = style_of(curve.method)
    if curve.method.startswith("bild_original") and curve.gamma == 10:
        return replace(style, hollow=False, marker="X")
    return style


def _name(curve: PaperCurve) -> str:
    """What the legend says: our name, but for settings of BiLD that have none."""
    if curve.method.startswith("bild_original"):
        return curve.printed.replace("gamma=", "γ = ").replace("alpha_f", "α_f")
    return display_name(curve.method)


def paper_legend(
    places: Sequence[Place], ours: Mapping[str, str] | None = None
) -> list[list[tuple[str, Line2D]]]:
    """Columns of the legend: a family each, the settings of BiLD apart.

    `ours` are further methods, by their names here, and what they are called.
    """
    published = {
        line.display_name: (line.method, style)
        for place in places
        for line, style in paper_series(place)
    }
    apart = [name for name in published if name.startswith("BiLD (")]
    names = {published[name][0]: name for name in published if name not in apart}
    columns = legend_columns({**(ours or {}), **names}, None, most=5)
    # The settings of gamma = 5 before those of 10.
    extra = [(name, method_handle(*published[name])) for name in sorted(apart, key=len)]
    half = len(extra) // 2
    return [*columns, extra[:half], extra[half:]] if extra else columns


def paper_caption(figure: PaperFigure) -> str:
    """Source, claim, settings and what does not fit."""
    panels = [place.panel for place in figure.places]
    heats = dict.fromkeys(f"{one.temperature:g}" for one in panels)
    gammas = dict.fromkeys(
        str(c.gamma) for place in figure.places for c in place.curves
    )
    pairs = dict.fromkeys(f"{one.drafter} → {one.target}" for one in panels)
    family = {"t5": "T5", "gemma2": "Gemma 2"}[panels[0].family]
    number = figure.item.removeprefix("fig")
    parts = [
        f"{_SOURCE}, Fig. {number}, redrawn from its published points. {figure.claim}",
        f"{family} {', '.join(pairs)}; T = {', '.join(heats)}; "
        f"γ = {', '.join(gammas)}. Points are thresholds, joined from left to right; "
        "dashed: target alone.",
    ]
    if figure.anomalies:
        parts.append(f"Known anomalies: {' '.join(figure.anomalies)}")
    return " ".join(parts)


def dress_cell(axis: Axes, place: Place, lines: Sequence[Series]) -> None:
    """Title, label and limits of one published panel."""
    axis.set_title(place.title, pad=4.0, fontsize=7.6)
    axis.set_xlabel(COSTS[place.panel.x_axis], fontsize=7.6)
    limit_quality(axis, lines)
    # The target's own latency, 1, stands in a panel that comes near to it.
    near = any(x is not None and x > 0.9 for line in lines for x in line.x)
    limit_cost(axis, lines, near and place.panel.x_axis == "relative_latency")
