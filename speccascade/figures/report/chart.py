"""One trade-off chart as SVG: quality against one cost, every point with its interval.

Places are percentages of the plot, so a chart takes any width and its type keeps its
size; only the lines between points live in a stretched system of 100 x 100. The script
of the page shows the `data-text` of the point that is nearest to the pointer, or that
the arrow keys reach; without it the chart is still whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from speccascade.figures.measured import ALONE
from speccascade.figures.report.elements import Element, element
from speccascade.figures.report.marker import colours, marker
from speccascade.figures.series import Series, threshold_text
from speccascade.figures.style import style_of
from speccascade.figures.tradeoff import quality_range

__all__ = ["Axis", "chart"]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The x axis of a chart.

    Attributes:
      panel: of the series that it shows.
      label: under the axis, and on the switch between axes.
      levels: whether the models alone are level lines and no points: their own cost may
        lie far from that of the curves.
    """

    panel: str
    label: str
    levels: bool = False


def chart(
    series: Sequence[Series], axis: Axis, metric_label: str, size: str
) -> Element:
    """The chart of the series of one panel.

    Args:
      series: a line each; drawn from back to front in the order of the legend.
      axis: what is on the x axis.
      metric_label: what is on the y axis.
      size: how many sentences and seeds each point has, in words.
    """
    lines = sorted(series, key=_back_to_front)
    x_range = _cost_range([line for line in lines if not _is_level(line, axis)])
    frame = _Frame(x=x_range, y=quality_range(lines))
    drawn = [_line(line, frame) for line in lines]
    points = [
        _point(line, i, axis, frame, metric_label, size)
        for line in lines
        for i in range(len(line.y))
    ]
    plot = element(
        "svg",
        *_grid(frame),
        element(
            "svg",
            *drawn,
            viewBox="0 0 100 100",
            preserveAspectRatio="none",
            width="100%",
            height="100%",
        ),
        *points,
        class_="plot",
        tabindex="0",
        role="application",
        aria_roledescription="chart",
        aria_label=f"{metric_label} against {axis.label}. Left and right arrow keys go "
        "along a curve, up and down to another.",
    )
    return element(
        "figure",
        element("div", metric_label, class_="y-label"),
        plot,
        element("div", axis.label, class_="x-label"),
        element("div", class_="value", aria_live="polite", hidden=True),
        class_="chart",
        data_axis=axis.panel,
    )


@dataclass(frozen=True)
class _Frame:
    """What the edges of the plot stand for, low and high."""

    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, value: float) -> float:
        """Percent from the left."""
        low, high = self.x
        return 100 * (value - low) / (high - low)

    def down(self, value: float) -> float:
        """Percent from the top."""
        low, high = self.y
        return 100 * (high - value) / (high - low)


def _back_to_front(line: Series) -> int:
    return 99 if line.method == "lossless" else style_of(line.method).order


def _is_level(line: Series, axis: Axis) -> bool:
    return line.method in ALONE and (axis.levels or line.x[0] is None)


def _cost_range(lines: Sequence[Series]) -> tuple[float, float]:
    values = [x for line in lines for x in line.x if x is not None] or [0.0, 1.0]
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 0.05
    return max(0.0, low - room) if low >= 0 else low - room, high + room


def _grid(frame: _Frame) -> list[Element]:
    found = []
    for value in _ticks(frame.y, 6):
        y = f"{frame.down(value):.2f}%"
        found.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"))
        words = dict(x="0", y=y, dx="-7", dy="4", text_anchor="end")
        found.append(_label(f"{value:g}", **words))
    for value in _ticks(frame.x, 6):
        x = f"{frame.across(value):.2f}%"
        found.append(element("line", x1=x, x2=x, y1="0", y2="100%", class_="grid"))
        words = dict(x=x, y="100%", dy="17", text_anchor="middle")
        found.append(_label(f"{value:g}", **words))
    return found


def _label(text: str, **place: str) -> Element:
    made = element("text", text, class_="tick")
    for key, value in place.items():  # SVG's own names, of which one has a hyphen
        made.set(key.replace("_", "-"), value)
    return made


def _ticks(limits: tuple[float, float], count: int) -> list[float]:
    low, high = limits
    values = MaxNLocator(nbins=count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(round(one, 10)) for one in values if low <= one <= high]


def _line(line: Series, frame: _Frame) -> Element:
    """What joins the points of a curve, or the level of a model alone."""
    if line.method in ALONE:
        y = frame.down(line.y[0])
        places, kind = [(0.0, y), (100.0, y)], f"level {line.method}"
    else:
        places = [
            (frame.across(x), frame.down(y))
            for x, y in zip(line.x, line.y, strict=True)
            if x is not None
        ]
        kind = "dashed" if style_of(line.method).hollow else "solid"
    return element(
        "polyline",
        points=" ".join(f"{x:.2f},{y:.2f}" for x, y in places),
        class_=f"of-method {kind}",
        style=colours(line.method),
        data_method=line.method,
    )


def _point(
    line: Series, i: int, axis: Axis, frame: _Frame, metric_label: str, size: str
) -> Element:
    """A marker, its intervals as thin bars, and in words what it stands for."""
    value, y = line.x[i], frame.down(line.y[i])
    # The point of a level stands where the level ends.
    place = None if _is_level(line, axis) else value
    x = 100.0 if place is None else frame.across(place)
    quality = _interval(line.low, line.high, i)
    cost = _interval(line.x_low, line.x_high, i)
    bars = []
    if quality:
        low, high = map(frame.down, quality)
        bars.append(_bar(x, x, low, high))
    if cost and place is not None:
        low, high = map(frame.across, cost)
        bars.append(_bar(low, high, y, y))
    words = [
        line.display_name,
        _threshold(line, i),
        _value(metric_label, line.y[i], quality, 2),
        "" if value is None else _value(axis.label, value, cost, 3),
        size,
    ]
    return element(
        "g",
        *bars,
        marker(line.method, x=f"{x:.2f}%", y=f"{y:.2f}%"),
        class_="point of-method",
        style=colours(line.method),
        data_method=line.method,
        data_x=f"{x:.2f}",
        data_y=f"{y:.2f}",
        data_text="\n".join(filter(None, words)),
    )


def _bar(x1: float, x2: float, y1: float, y2: float) -> Element:
    """A line that ends where the plot does."""
    places = {"x1": x1, "x2": x2, "y1": y1, "y2": y2}
    inside = {name: min(100.0, max(0.0, one)) for name, one in places.items()}
    return element("line", **{name: f"{one:.2f}%" for name, one in inside.items()})


def _interval(
    low: Sequence[float | None] | None, high: Sequence[float | None] | None, i: int
) -> tuple[float, float] | None:
    if low is None or high is None:
        return None
    ends = low[i], high[i]
    return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])


def _threshold(line: Series, i: int) -> str:
    alpha, end = line.thresholds[i], line.ends[i]
    if alpha is None:
        return ""
    text = f"threshold {threshold_text(alpha)}"
    return f"{text}, {end} end" if end else text


def _value(
    name: str, value: float, interval: tuple[float, float] | None, digits: int
) -> str:
    text = f"{name} {value:.{digits}f}"
    if interval:
        low, high = interval
        text += f" [{low:.{digits}f}, {high:.{digits}f}]"
    return text
