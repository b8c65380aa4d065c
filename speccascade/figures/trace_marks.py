"""How a trace marks its tokens, on a terminal and a page: never by colour alone."""

from speccascade.traces import Origin, Step, Trace

__all__ = ["COUNTS", "apart", "counts", "marked", "named"]

_MARKS = {
    Origin.ACCEPTED: "",
    Origin.RESAMPLED: "↻",
    Origin.BONUS: "»",
    Origin.TARGET: "^",
    Origin.DRAFTER: "",
    Origin.GIVEN: "",
    Origin.REJECTED: "~",
    Origin.DROPPED: "~",
}
# The model would have written another token than the one that is given.
_OTHER = "≠"

COUNTS = (
    "tokens",
    "target calls",
    "tokens/target call",
    "drafter calls",
    "drafted",
    "accepted",
    "resampled",
    "bonus",
    "alone",
    "deferred",
)


def marked(step: Step) -> str:
    """The sign before a step's token."""
    if step.origin is Origin.GIVEN and step.p is not None and step.p.x < step.p.top:
        return _OTHER
    return _MARKS[step.origin]


def apart(piece: str) -> tuple[str, str]:
    """A piece as the space before it and what is seen of it.

    Example:
        >>> apart(" has"), apart("ed"), apart(" "), apart(chr(10))
        ((' ', 'has'), ('', 'ed'), ('', '␣'), ('', '⏎'))
    """
    seen = piece.replace("\n", "⏎").replace("\t", "⇥")
    if not seen.strip(" "):
        return "", "␣" * len(seen)
    text = seen.lstrip(" ")
    return seen[: len(seen) - len(text)], text


def named(trace: Trace) -> str:
    """The method and its threshold."""
    if trace.threshold is None:
        return trace.label
    return f"{trace.label} at {trace.threshold:g}"


def counts(trace: Trace) -> list[str]:
    """The cells under `COUNTS`."""
    found = trace.counters
    ratio = trace.tokens_per_target_call
    cells = [
        len(trace.tokens),
        found["target_calls"],
        None if ratio is None else f"{ratio:.2f}",
        *(found[name.replace(" ", "_")] for name in COUNTS[3:]),
    ]
    return ["–" if cell is None else str(cell) for cell in cells]
