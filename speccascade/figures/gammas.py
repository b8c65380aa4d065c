"""The table of gammas: what each method costs at each, and which it is compared at."""

import csv
import io
from collections.abc import Sequence

from speccascade.curves import Band, GammaChoice
from speccascade.figures.series import number

__all__ = ["to_csv", "to_lines"]


def to_csv(choices: Sequence[GammaChoice]) -> str:
    """Every gamma of every method, one a line, unrounded."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    spread = [
        f"{name}{end}"
        for name in ("relative_latency", "excess")
        for end in ("", "_low", "_high")
    ]
    writer.writerow(["method", "gamma", "threshold", *spread, "chosen", "even"])
    for choice in choices:
        for cost in choice.costs:
            bands = (cost.relative_latency, cost.excess)
            writer.writerow(
                [
                    choice.method,
                    cost.gamma,
                    number(cost.threshold),
                    *(number(x) for b in bands for x in (b.value, b.low, b.high)),
                    str(cost is choice.chosen).lower(),
                    str(cost.is_even).lower(),
                ]
            )
    return text.getvalue()


def to_lines(choices: Sequence[GammaChoice]) -> list[str]:
    """One line a method: the choice, what it costs, and what else may be as good.

    Example:
        SpecDecode [Lossless]: gamma 3, relative latency 0.96 [0.90, 1.02], which n
        cannot tell from gamma 2, 4
    """
    return [_line(choice) for choice in choices]


def _line(choice: GammaChoice) -> str:
    chosen = choice.chosen
    at = "" if chosen.threshold is None else f" at threshold {chosen.threshold:g}"
    line = (
        f"{choice.display_name}: gamma {chosen.gamma}{at}, relative latency "
        f"{_interval(chosen.relative_latency)}"
    )
    if choice.even:
        line += f", which n cannot tell from gamma {', '.join(map(str, choice.even))}"
    if not choice.reached and choice.quality.difference is not None:
        gap = choice.quality.difference
        line += f"; never at the target's quality, here {_interval(gap)} from it"
    return line


def _interval(band: Band) -> str:
    return f"{band.value:.2f} [{band.low:.2f}, {band.high:.2f}]"
