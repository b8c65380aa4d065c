"""A comparison of traces on a terminal, or as plain text in a file."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from speccascade.figures.trace_marks import COUNTS, apart, counts, marked, named
from speccascade.traces import Comparison, Look, Origin, Step, Trace

__all__ = ["print_comparison"]

_STYLES = {
    Origin.ACCEPTED: "cyan",
    Origin.RESAMPLED: "bold red",
    Origin.BONUS: "bold green",
    Origin.TARGET: "bold magenta",
    Origin.DRAFTER: "cyan",
    Origin.GIVEN: "",
    Origin.REJECTED: "strike dim",
    Origin.DROPPED: "strike dim",
}
_LONGEST = 16  # columns of a token; a longer one is folded


def print_comparison(found: Comparison, console: Console) -> None:
    """Every token with its numbers, then the answers side by side, then the calls."""
    facts = ", ".join(f"{name} {value}" for name, value in found.facts.items())
    _print(console, Text(found.title, style="bold"), Text(f" ({facts})"))
    _print(console, Text(found.prompt))
    if found.reference is not None:
        _print(console, Text("reference: ", style="dim"), Text(found.reference))
    for trace in (*found.traces, *found.forced):
        console.print()
        _print(console, Text(named(trace), style="bold"))
        console.print(_steps(trace))
    console.print()
    console.print(_side_by_side(found.traces))
    if found.forced:
        console.print()
        _print(console, Text(found.forced_note, style="italic"))
        console.print(_side_by_side(found.forced))
    _print(console, _legend(found))
    console.print()
    console.print(_calls(found.traces))


def _print(console: Console, *parts: Text) -> None:
    console.print(Text.assemble(*parts))


def _steps(trace: Trace) -> Table:
    table = _table()
    table.add_column("round", justify="right", no_wrap=True)
    table.add_column("at", justify="right", no_wrap=True)
    table.add_column("token", overflow="fold", max_width=_LONGEST)
    table.add_column("from", no_wrap=True)
    table.add_column("q(x)", justify="right", no_wrap=True)
    table.add_column("p(x)", justify="right", no_wrap=True)
    table.add_column("why", ratio=1)
    last = 0
    for step in trace.steps:
        table.add_row(
            str(step.round) if step.round != last else "",
            str(step.position),
            _token(step),
            Text(step.origin.value),
            _look(step.q),
            _look(step.p),
            _why(step),
        )
        last = step.round
    return table


def _look(look: Look | None) -> str:
    return "–" if look is None else f"{look.x:.3f}"


def _why(step: Step) -> Text:
    """Why, and what the target likes best where that is another token."""
    text = Text(step.why)
    told = step.origin not in (Origin.DROPPED, Origin.GIVEN)
    if told and step.p is not None and step.p.x < step.p.top:
        best = f"; p likes {apart(step.p.top_piece)[1]} {step.p.top:.2f}"
        text.append(best, style="dim")
    return text


def _token(step: Step) -> Text:
    _, seen = apart(step.piece)
    return Text(marked(step) + seen, style=_STYLES[step.origin])


def _side_by_side(traces: tuple[Trace, ...]) -> Table:
    table = _table()
    for trace in traces:
        table.add_column(Text(named(trace)), ratio=1, overflow="fold")
    table.add_row(*map(_answer, traces))
    return table


def _calls(traces: tuple[Trace, ...]) -> Table:
    table = _table()
    table.add_column("calls", no_wrap=True)
    for trace in traces:
        table.add_column(Text(named(trace)), justify="right", ratio=1)
    for name, row in zip(COUNTS, zip(*map(counts, traces), strict=True), strict=True):
        table.add_row(name, *row)
    return table


def _answer(trace: Trace) -> Text:
    """All tokens in their order; a bar ends a round of several."""
    text, several = Text(), len({step.round for step in trace.steps}) > 1
    rounds = [step.round for step in trace.steps]
    blocks = several and len(set(rounds)) < len(rounds)
    for index, step in enumerate(trace.steps):
        space, seen = apart(step.piece)
        text.append(space)
        text.append(marked(step) + seen, style=_STYLES[step.origin])
        if step.piece == "\n" and step.origin.stands:
            text.append("\n")
        elif blocks and step.round != (*rounds, 0)[index + 1]:
            text.append(" |", style="dim")
    return text


def _legend(found: Comparison) -> Text:
    steps = [s for trace in (*found.traces, *found.forced) for s in trace.steps]
    text = Text()
    for origin in Origin:
        here = [step for step in steps if step.origin is origin]
        if not here:
            continue
        text.append("\n" if text else "")
        sign = {marked(step) for step in here} - {""}
        text.append(f"{''.join(sorted(sign)):>2}")
        text.append(origin.value, style=_STYLES[origin])
        text.append(f": {origin.meaning}")
        if origin is Origin.GIVEN and sign:
            text.append("; where marked, the model would have written another token")
    return text


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=True)
