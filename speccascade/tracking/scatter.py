"""The panels of a figure as charts to hover over, zoom into and switch curves off.

Plotly and not a chart of W&B's own: a preset of theirs has no threshold to hover over,
and its form lies on their server, while a Plotly chart is whole in the run's files.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from speccascade.figures.style import style_of

# Of Matplotlib's markers, what Plotly calls them; any other is a circle.
_SYMBOLS = {
    "p": "pentagon",
    "*": "star",
    "s": "square",
    "P": "cross",
    "o": "circle",
    "^": "triangle-up",
    "D": "diamond",
    "d": "diamond-tall",
    "v": "triangle-down",
    ">": "triangle-right",
    "<": "triangle-left",
    "X": "x",
    "h": "hexagon",
    "H": "hexagon2",
}

Row = Mapping[str, Any]


def scatters(
    columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> dict[str, go.Figure]:
    """A chart for each panel of a figure's CSV, by the panel's name.

    Every drawn point is in it, with its threshold and its interval; curves that ship
    with the project are pale.
    """
    points = [dict(zip(columns, row, strict=True)) for row in rows]
    charts: dict[str, go.Figure] = {}
    for (panel, source, method), group in itertools.groupby(points, key=_line_of):
        line = list(group)
        chart = charts.setdefault(panel, go.Figure())
        pale = source == "published" and panel != "published latency"
        chart.add_trace(_trace(line, method, pale))
        if any(one["x"] is not None for one in line):
            chart.update_xaxes(title=line[0]["x_name"].replace("_", " "))
        chart.update_yaxes(title=line[0]["y_name"])
    for chart in charts.values():
        chart.update_layout(template="plotly_white", hovermode="closest")
    return charts


def _line_of(point: Row) -> tuple[str, str, str]:
    return point["panel"], point["source"], point["method"]


def _trace(line: Sequence[Row], method: str, pale: bool) -> go.Scatter:
    """One curve; a model alone without a place on the x axis is a level line."""
    style, first = style_of(method), line[0]
    shared = {
        "name": first["display_name"] + " (as shipped)" * pale,
        "opacity": 0.35 if pale else 1.0,
        "line": {"color": style.colour, "dash": "dash" if style.hollow else "solid"},
    }
    if all(one["x"] is None for one in line):
        # As wide as the axis of a rate.
        level = [first["y"], first["y"]]
        return go.Scatter(x=[0.0, 1.0], y=level, mode="lines", **shared)
    return go.Scatter(
        x=[one["x"] for one in line],
        y=[one["y"] for one in line],
        error_x=_bars(line, "x"),
        error_y=_bars(line, "y"),
        customdata=[[one["threshold"] or "none", one["end"]] for one in line],
        hovertemplate="%{x:.4f}, %{y:.3f}<br>threshold %{customdata[0]} "
        "%{customdata[1]}",
        mode="lines+markers",
        marker={
            "symbol": _SYMBOLS.get(style.marker, "circle") + "-open" * style.hollow,
            "color": style.colour,
            "size": 8,
        },
        **shared,
    )


def _bars(line: Sequence[Row], axis: str) -> dict[str, Any] | None:
    """The interval of each point, as distances from it."""
    if any(one[f"{axis}_{end}"] is None for one in line for end in ("low", "high")):
        return None
    return {
        "type": "data",
        "symmetric": False,
        "array": [one[f"{axis}_high"] - one[axis] for one in line],
        "arrayminus": [one[axis] - one[f"{axis}_low"] for one in line],
        "thickness": 0.6,
        "width": 0,
    }
