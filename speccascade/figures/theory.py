"""The theory in one figure: six panels, a lemma each, from `theory.check_all`.

(a) Lemma 3, (b) Lemma 4, (c) Lemma 5, (d) Lemma 7, (e) Lemma 8, (f) tokens per call.
What lies on or under a diagonal obeys its lemma. The CSV beside it holds every point.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from speccascade.figures.layout import make_grid
from speccascade.figures.series import number
from speccascade.figures.style import PAPER, style_of
from speccascade.methods import display_name
from speccascade.theory import Check, Points

__all__ = ["draw_theory", "theory_csv"]

# Names of the checks that each panel draws, and what its axes say.
_PANELS: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    (
        ("Lemma 3",),
        "rejections",
        r"$r\, D_{TV}(p, q)$",
        "P(draft rejected)",
    ),
    (
        ("Lemma 4",),
        "no rule beats OPT",
        r"price of a rejection, $\alpha$",
        r"$L_{spec}$ as estimated",
    ),
    (("Lemma 5",), "0-1 loss", "bound", "regret"),
    (("Lemma 7", "Lemma 7, our half"), "log loss", "bound (nats)", "regret (nats)"),
    (
        ("Lemma 8",),
        "greedy limit",
        r"temperature $T$",
        r"$|D_{TV}(\tilde q, \tilde p) - \mathrm{limit}|$",
    ),
    (
        ("engine's calls",),
        "tokens per call",
        r"drafted tokens, $\gamma$",
        "tokens per target call",
    ),
)
_MODES = {"modes differ": "#D55E00", "modes agree": "#0072B2"}
_ACCEPTANCES = ("#787878", "#0072B2", "#8C1048")
_NOTE = {"fontsize": 6.6, "color": "#666666"}
_LEGEND = {"fontsize": 6.6, "handletextpad": 0.3, "labelspacing": 0.15}
_DIAGONAL = {"color": "#8C8C8C", "linewidth": 0.7, "zorder": 1.5}


def draw_theory(checks: Sequence[Check]) -> Figure:
    """The figure of all checks; panels are its axes, in the order of the lemmas."""
    by_name = {check.name: check for check in checks}
    with mpl.rc_context(PAPER):
        figure = Figure()
        FigureCanvasAgg(figure)
        axes = make_grid(figure, 3, 2, _caption(by_name))
        draw = (_rejection, _optimum, _regret, _regret_log, _greedy, _calls)
        for i, (names, title, x_label, y_label) in enumerate(_PANELS):
            axis, here = axes[i], [by_name[name] for name in names]
            draw[i](axis, here)
            lemma = names[0] if names[0].startswith("Lemma") else ""
            words = f"{lemma}: {title}" if lemma else title[0].upper() + title[1:]
            axis.set_title(f"({'abcdef'[i]})  {words}")
            axis.set_xlabel(x_label)
            axis.set_ylabel(y_label)
    return figure


def theory_csv(checks: Sequence[Check]) -> str:
    """Every drawn point, one a line; a line of the figure has an index of its own."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["check", "label", "line", "x", "y", "y_low", "y_high"])
    for check in checks:
        for index, points in enumerate(check.points):
            for i in range(len(points.x)):
                numbers = [
                    number(None if values is None else values[i])
                    for values in (points.x, points.y, points.low, points.high)
                ]
                writer.writerow([check.name, points.label, index, *numbers])
    return text.getvalue()


def _rejection(axis: Axes, checks: Sequence[Check]) -> None:
    axis.axline((0, 0), slope=1, **_DIAGONAL)
    for points in sorted(checks[0].points, key=lambda one: style_of(one.label).order):
        name = display_name(points.label).removeprefix("SpecCascade [")
        _scatter(axis, points, points.label, name.removesuffix("]"))
    axis.legend(loc="lower right", ncols=2, columnspacing=0.4, **_LEGEND)
    # The legend lies in the lower right half, where no point can be.
    axis.set_ylim(-0.04, 1.04)
    axis.set_xlim(-0.04, 1.04)


def _optimum(axis: Axes, checks: Sequence[Check]) -> None:
    opt, diff = style_of("opt").colour, style_of("diff").colour
    looks = {
        "any rule": {"color": "#BBBBBB", "linewidth": 0.35},
        "opt": {"color": opt, "linewidth": 1.6},
        "diff": {"color": diff, "linewidth": 1.1, "dashes": (3, 1)},
    }
    words = {"any rule": "all rules", "opt": "OPT", "diff": "Diff"}
    for points, label in _labelled(checks[0].points, words):
        axis.plot(points.x, points.y, label=label, **looks[points.label])
    axis.legend(loc="upper left", **_LEGEND)


def _regret(axis: Axes, checks: Sequence[Check]) -> None:
    axis.axline((0, 0), slope=1, **_DIAGONAL)
    words = {"opt": "OPT", "diff": "Diff, where it exceeds the bound"}
    for points, label in _labelled(checks[0].points, words):
        _scatter(axis, points, points.label, label, size=2.0)
    _from_zero(axis, checks[0].points)
    axis.legend(loc="upper left", markerscale=1.6, **_LEGEND)


def _regret_log(axis: Axes, checks: Sequence[Check]) -> None:
    axis.axline((0, 0), slope=1, **_DIAGONAL)
    looks = (("opt_log", "the paper's bound"), ("token_v2", "our half of it"))
    for check, (style, words) in zip(checks, looks, strict=True):
        _scatter(axis, check.points[0], style, words, size=2.0)
    _from_zero(axis, [points for check in checks for points in check.points])
    axis.legend(loc="upper right", markerscale=1.6, **_LEGEND)


def _greedy(axis: Axes, checks: Sequence[Check]) -> None:
    words = {mode: mode for mode in _MODES}
    for points, label in _labelled(checks[0].points, words):
        colour = _MODES[points.label]
        axis.plot(points.x, points.y, color=colour, linewidth=0.6, label=label)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_ylim(1e-12, 2)
    axis.legend(loc="lower right", **_LEGEND)


def _calls(axis: Axes, checks: Sequence[Check]) -> None:
    formula = [one for one in checks[0].points if one.label == "formula"]
    measured = [one for one in checks[0].points if one.label != "formula"]
    for line, points, colour in zip(formula, measured, _ACCEPTANCES, strict=True):
        assert points.low is not None and points.high is not None
        axis.plot(line.x, line.y, color=colour, linewidth=0.8)
        axis.errorbar(
            points.x,
            points.y,
            yerr=(points.y - points.low, points.high - points.y),
            color=colour,
            linestyle="none",
            marker="o",
            markersize=1.8,
            elinewidth=0.9,
            capsize=1.6,
            capthick=0.7,
            label=points.label,
        )
    axis.legend(loc="upper left", **_LEGEND)


def _labelled(
    drawn: Sequence[Points], words: Mapping[str, str]
) -> Iterator[tuple[Points, str | None]]:
    """Each of `drawn` with its words in the legend: once for each label."""
    said = set()
    for points in drawn:
        yield points, None if points.label in said else words[points.label]
        said.add(points.label)


def _scatter(
    axis: Axes,
    points: Points,
    method: str,
    label: str | None,
    size: float | None = None,
) -> None:
    style = style_of(method)
    axis.plot(
        points.x,
        points.y,
        color=style.colour,
        linestyle="none",
        marker=style.marker,
        markersize=size or 0.75 * style.size,
        markerfacecolor=style.face,
        markeredgecolor=style.colour,
        markeredgewidth=0.4,
        label=label,
    )


def _from_zero(axis: Axes, drawn: Sequence[Points]) -> None:
    """Both axes from 0; room above for the legend."""
    axis.set_xlim(0, 1.03 * max(points.x.max() for points in drawn if len(points.x)))
    axis.set_ylim(0, 1.3 * max(points.y.max() for points in drawn if len(points.y)))


def _caption(checks: Mapping[str, Check]) -> str:
    five, seven, half = (
        checks[name] for name in ("Lemma 5", "Lemma 7", "Lemma 7, our half")
    )
    engine = checks["engine's calls"]
    return (
        "Random P, q and p. (a) Drafts that the engine's test rejects, against the "
        "formula, for each rule that decides for a whole slot. (b) All deferral rules "
        "on a few prefixes, and the two that are used. (c), (d) Prefixes where the "
        f"rule errs. In {five.instances:,} tries OPT comes to {five.tightness:.4f} of "
        f"its bound and OPTLog to {seven.tightness:.2f} of the paper's and "
        f"{half.tightness:.2f} of ours. (e) Each line one prefix; the limit is 1 where "
        "the modes of q and p differ, else 0. (f) Lines: the formula; points: the "
        "engine, with 95 % intervals over texts, mostly narrower than the marks; "
        f"the largest of {engine.instances} deviations is {engine.violation:.1f} "
        "standard errors."
    )
