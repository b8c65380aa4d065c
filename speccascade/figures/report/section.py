"""The part of a report for one pair, task and sampling: charts, tables, answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from speccascade.curves.bootstrap import CONFIDENCE
from speccascade.engine.counters import RATIOS
from speccascade.figures import cost_table, table
from speccascade.figures.caption import caption
from speccascade.figures.experiment import Numbers, metric_label
from speccascade.figures.families import COUNTED
from speccascade.figures.measured import series_of
from speccascade.figures.report import tables
from speccascade.figures.report.answers import Asked, asked
from speccascade.figures.report.chart import Axis, chart
from speccascade.figures.report.elements import Element, element
from speccascade.figures.report.marker import colours, marker
from speccascade.figures.series import Series
from speccascade.figures.style import style_of

__all__ = ["Section", "pairs", "parts_of", "section"]


@dataclass(frozen=True, kw_only=True)
class Section:
    """One setting of a sweep.

    Attributes:
      name: pair, task and whatever else sets it apart; unique in a report.
      numbers: of its curves; None where no point of any is whole.
      signatures: of the task's metrics, by name: everything that decides their numbers.
      answers: to a sample of the examples, every method at its operating point.
      configuration: of its jobs, as YAML.
      weights: what the run key knows of the models, by name.
      missing: which rows and timings are not there, in words; empty where all are.
    """

    name: str
    numbers: Numbers | None
    signatures: Mapping[str, str]
    answers: Sequence[Asked]
    configuration: str
    weights: Mapping[str, str]
    missing: str


def section(one: Section, anchor: str) -> Element:
    """The section; `anchor` is its id in the page, and begins those of its parts."""
    parts = [element("h2", one.name)]
    if one.missing:
        parts.append(element("p", f"Left out, {one.missing}.", class_="missing"))
    if one.numbers is not None:
        label = metric_label(one.numbers.metric.name)
        parts += _charts(one.numbers, label, anchor)
        parts += _tables(one.numbers, label, anchor)
        parts += _answers(one, one.numbers, anchor)
    parts += _configuration(one, anchor)
    return element("section", *parts, id=anchor, class_="setting")


def parts_of(one: Section, anchor: str) -> list[tuple[str, str]]:
    """The parts that a section has: id and heading of each."""
    kept = _PARTS if one.numbers is not None else _PARTS[-1:]
    return [(f"{anchor}-{part}", title) for part, title in kept]


_PARTS = [
    ("charts", "Trade-off"),
    ("quality", "Speed and quality"),
    ("costs", "Length and calls"),
    ("answers", "Answers"),
    ("configuration", "Metrics and configuration"),
]
_TITLES = dict(_PARTS)


def _heading(anchor: str, part: str) -> Element:
    return element("h3", _TITLES[part], id=f"{anchor}-{part}")


def _charts(numbers: Numbers, label: str, anchor: str) -> list[Element]:
    """The legend, the switch of the x axis and a chart for each."""
    settings, found = numbers.settings, _panels(numbers)
    size = f"n = {settings.examples:,} x {len(settings.seeds)} seed"
    size += "s" * (len(settings.seeds) != 1)
    axes = [axis for axis in _axes(settings.latency_kind) if axis.panel in found]
    switch = [
        element(
            "label",
            element(
                "input",
                type="radio",
                name=f"{anchor}-axis",
                value=axis.panel,
                checked=i == 0,
            ),
            axis.label,
        )
        for i, axis in enumerate(axes)
    ]
    timed = "latency" in found
    under = caption(settings, latency=timed, published=False, bands=False)
    counted = f"Target calls per token: {RATIOS[COUNTED]}."
    bars = f"Thin bars: {100 * CONFIDENCE:g} % bootstrap intervals over sentences."
    return [
        _heading(anchor, "charts"),
        _legend(numbers),
        element(
            "div",
            element(
                "fieldset",
                element("legend", f"{label} against"),
                *switch,
                class_="switch",
            ),
            *(chart(found[axis.panel], axis, label, size) for axis in axes),
            class_="charts",
        ),
        element("p", " ".join([under, counted, bars]), class_="note"),
    ]


def _axes(kind: str) -> list[Axis]:
    latency = "relative latency" if kind == "Measured" else f"{kind} relative latency"
    latency = latency[0].upper() + latency[1:]
    return [
        Axis(panel="latency", label=f"{latency} (target alone = 1)"),
        Axis(panel="calls", label="Target calls per token", levels=True),
        Axis(panel="rejection", label="Rejection rate", levels=True),
    ]


def _panels(numbers: Numbers) -> dict[str, list[Series]]:
    """The lines of every chart that has a curve, by panel."""
    metric, found = numbers.metric, {}
    for counted in ("rejection_rate", COUNTED):
        # The latency comes with either.
        drawn: dict[str, list[Series]] = {}
        for line in series_of(numbers.measured, [], metric, counted=counted):
            drawn.setdefault(line.panel, []).append(line)
        found |= drawn
    return found


def _legend(numbers: Numbers) -> Element:
    """A button a method, pressed while it is shown, and one each for all and none."""
    curves = numbers.measured.curves
    methods = sorted(curves, key=lambda name: (style_of(name).order, name))
    buttons = [
        element(
            "button",
            element("span", marker(name), class_="key"),
            curves[name].display_name,
            type="button",
            aria_pressed="true",
            class_="of-method",
            style=colours(name),
            data_method=name,
        )
        for name in methods
    ]
    everyone = [
        element("button", words, type="button", data_all=value)
        for words, value in (("Show all", "true"), ("Hide all", "false"))
    ]
    return element("div", *buttons, *everyone, class_="legend")


def _tables(numbers: Numbers, label: str, anchor: str) -> list[Element]:
    settings, costs = numbers.settings, numbers.costs
    heads = cost_table.heads()
    operating = [cost_table.cells_of(row, True) for row in costs if row.operating]
    every = [cost_table.cells_of(row, True) for row in costs]
    return [
        _heading(anchor, "quality"),
        tables.table(table.heads(label), [table.cells_of(row) for row in numbers.rows]),
        *_notes(table.footnotes(numbers.rows, settings, label)),
        _heading(anchor, "costs"),
        tables.table(heads, operating),
        element(
            "details",
            element("summary", f"Every threshold ({len(every)} points)"),
            tables.table(heads, every),
        ),
        *_notes(cost_table.footnotes(settings, label)),
    ]


def _notes(texts: Sequence[str]) -> list[Element]:
    return [element("p", text, class_="note") for text in texts]


def _answers(one: Section, numbers: Numbers, anchor: str) -> list[Element]:
    total, seed = numbers.settings.examples, numbers.settings.seeds[0]
    return [
        _heading(anchor, "answers"),
        element(
            "p",
            f"{len(one.answers)} of {total:,} examples, evenly spaced in the order of "
            f"the task and chosen by nobody, at seed {seed}; every method at the "
            "threshold of the table of costs. ",
            element("ins", "Words"),
            " are not in the target's answer, ",
            element("del", "these"),
            " are in it alone. Scores are of the one answer, and rougher than those of "
            "a corpus.",
            class_="note",
        ),
        *(asked(each, is_open=i == 0) for i, each in enumerate(one.answers)),
    ]


def _configuration(one: Section, anchor: str) -> list[Element]:
    return [
        _heading(anchor, "configuration"),
        pairs(one.signatures),
        element(
            "details",
            element("summary", "Configuration, resolved"),
            element("pre", one.configuration),
        ),
        element(
            "details",
            element("summary", "Hashes of weights and vocabulary"),
            pairs(one.weights),
        ),
    ]


def pairs(values: Mapping[str, str]) -> Element:
    """Names and what they stand for."""
    rows = [
        part
        for name, value in values.items()
        for part in (element("dt", name), element("dd", value))
    ]
    return element("dl", *rows)
