"""The table of the theory: each lemma, how often it was tried, how nearly it fails."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from speccascade.theory import Check, Misprint

__all__ = ["print_theory"]


def print_theory(
    checks: Sequence[Check], misprints: Sequence[Misprint], console: Console
) -> None:
    """The checks with their wrong rules, what they state, and formulas as printed."""
    table = Table(box=None, pad_edge=False)
    for head in ("result", "tried", "violated by", "tightest", "wrong rule", "by"):
        right = head in ("tried", "tightest")
        table.add_column(head, justify="right" if right else "left")
    for check in checks:
        table.add_row(
            check.name,
            f"{check.instances:,}",
            _amount(check.violation, check),
            "-" if check.tightness is None else f"{check.tightness:.4f}",
            check.control,
            _amount(check.control_violation, check),
        )
    console.print(table)
    console.print()
    for check in checks:
        console.print(f"{check.name}: {check.statement}", markup=False)
    console.print()
    printed = Table(box=None, pad_edge=False)
    for head in ("misprint in", "as printed", "fails at", "by up to", "corrected"):
        printed.add_column(head)
    for one in misprints:
        printed.add_row(
            one.place,
            one.printed,
            f"{100 * one.failing:.1f} %",
            f"{one.largest:.2g}",
            f"{one.corrected:.1g}",
        )
    console.print(printed)


def _amount(value: float, check: Check) -> str:
    return f"{value:.2g} {check.unit}".rstrip()
