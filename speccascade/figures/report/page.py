"""The report of a sweep: one HTML page that needs no network and no other file.

Style and script stand beside this module and are put into the page. Texts are escaped
by the tree that they are put in (`elements.py`), whoever wrote them.
"""

import importlib.resources
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Template

from speccascade.figures.experiment import Numbers
from speccascade.figures.report.elements import Element, element, markup
from speccascade.figures.report.section import Section, pairs, parts_of, section

__all__ = ["Report", "page"]

_SHELL = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
$title
<style>
$style</style>
</head>
<body>
$body
<script>
$script</script>
</body>
</html>
""")
_TRACE, _MISSING, _ENVIRONMENT = (
    ("trace", "One example, step by step"),
    ("missing", "What is missing"),
    ("environment", "Environment"),
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """A sweep as it is in the store.

    Attributes:
      name: of the experiment.
      command: runs what is missing.
      sections: one a setting, at least one.
      environment: versions, hosts and whatever else a reader should know, by name.
    """

    name: str
    command: str
    sections: Sequence[Section]
    environment: Mapping[str, str]


def page(report: Report, trace: str | None = None) -> str:
    """The page.

    Args:
      report: what it shows.
      trace: of one example, a whole HTML document (`figures.trace_page`), which gets a
        frame of its own; None leaves that part out.
    """
    anchors = {f"setting-{i}": one for i, one in enumerate(report.sections, start=1)}
    body = [
        markup(_head(report)),
        markup(_contents(anchors, has_trace=trace is not None)),
        *(markup(section(one, anchor)) for anchor, one in anchors.items()),
        *map(markup, [] if trace is None else [_heading(_TRACE), _frame(trace)]),
        markup(_heading(_MISSING)),
        *map(markup, _missing(report)),
        markup(_heading(_ENVIRONMENT)),
        markup(pairs(report.environment)),
    ]
    return _SHELL.substitute(
        title=markup(element("title", f"{report.name}: quality against cost")),
        style=_beside("page.css"),
        body="\n".join(body),
        script=_beside("page.js"),
    )


def _beside(name: str) -> str:
    files = importlib.resources.files("speccascade.figures.report")
    return files.joinpath(name).read_text(encoding="utf-8")


def _heading(part: tuple[str, str]) -> Element:
    return element("h2", part[1], id=part[0])


def _frame(document: str) -> Element:
    """A document in the page; scripts of the one do not reach the other."""
    return element("iframe", srcdoc=document, title=_TRACE[1], sandbox="allow-scripts")


def _head(report: Report) -> Element:
    shown = [one.numbers for one in report.sections if one.numbers is not None]
    methods = {row.display_name for numbers in shown for row in numbers.rows}
    facts = {
        "settings": f"{len(shown)} of {len(report.sections)} with results",
        "examples": _range(one.settings.examples for one in shown),
        "seeds": _range(len(one.settings.seeds) for one in shown),
        "temperature": _range(one.settings.temperature for one in shown),
        "gamma": _range(one.settings.gamma for one in shown),
        "latency": "; ".join(sorted({_latency(one) for one in shown})),
    }
    return element(
        "header",
        element("h1", report.name),
        element(
            "p",
            f"What {len(methods)} ways to decode with a small drafter and a large "
            "target model are worth, and what they cost: every point is one threshold "
            "of one method.",
        ),
        pairs(facts),
    )


def _latency(numbers: Numbers) -> str:
    settings = numbers.settings
    if settings.host is None:
        return "none"
    return f"{settings.latency_kind.lower()}, {settings.host} ({settings.device})"


def _range(values: Iterable[float]) -> str:
    """The distinct values, ascending: "0, 1"."""
    return ", ".join(f"{value:g}" for value in sorted(set(values)))


def _contents(anchors: Mapping[str, Section], has_trace: bool) -> Element:
    """Links to every part of the page."""
    settings = [
        element(
            "li",
            _link(anchor, one.name),
            element("ul", *(_item(*part) for part in parts_of(one, anchor))),
        )
        for anchor, one in anchors.items()
    ]
    ends = [_MISSING, _ENVIRONMENT]
    ends = [_TRACE, *ends] if has_trace else ends
    return element(
        "nav",
        element("ul", *settings, *(_item(*part) for part in ends)),
        aria_label="Contents",
    )


def _item(anchor: str, title: str) -> Element:
    return element("li", _link(anchor, title))


def _link(anchor: str, title: str) -> Element:
    return element("a", title, href=f"#{anchor}")


def _missing(report: Report) -> list[Element]:
    lacking = [
        element("li", element("b", one.name), f", {one.missing}")
        for one in report.sections
        if one.missing
    ]
    if not lacking:
        return [element("p", "Nothing: everything that the sweep asks for is there.")]
    return [
        element("ul", *lacking),
        element("p", "This command makes it, and nothing that is there already:"),
        element("pre", report.command),
    ]
