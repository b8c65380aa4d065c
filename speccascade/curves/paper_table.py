"""Table 2 of the paper, recomputed from its own curves.

The check of `operating`: the functions that judge our curves give the published numbers
where they are handed the published curves. Of the 37 cells whose curves are plotted
whole, 32 speed-ups and 34 best qualities come out within 0.015; the notes of
`TableCell` say of each other what it lacks.
"""

from dataclasses import dataclass

from speccascade.curves.operating import worth
from speccascade.curves.paper import Paper, TableCell

__all__ = ["AGREEMENT", "Recomputed", "recompute_table"]

# Half a unit of the table's last digit, and as much again for what the figures lose.
AGREEMENT = 0.015


@dataclass(frozen=True, kw_only=True)
class Recomputed:
    """A cell of Table 2 and what the plotted points give for it.

    Attributes:
      cell: as published.
      speedup, best_quality: from the curve; None where no figure plots it, or only up
        to below the target's quality, so that the table cannot be had from it.
    """

    cell: TableCell
    speedup: float | None
    best_quality: float | None

    @property
    def speedup_agrees(self) -> bool | None:
        """Whether it is the table's, within `AGREEMENT`; None where it is not known."""
        return _agrees(self.speedup, self.cell.speedup)

    @property
    def best_quality_agrees(self) -> bool | None:
        """As `speedup_agrees`."""
        return _agrees(self.best_quality, self.cell.best_quality)


def recompute_table(paper: Paper) -> tuple[Recomputed, ...]:
    """Every cell of Table 2, in its order."""
    return tuple(_recompute(cell, paper) for cell in paper.table)


def _recompute(cell: TableCell, paper: Paper) -> Recomputed:
    for panel in paper.panels:
        here = (panel.task, panel.drafter, panel.target, panel.temperature, panel.gamma)
        if here != (cell.task, cell.drafter, cell.target, 1.0, 5):
            continue
        curve = panel.curve(cell.method)
        if panel.x_axis != "relative_latency" or curve is None:
            continue
        assert panel.target_quality is not None  # where Table 2 has numbers
        speedup, best = worth(curve.tradeoff, panel.target_quality, timed=True)
        if speedup is not None:
            return Recomputed(cell=cell, speedup=speedup, best_quality=best)
    return Recomputed(cell=cell, speedup=None, best_quality=None)


def _agrees(found: float | None, said: float) -> bool | None:
    return None if found is None else abs(found - said) <= AGREEMENT
