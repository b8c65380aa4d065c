"""What a figure draws, as plain numbers, and the CSV that says so.

A `Series` is one line of one panel. The figure is drawn from nothing else, and the CSV
beside it is written from the same objects, so the two cannot disagree.
"""

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Series", "number", "threshold_text", "to_csv"]

_COLUMNS = (
    "panel",
    "source",
    "host",
    "method",
    "display_name",
    "threshold",
    "end",
    "x_name",
    "x",
    "x_low",
    "x_high",
    "y_name",
    "y",
    "y_low",
    "y_high",
    "examples",
)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line of one panel; the tuples run over its points in threshold order.

    Attributes:
      panel: 'rejection', 'calls', 'latency' or 'published latency'; in figures of the
        paper the panel's title.
      source: 'run' (measured by the user), 'published' (shipped with the project) or
        'paper' (the paper's own numbers).
      method, display_name: who was measured.
      thresholds: alpha of each point, None where the method has none.
      ends: 'lossless' or 'drafter' at the ends of the rule's range, else None.
      x_name, x: 'rejection_rate', 'target_calls_per_token', 'relative_latency' or
        'modelled_relative_latency'; None of a target or drafter in the rejection panel,
        a level line there.
      y_name, y: the metric and its values.
      low, high: ends of the bootstrap interval of y; None where there is none.
      examples: sentences behind each point (each seed counts them anew); None of the
        paper's curves.
      host: machine of the timing; None in the rejection panel.
      x_low, x_high: ends of the bootstrap interval of x, where there is one.
    """

    panel: str
    source: str
    method: str
    display_name: str
    thresholds: tuple[float | None, ...]
    ends: tuple[str | None, ...]
    x_name: str
    x: tuple[float | None, ...]
    y_name: str
    y: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    examples: int | None
    host: str | None = None
    x_low: tuple[float | None, ...] | None = None
    x_high: tuple[float | None, ...] | None = None

    def end(self, label: str) -> tuple[float, float] | None:
        """(x, y) of the point labelled `label`, or None."""
        for x, y, end in zip(self.x, self.y, self.ends, strict=True):
            if end == label and x is not None:
                return x, y
        return None


def number(value: float | None) -> str:
    """A number as the CSV holds it: the shortest text that reads back bit for bit."""
    if value is None:
        return ""
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return repr(float(value))


def threshold_text(alpha: float) -> str:
    """A threshold as a reader is told it: three digits, or the infinity's name."""
    return f"{alpha:.3g}" if math.isfinite(alpha) else number(alpha)


def to_csv(series: Iterable[Series]) -> str:
    """Every drawn point, one a line, in the order in which it was drawn."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for line in series:
        for i, threshold in enumerate(line.thresholds):
            writer.writerow(
                [
                    line.panel,
                    line.source,
                    line.host or "",
                    line.method,
                    line.display_name,
                    number(threshold),
                    line.ends[i] or "",
                    line.x_name,
                    number(line.x[i]),
                    number(line.x_low[i] if line.x_low else None),
                    number(line.x_high[i] if line.x_high else None),
                    line.y_name,
                    number(line.y[i]),
                    number(line.low[i]),
                    number(line.high[i]),
                    "" if line.examples is None else line.examples,
                ]
            )
    return text.getvalue()
