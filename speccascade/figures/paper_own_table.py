"""Table 2 of our own runs, the published speed-ups of its settings beside them."""

from collections.abc import Sequence

from speccascade.curves import Paper
from speccascade.figures.panels import Cell
from speccascade.figures.paper_match import published_settings
from speccascade.figures.paper_tables import PaperTable
from speccascade.figures.rows import rows_of
from speccascade.figures.style import style_of
from speccascade.figures.table import Estimate, Row

__all__ = ["own_table"]


def own_table(cells: Sequence[Cell], paper: Paper) -> PaperTable:
    """Methods down; of each pair and task speed-up, published speed-up, best quality.

    The published speed-ups are those of the tasks that ours stands for. Qualities of
    other models and data do not compare and are ours alone.
    """
    rows = {
        i: {row.method: row for row in rows_of(cell.measured, {}, cell.metric)}
        for i, cell in enumerate(cells)
    }
    names = {
        row.method: row.display_name for one in rows.values() for row in one.values()
    }
    ordered = sorted(names, key=lambda name: (style_of(name).order, name))
    heads = ["method"]
    for cell in cells:
        where = f"{cell.settings.pair}, {cell.settings.task}"
        heads += [f"{where}: speed-up", "published", f"best {cell.label}"]
    return PaperTable(
        name="table2-ours",
        heads=heads,
        rows=[
            [names[method], *_cells(method, cells, rows, paper)]
            for method in ordered
            if method != "drafter"
        ],
        notes=[
            "speed-up: over the target alone where the curve first has its quality; "
            "best: of points no slower than the target, of the target its own. In "
            "brackets 95 % bootstrap intervals over examples; - where not reached or "
            "not timed.",
            "published: Table 2's speed-ups of the tasks that ours is or stands for, "
            f"in the order {_order(cells)}.",
        ],
    )


def _cells(
    method: str, cells: Sequence[Cell], rows: dict[int, dict[str, Row]], paper: Paper
) -> list[str]:
    found = []
    for i, cell in enumerate(cells):
        row = rows[i].get(method)
        published = [
            f"{one.speedup:.2f}"
            for setting in published_settings(cell)
            for one in paper.table
            if (one.target, one.task) == setting and one.method == method
        ]
        found += [
            _estimate(None if row is None else row.speedup),
            " / ".join(published) or "-",
            _estimate(None if row is None else row.quality),
        ]
    return found


def _estimate(found: Estimate | None) -> str:
    if found is None:
        return "-"
    interval = "" if found.low is None else f" [{found.low:.2f}, {found.high:.2f}]"
    return f"{found.value:.2f}{interval}"


def _order(cells: Sequence[Cell]) -> str:
    parts = []
    for cell in cells:
        tasks = [f"{task} {target}" for target, task in published_settings(cell)]
        parts.append(f"{cell.settings.task}: {', '.join(tasks) or 'none'}")
    return "; ".join(parts)
