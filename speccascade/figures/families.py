"""Many methods in small multiples: a cell a family, all of one range of quality.

More than a dozen curves in one panel cannot be told apart. Each family has its own
panels and its own legend beside them; the levels of the target and the drafter alone
and lossless speculation stand in all of them, so that families can be compared, and
each has the range of cost that its curves have. The x axis is target calls per token,
which every execution has, and not the rejection rate, which cascades without drafted
blocks do not have. The pale lines of shipped curves are left out.

    untimed   panel  legend   panel  legend       timed   calls  latency  legend
              panel  legend   panel  legend               calls  latency  legend
"""

from collections.abc import Sequence
from dataclasses import replace

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from speccascade.figures.caption import FigureSettings, caption
from speccascade.figures.layout import Page, add_caption, method_handle
from speccascade.figures.measured import ALONE
from speccascade.figures.series import Series
from speccascade.figures.style import PAPER, style_of
from speccascade.figures.tradeoff import TradeoffFigure, draw_line, limit_quality

__all__ = ["COUNTED", "FAMILIES", "REFERENCES", "draw_families"]

COUNTED = "target_calls_per_token"
REFERENCES = (*ALONE, "lossless")
# Families of `style`, with the title of the panel that shows them.
FAMILIES = {
    "prefix": "Rules for whole slots",
    "prefix, log": "Rules for whole slots",
    "token": "Token rules",
    "lossy": "Lossy verification",
    "cascade": "BiLD and sequential cascades",
    "sampled": "Variants of target and lossless",
    "other": "Other methods",
}
_X_LABELS = {
    "calls": "Target calls per emitted token",
    "latency": "Relative latency (target alone = 1)",
}
# Inches, as in `layout`: of a cell, its panel is as wide as its legend leaves it.
_WIDTH, _LEFT, _RIGHT, _LEGEND, _GAP = 8.0, 0.46, 0.1, 1.76, 0.2
_HEIGHT, _TITLE, _XLABEL, _KEY = 1.75, 0.46, 0.36, 0.1


def draw_families(
    series: Sequence[Series], settings: FigureSettings, metric_label: str
) -> TradeoffFigure:
    """The figure of the given series, which have `COUNTED` on the x axis.

    `panels` of the figure are named PANEL/TITLE, the title being the family's.
    """
    names = [name for name in _X_LABELS if any(s.panel == name for s in series)]
    ordered = sorted(series, key=lambda one: style_of(one.method).order)
    shared = [_reference(line) for line in ordered if line.method in REFERENCES]
    families: dict[str, list[Series]] = {title: [] for title in FAMILIES.values()}
    for line in ordered:
        if line.method not in REFERENCES:
            families[FAMILIES[style_of(line.method).family]].append(line)
    families = {title: lines for title, lines in families.items() if lines}
    text = caption(
        settings, latency="latency" in names, published=False, counted=COUNTED
    )
    with mpl.rc_context(PAPER):
        figure = TradeoffFigure()
        FigureCanvasAgg(figure)
        figure.panels = _panels(figure, names, list(families), text, metric_label)
        figure.series = (*shared, *(s for lines in families.values() for s in lines))
        for title, lines in families.items():
            for name in names:
                axis = figure.panels[f"{name}/{title}"]
                here = [one for one in [*shared, *lines] if one.panel == name]
                for line in here:
                    draw_line(axis, line)
                _limit_cost(axis, here)
            _add_legend(figure.panels[f"{names[-1]}/{title}"], lines)
        limit_quality(figure.axes[0], figure.series)
        _add_key(figure, shared)
    return figure


def _panels(
    figure: TradeoffFigure,
    names: Sequence[str],
    titles: Sequence[str],
    text: str,
    metric_label: str,
) -> dict[str, Axes]:
    """Sizes the figure and places its panels, which share the y axis."""
    across = 2 if len(names) == 1 else 1  # cells a row
    rows = -(-len(titles) // across)
    each_row = _TITLE + _HEIGHT
    page = Page(_WIDTH, _KEY + rows * each_row + _XLABEL, text)
    figure.set_size_inches(page.width, page.height)
    add_caption(figure, page)
    cell = (_WIDTH - _LEFT - _RIGHT + _GAP) / across
    width = (cell - _LEGEND - len(names) * _GAP) / len(names)
    panels: dict[str, Axes] = {}
    for place, title in enumerate(titles):
        row, column = divmod(place, across)
        bottom = page.height - _KEY - (row + 1) * each_row
        for i, name in enumerate(names):
            left = _LEFT + column * cell + i * (width + _GAP)
            axis = figure.add_axes(
                (
                    left / page.width,
                    bottom / page.height,
                    width / page.width,
                    _HEIGHT / page.height,
                ),
                sharey=next(iter(panels.values()), None),
            )
            panels[f"{name}/{title}"] = axis
            if i == 0:
                axis.set_title(title, pad=5.0)
            if column == 0 and i == 0:
                axis.set_ylabel(metric_label)
            axis.tick_params(labelleft=column == 0 and i == 0)
            if place + across >= len(titles):
                axis.set_xlabel(_X_LABELS[name])
    return panels


def _reference(line: Series) -> Series:
    """One model alone as a level: its own cost may lie far from a family's curves."""
    return replace(line, x=(None,)) if line.method in ALONE else line


def _limit_cost(axis: Axes, lines: Sequence[Series]) -> None:
    """A family's own range: on a common one most would be a narrow bundle."""
    here = [x for line in lines for x in line.x if x is not None] or [0.0, 1.0]
    left, right = min(here), max(here)
    pad = 0.06 * (right - left) or 0.05
    axis.set_xlim(left - pad, right + pad)


def _add_legend(axis: Axes, lines: Sequence[Series]) -> None:
    """The family's own methods, beside its last panel."""
    methods = {line.method: line.display_name for line in lines}
    axis.legend(
        [method_handle(method) for method in methods],
        list(methods.values()),
        loc="upper left",
        bbox_to_anchor=(1.0, 1.02),
        borderaxespad=0.3,
        borderpad=0.0,
        handletextpad=0.5,
        handlelength=1.7,
        labelspacing=0.3,
        fontsize=7.2,
    )


def _add_key(figure: TradeoffFigure, shared: Sequence[Series]) -> None:
    """What stands in every panel, once, across the top."""
    methods = {line.method: line.display_name for line in shared}
    if not methods:
        return
    figure.legend(
        [method_handle(method) for method in methods],
        [f"{name} (in all panels)" for name in methods.values()],
        ncols=len(methods),
        loc="upper center",
        bbox_to_anchor=(0.5, 1.0),
        borderaxespad=0.3,
        borderpad=0.0,
        handletextpad=0.6,
        handlelength=2.0,
        columnspacing=1.8,
        fontsize=8.0,
    )
