"""`speccascade figures --published-only`, and ours beside the published figures."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from speccascade.cli import compose
from speccascade.cli.guard import OK
from speccascade.curves import read_paper
from speccascade.errors import UserError
from speccascade.figures.files import save
from speccascade.figures.panels import Cell
from speccascade.figures.paper_beside import draw_beside as beside
from speccascade.figures.paper_beside import draw_normalised, draw_over, shares_cost
from speccascade.figures.paper_compare import compare_table
from speccascade.figures.paper_draw import draw_paper
from speccascade.figures.paper_layout import NAMES, paper_figure
from speccascade.figures.paper_match import match
from speccascade.figures.paper_own_table import own_table
from speccascade.figures.paper_tables import PAPER_TABLES, paper_table, save_table

HELP = (
    "redraws the paper from its published numbers, with no run at all: fig1 ... fig11, "
    "table1 ... table3, by default all, to figures/published under paths.root"
)
# Tables that no run is needed for.
FROM_METADATA = ("table1", "table3")


def draw_published(words: compose.Words) -> int:
    """Redraws the named figures and tables of the paper, by default all of them."""
    known = (*NAMES, *PAPER_TABLES)
    # A wildcard was replaced by experiments: Figure 8 has two.
    names = dict.fromkeys(_item(name) for name in words.names)
    for name in names:
        if name not in known:
            raise UserError(
                f"The paper has no {name!r}; published are {', '.join(known)}."
            )
    folder = _root(words) / "figures" / "published"
    for name in names or known:
        figure = paper_figure(name)
        if figure is None:
            _print(save_table(paper_table(name, read_paper()), folder))
        else:
            _print(save(draw_paper(figure), folder, name))
    return OK


def draw_table(words: compose.Words, name: str) -> int:
    """Writes one of `FROM_METADATA`."""
    folder = _root(words) / "figures" / name
    _print(save_table(paper_table(name, read_paper()), folder))
    return OK


def draw_beside(name: str, root: Path, cells: Sequence[Cell]) -> None:
    """What an experiment of the paper's draws in addition; nothing for any other."""
    folder = root / "figures" / name
    if name == "table2":
        _print(save_table(own_table(cells, read_paper()), folder))
        return
    figure = paper_figure(name)
    if figure is None:
        return
    matches = match(figure, cells)
    found = [one for one in matches if one.cell is not None]
    if not found:
        return
    if all(one.same and shares_cost(one) for one in found):
        _print(save(draw_over(figure, matches), folder, f"{name}-over"))
    else:
        _print(save(beside(figure, matches), folder, f"{name}-beside"))
        together = draw_normalised(figure, matches)
        if together is not None:
            _print(save(together, folder, f"{name}-normalised"))
    table = compare_table(name, matches)
    if table.rows:  # a published panel without its target's level has none
        _print(save_table(table, folder))


def hint(name: str) -> str:
    """How to see a figure of the paper without a run; empty for other names."""
    item = _item(name)
    if item not in (*NAMES, *PAPER_TABLES):
        return ""
    return f" The published one: `speccascade figures --published-only {item}`."


def _item(name: str) -> str:
    """The paper's figure or table that an experiment reproduces, else the name."""
    figure = paper_figure(name)
    return figure.item if figure else name


def _root(words: compose.Words) -> Path:
    return Path(os.path.expanduser(compose.one_job(words).paths.root))


def _print(files: Iterable[Path]) -> None:
    for file in files:
        print(os.path.relpath(file))
