"""Ours and the paper's in numbers: ratios, shares of the gap, and orders.

Scores of other models on other data do not compare, so none stands here but where the
models and data are the paper's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speccascade.curves import (
    PaperCurve,
    Tradeoff,
    normalised,
    worth,
)
from speccascade.figures.measured import ALONE
from speccascade.figures.paper_beside import is_modelled, ours_of
from speccascade.figures.paper_match import Match
from speccascade.figures.paper_tables import PaperTable
from speccascade.figures.series import Series
from speccascade.methods import display_name

__all__ = ["compare_table"]

_HEADS = (
    "panel",
    "our task",
    "method",
    "first, published",
    "first, ours",
    "best, published",
    "best, ours",
)
_NOTES = (
    "first: at the target's quality, the speed-up over the target alone where the x "
    "axis is relative latency, else the cost on that axis; - where the quality is not "
    "reached, ? where ours has another cost.",
    "best: of the gap, (best quality - drafter's) / (target's - drafter's), over "
    "points no slower than the target where there is latency; above 1 is better than "
    "the target. Published drafter: where lossy keeps every draft.",
)
_MODELLED = "Our relative latency is modelled, by a component profile of the host."


def compare_table(name: str, matches: Sequence[Match]) -> PaperTable:
    """One row a panel and method that both have, and the order of each panel's.

    `name` is of the experiment; the table's is NAME-compare.
    """
    rows, orders = [], []
    for one in matches:
        if one.cell is None or one.place.panel.target_quality is None:
            continue
        found = _rows(one)
        rows += [row.cells for row in found]
        title = f"{one.place.title} (ours: {one.cell.settings.task})"
        orders.append(f"{title}: {_orders(found)}.")
    cells = [one.cell for one in matches if one.cell is not None]
    notes = [*_NOTES, *([_MODELLED] if any(map(is_modelled, cells)) else [])]
    return PaperTable(
        name=f"{name}-compare", heads=_HEADS, rows=rows, notes=[*notes, *orders]
    )


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A method that both sides have: its cells, and the best of each side."""

    name: str
    cells: list[str]
    published: float | None
    ours: float | None


def _rows(one: Match) -> list[_Row]:
    assert one.cell is not None
    panel = one.place.panel
    ours = {line.method: line for line in ours_of(one.place, one.cell)}
    ends = [ours[name].y[0] if name in ours else None for name in ALONE]
    target, drafter = ends
    found = []
    for curve in one.place.curves:
        line = ours.get(curve.method)
        if line is None or curve.method in ALONE:
            continue
        theirs = _worth(
            curve.tradeoff, panel.x_axis, panel.drafter_quality, panel.target_quality
        )
        same = line.x_name.removeprefix("modelled_") == panel.x_axis
        mine = _worth(_tradeoff(line), line.x_name, drafter, target)
        cells = [
            one.place.title.rpartition(":")[0],
            one.cell.settings.task,
            _label(curve),
            _number(theirs[0]),
            _number(mine[0]) if same else "?",
            _number(theirs[1]),
            _number(mine[1]),
        ]
        found.append(
            _Row(name=_label(curve), cells=cells, published=theirs[1], ours=mine[1])
        )
    return found


def _label(curve: PaperCurve) -> str:
    if curve.method.startswith("bild_original"):
        return curve.printed
    return display_name(curve.method)


def _tradeoff(line: Series) -> Tradeoff:
    x = [np.nan if value is None else value for value in line.x]
    return Tradeoff(latency=np.array(x, float), quality=np.array(line.y, float))


def _worth(
    curve: Tradeoff, x_name: str, drafter: float | None, target: float | None
) -> tuple[float | None, float | None]:
    """First cost or speed-up at the target's quality, and the best share of the gap."""
    if target is None:
        return None, None
    first, best = worth(curve, target, timed=x_name.endswith("latency"))
    if drafter is None or best is None:
        return first, None
    share = float(normalised(np.array(best), np.array(drafter), np.array(target)))
    return first, None if np.isnan(share) else share


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _orders(found: Sequence[_Row]) -> str:
    """The methods from best to worst, published and ours."""
    parts = []
    for whose, best in (
        ("published", {row.name: row.published for row in found}),
        ("ours", {row.name: row.ours for row in found}),
    ):
        known = {name: value for name, value in best.items() if value is not None}
        if known:
            order = sorted(known, key=lambda name: -known[name])
            parts.append(f"{whose} {' > '.join(order)}")
    return "best quality, " + "; ".join(parts) if parts else "no drafter to compare by"
