"""Quality against what it costs: the figure of the paper (its Figures 2, 6 and 9)."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from speccascade.figures.caption import FigureSettings, caption
from speccascade.figures.layout import add_legend, legend_columns, make_panels
from speccascade.figures.series import Series
from speccascade.figures.style import PAPER, MethodStyle, style_of

__all__ = [
    "TradeoffFigure",
    "draw_line",
    "draw_series",
    "limit_cost",
    "limit_quality",
    "quality_range",
]

_PALE = 0.42
_LEVELS = {"target": (0, (5, 2.2)), "drafter": (0, (1, 1.5))}
_X_LABELS = {
    "rejection": "Rejection rate",
    "latency": "Relative latency (target alone = 1)",
    "published latency": "Relative latency (target alone = 1)",
}


class TradeoffFigure(Figure):
    """A Matplotlib figure that knows what was drawn in it.

    `series` holds every line in drawing order; `panels` maps a panel's name to its
    axes.
    """

    series: tuple[Series, ...] = ()
    panels: dict[str, Axes]


def draw_series(
    series: Sequence[Series], settings: FigureSettings, metric_label: str
) -> TradeoffFigure:
    """The figure of the given series: one panel for each panel name they have."""
    names = [name for name in _X_LABELS if any(s.panel == name for s in series)]
    published = any(s.source == "published" for s in series)
    text = caption(
        settings,
        latency="latency" in names,
        published=published and "rejection" in names,
        published_latency="published latency" in names,
        bands=any(v is not None for s in series for v in s.low),
    )
    full = settings.published_examples
    size = "" if full is None else f", n = {full:,}"
    columns = legend_columns(
        {s.method: s.display_name for s in series},
        f"shipped curves{size}" if published else None,
        most=5 if len(names) == 3 else 4,
    )
    with mpl.rc_context(PAPER):
        figure = TradeoffFigure()
        FigureCanvasAgg(figure)
        rows = max(len(column) for column in columns)
        axes = make_panels(figure, len(names), rows, text)
        figure.panels = dict(zip(names, axes, strict=True))
        figure.series = tuple(sorted(map(_plain, series), key=_back_to_front))
        for line in figure.series:
            draw_line(figure.panels[line.panel], line, pale=_is_background(line))
        for letter, (name, axis) in zip("abc", figure.panels.items(), strict=False):
            _dress(axis, name, letter, settings, figure)
        axes[0].set_ylabel(metric_label)
        limit_quality(axes[0], figure.series)
        add_legend(figure, columns)
    return figure


def _back_to_front(line: Series) -> tuple[int, int, int]:
    """Shipped curves behind this run's, level lines behind points, lossless on top."""
    order = 99 if line.method == "lossless" else style_of(line.method).order
    return list(_X_LABELS).index(line.panel), line.source == "run", order


def _is_background(line: Series) -> bool:
    return line.source == "published" and line.panel == "rejection"


def _plain(line: Series) -> Series:
    """Lines in the background have no band, so their intervals are not drawn."""
    if not _is_background(line):
        return line
    none = (None,) * len(line.x)
    return replace(line, low=none, high=none, x_low=None, x_high=None)


def draw_line(
    axis: Axes, line: Series, pale: bool = False, style: MethodStyle | None = None
) -> None:
    """One line with its markers, band and bars; a single model is a level line too.

    Args:
      pale: drawn thin and without markers, behind the rest.
      style: by default the method's.
    """
    style = style or style_of(line.method)
    order = 3.0 + 0.01 * (99 if line.method == "lossless" else style.order)
    gid = f"{line.panel}/{line.source}/{line.method}"
    if line.method in _LEVELS:
        axis.axhline(
            line.y[0],
            color=style.colour,
            linestyle=_LEVELS[line.method],
            linewidth=0.8,
            alpha=0.35 if pale else 0.9,
            zorder=2.0,
            gid=f"{gid}/level",
        )
        if line.x[0] is None:
            return
    _band(axis, line, order)
    _whiskers(axis, line, order)
    axis.plot(
        _known(line.x),
        line.y,
        color=style.colour,
        linestyle=style.dash,
        linewidth=0.8 if pale else 1.05,
        alpha=_PALE if pale else 0.95,
        marker=style.marker if not pale or len(line.x) == 1 else "none",
        markersize=style.size,
        markerfacecolor=style.face,
        markeredgecolor=style.edge,
        markeredgewidth=0.75 if style.hollow else 0.45,
        solid_joinstyle="round",
        zorder=order - (0.8 if pale else 0.0),
        gid=gid,
        clip_on=pale,
    )


def _whiskers(axis: Axes, line: Series, order: float) -> None:
    """Intervals of x, thin enough that a dozen curves stay legible."""
    for x_low, x_high, y in zip(
        line.x_low or (), line.x_high or (), line.y, strict=False
    ):
        if x_low is None or x_high is None:
            continue
        axis.plot(
            (x_low, x_high),
            (y, y),
            color=style_of(line.method).colour,
            linewidth=0.6,
            alpha=0.35,
            solid_capstyle="butt",
            zorder=order - 0.9,
            gid=f"{line.panel}/{line.source}/{line.method}/whisker",
        )


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _band(axis: Axes, line: Series, order: float) -> None:
    x, low, high = _known(line.x), _known(line.low), _known(line.high)
    if not len(x) == len(low) == len(high):
        return
    colour = style_of(line.method).colour
    steps = [after - before for before, after in pairwise(x)]
    if not steps or min(steps) < 0 < max(steps):
        # A band of no width is not seen, and one that turns back shows no interval.
        axis.vlines(
            x,
            low,
            high,
            color=colour,
            linewidth=0.7,
            alpha=0.15 if steps else 0.45,  # many cross one another where steps are
            zorder=order - 0.9,
        )
        return
    axis.fill_between(
        x,
        low,
        high,
        color=colour,
        alpha=0.06,
        linewidth=0,
        zorder=order - 1.5,
    )


def _dress(
    axis: Axes, name: str, letter: str, settings: FigureSettings, figure: TradeoffFigure
) -> None:
    """Title, the small line under it, the line at 1, names of ends, x limits."""
    here = [s for s in figure.series if s.panel == name]
    kind = settings.latency_kind
    run = f"n = {settings.examples:,}"
    pale = "; pale lines: as shipped" * any(s.source == "published" for s in here)
    letters = dict(zip(figure.panels, "abc", strict=False))
    ours = letters.get("latency")
    apart = f": not to be compared with ({ours})" if ours else ""
    title, below = {
        "rejection": ("Rejection rate", f"points: this run, {run}" + pale),
        "latency": (f"{kind} latency of this run", f"on {settings.host}"),
        "published latency": (
            "Measured latency as shipped",
            f"on {settings.published_host}, another run" + apart,
        ),
    }[name]
    axis.set_title(f"({letter})  {title}", pad=13.0)
    axis.text(
        0.0,
        1.015,
        below,
        transform=axis.transAxes,
        fontsize=7.2,
        color="#666666",
        verticalalignment="bottom",
    )
    axis.set_xlabel(_x_label(name, kind))
    values = [x for s in here for x in s.x if x is not None] or [0.0, 1.0]
    if name == "rejection":
        # Room at the right for the word beside the star.
        right = 1.22 * max(values) or 1.0
        axis.set_xlim(-0.035 * right, right)
    else:
        left, right = min(values), max(1.0, *values)
        pad = 0.05 * (right - left) or 0.05
        axis.set_xlim(max(0.0, left - pad), right + pad)
        axis.axvline(1.0, color="#8C8C8C", linewidth=0.6, zorder=1.5, gid=f"{name}/one")
    _name_ends(axis, [s for s in here if s.source == "run" or name != "rejection"])


def _x_label(name: str, kind: str) -> str:
    label = _X_LABELS[name]
    if name == "latency" and kind != "Measured":
        return f"{kind} {label[0].lower()}{label[1:]}"
    return label


def _name_ends(axis: Axes, series: Sequence[Series]) -> None:
    """Says once a panel where the curves' ends are: all curves share them."""
    for label, words in (("lossless", "lossless"), ("drafter", "drafter end")):
        ends = [end for s in series if (end := s.end(label))]
        if not ends:
            continue
        # `lossless` has the word, or the end nearest its side of the panel. It stands
        # below its point: quality rises from one end to the other, so no curve passes.
        own = [end for s in series if s.method == label and (end := s.end(label))]
        x, y = max(own or ends) if label == "lossless" else min(ends)
        left, right = axis.get_xlim()
        inside = (x - left) < 0.75 * (right - left)
        axis.annotate(
            words,
            xy=(x, y),
            xytext=(6.0 if inside else -6.0, -8.0),
            textcoords="offset points",
            horizontalalignment="left" if inside else "right",
            fontsize=7.0,
            fontstyle="italic",
            color="#444444",
            zorder=6.0,
            gid=f"end/{label}",
        )


def limit_quality(axis: Axes, series: Sequence[Series]) -> None:
    """Limits of quality, as `quality_range` has them."""
    axis.set_ylim(*quality_range(series))


def quality_range(series: Sequence[Series]) -> tuple[float, float]:
    """From every point, and of wide bands the part near the points; with some room."""
    values = [y for s in series for y in s.y]
    low, high = min(values), max(values)
    room = 0.3 * (high - low) or 1.0
    ends = [v for s in series for v in (*s.low, *s.high) if v is not None]
    ends = [v for v in ends if low - room <= v <= high + room]
    low, high = min([low, *ends]), max([high, *ends])
    pad = 0.05 * (high - low) or 1.0
    return low - pad, high + pad


def limit_cost(axis: Axes, lines: Sequence[Series], timed: bool) -> None:
    """The range of the curves; of latencies also the target's, 1."""
    values = [x for line in lines for x in line.x if x is not None]
    left = min(values, default=0.0)
    right = max([*values, 1.0]) if timed else max(values, default=1.0)
    pad = 0.06 * (right - left) or 0.05
    axis.set_xlim(left - pad, right + pad)
    if timed:
        axis.axvline(1.0, color="#8C8C8C", linewidth=0.6, zorder=1.5)
