"""A comparison of traces as one page that needs no network.

The numbers of a token stand once, in the table of its method; the page's script shows
a row of it when its token is chosen. All text is escaped.
"""

import string
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from speccascade.figures.trace_marks import COUNTS, apart, counts, marked, named
from speccascade.traces import Comparison, Look, Origin, Step, Trace

__all__ = ["page"]

# Of the table of one method.
_HEADS = (
    "round",
    "position",
    "token",
    "from",
    "q(x)",
    "argmax q",
    "p(x)",
    "argmax p",
    "chance to be kept",
    "its random number",
    "why",
)


def page(found: Comparison) -> str:
    """The whole HTML document."""
    text = files("speccascade.figures").joinpath("trace_page.html").read_text("utf-8")
    facts = ", ".join(f"{name} {value}" for name, value in found.facts.items())
    reference = ""
    if found.reference is not None:
        reference = f'<p class="dim">Reference: {escape(found.reference)}</p>'
    forced = ""
    if found.forced:
        forced = (
            '<h2 style="margin-top:1.2rem">Given answers</h2>'
            f'<p class="dim">{escape(found.forced_note)}</p>'
            f'<div class="methods">{_sections(found.forced, "f")}</div>'
        )
    return string.Template(text).substitute(
        title=escape(f"Trace: {found.title}"),
        facts=escape(facts),
        prompt=escape(found.prompt),
        reference=reference,
        legend=_legend(found),
        traces=_sections(found.traces, "m"),
        counts=_counts(found.traces),
        forced=forced,
    )


def _sections(traces: Sequence[Trace], prefix: str) -> str:
    return "".join(
        _section(trace, f"{prefix}{index}") for index, trace in enumerate(traces)
    )


def _section(trace: Trace, name: str) -> str:
    summary = f"{len(trace.tokens)} tokens"
    if trace.counters:
        calls, ratio = trace.counters["target_calls"], trace.tokens_per_target_call
        summary += f", {calls} calls of the target"
        summary += "" if ratio is None else f" ({ratio:.2f} tokens a call)"
    else:
        own = sum(not marked(step) for step in trace.steps)
        summary += f", of which {own} are the model's own choice too"
    rows = "".join(
        _row(step, f"{name}-{index}") for index, step in enumerate(trace.steps)
    )
    heads = "".join(f"<th>{head}</th>" for head in _HEADS)
    return (
        f"<section><h2>{escape(named(trace))}</h2>"
        f'<p class="dim">{escape(summary)}</p>'
        f'<p class="answer">{_tokens(trace, name)}</p>'
        "<details><summary>All numbers</summary>"
        '<div class="scroll" tabindex="0" role="region" '
        f'aria-label="All numbers of {escape(named(trace))}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        "</div></details></section>"
    )


def _tokens(trace: Trace, name: str) -> str:
    """The answer with what was thrown away; a bar ends a round of several tokens."""
    rounds = [step.round for step in trace.steps]
    blocks = 1 < len(set(rounds)) < len(rounds)
    parts = []
    for index, step in enumerate(trace.steps):
        space, _ = apart(step.piece)
        parts.append(space + _token(step, f"{name}-{index}"))
        if step.piece == "\n" and step.origin.stands:
            parts.append("\n")
        elif blocks and step.round != (*rounds, 0)[index + 1]:
            parts.append('<span class="bar" aria-hidden="true"> |</span>')
    return "".join(parts)


def _token(step: Step, row: str) -> str:
    _, seen = apart(step.piece)
    label = escape(f"{step.piece}, {step.origin.value}")
    return (
        f'<span class="t {step.origin.value}"{_mark(step)} data-row="{row}" '
        f'role="button" tabindex="0" aria-label="{label}">{escape(seen)}</span>'
    )


def _mark(step: Step) -> str:
    sign = marked(step)
    return f' data-mark="{sign}"' if sign else ""


def _row(step: Step, name: str) -> str:
    _, seen = apart(step.piece)
    cells = (
        str(step.round),
        str(step.position),
        seen,
        f"{step.origin.value}: {step.origin.meaning}",
        *_look(step.q),
        *_look(step.p),
        "–" if step.keep is None else f"{step.keep:.4g}",
        "–" if step.u is None else f"{step.u:.4g}",
    )
    found = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr id="{name}">{found}<td class="why">{escape(step.why)}</td></tr>'


def _look(look: Look | None) -> tuple[str, str]:
    if look is None:
        return "–", "–"
    _, seen = apart(look.top_piece)
    return f"{look.x:.4g}", f"{seen} ({look.top:.4g})"


def _legend(found: Comparison) -> str:
    steps = [s for trace in (*found.traces, *found.forced) for s in trace.steps]
    items = []
    for origin in Origin:
        here = [step for step in steps if step.origin is origin]
        if not here:
            continue
        example = max(here, key=lambda step: len(marked(step)))
        meaning = origin.meaning
        if origin is Origin.GIVEN and marked(example):
            meaning += "; where marked, the model would have written another token"
        items.append(
            f'<li><span class="t {origin.value}"{_mark(example)}>{origin.value}</span> '
            f"{meaning}</li>"
        )
    return "".join(items)


def _counts(traces: Sequence[Trace]) -> str:
    heads = "".join(f"<th>{head}</th>" for head in ("method", *COUNTS))
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape(c)}</td>" for c in (named(trace), *counts(trace)))
        + "</tr>"
        for trace in traces
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
