"""Tables 1, 2 and 3 of the paper, in Markdown and LaTeX.

Tables 1 and 3 are made of what the rules and methods say of themselves, so they cannot
say anything else than what runs. Table 2 is the published one, each number beside what
the published curves give for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from speccascade.curves import Paper, Recomputed, recompute_table
from speccascade.figures.files import write
from speccascade.figures.latex_table import latex_cells
from speccascade.figures.text_table import markdown_cells
from speccascade.methods import METHODS
from speccascade.rules import RULES

__all__ = ["PAPER_TABLES", "PaperTable", "paper_table", "save_table"]

PAPER_TABLES = ("table1", "table2", "table3")

_TABLE_1 = (
    "lossless",
    "lossy",
    "bild",
    "token_chow",
    "oracle_diff",
    "chow",
    "diff",
    "opt",
    "token_v3",
)
_TABLE_3 = (
    "lossless",
    "lossy",
    "lossy_star",
    "bild",
    "token_chow",
    "token_chow_log",
    "oracle_diff",
    "oracle_diff_log",
    "chow",
    "chow_log",
    "diff",
    "diff_log",
    "opt",
    "opt_log",
    "token_v1",
    "token_v2",
    "token_v3",
)
_EXECUTIONS = {
    "speculative": "speculative",
    "token_cascade": "sequential",
    "oracle_cascade": "oracle",
}
_NOTATION = (
    "q: the drafter's distribution of the next token, p: the target's; r = 1 defers to "
    "the target. H: entropy in nats; $D_{\\mathrm{TV}}$: total variation; $D(q, p) = "
    "-\\sum q \\log p$. At temperature 0 the thresholds of lossy decoding and BiLD* "
    "read p of the drafted token (speccascade/rules)."
)


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """A table that is ready to be written.

    Attributes:
      name: of its files.
      heads, rows, notes: as of `markdown_cells`.
      numbers: whether its columns are numbers.
    """

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    numbers: bool = True

    def markdown(self) -> str:
        return markdown_cells(self.heads, self.rows, self.notes, self.numbers)

    def latex(self) -> str:
        columns = None if self.numbers else "l" * len(self.heads)
        return latex_cells(self.heads, self.rows, self.notes, columns)


def paper_table(name: str, paper: Paper) -> PaperTable:
    """One of `PAPER_TABLES`."""
    if name == "table2":
        return _published_table(paper)
    methods = {"table1": _TABLE_1, "table3": _TABLE_3}[name]
    notes = [_NOTATION, *(f"Anomaly: {text}" for text in paper.anomalies_of(name))]
    return PaperTable(
        name=name,
        heads=("method", "defers iff", "target distribution", "execution", "source"),
        rows=list(map(_rule_row, methods)),
        notes=notes,
        numbers=False,
    )


def save_table(table: PaperTable, folder: Path) -> list[Path]:
    """Writes NAME.md and NAME.tex; UserError where `folder` cannot be written."""
    return [
        write(folder / f"{table.name}.md", table.markdown()),
        write(folder / f"{table.name}.tex", table.latex()),
    ]


def _rule_row(name: str) -> list[str]:
    method = METHODS[name]
    assert method.rule is not None
    rule = RULES[method.rule]
    return [
        method.display_name,
        f"${rule.condition}$" if rule.condition else "-",
        f"${rule.formula}$",
        _EXECUTIONS[method.kind],
        rule.source,
    ]


def _published_table(paper: Paper) -> PaperTable:
    """Methods down, settings across, first the speed-ups and then the qualities."""
    cells = recompute_table(paper)
    settings = list(dict.fromkeys((c.cell.target, c.cell.task) for c in cells))
    methods = list(dict.fromkeys(c.cell.printed for c in cells))
    place = {(c.cell.printed, c.cell.target, c.cell.task): c for c in cells}
    heads = [f"{task}, {target}" for target, task in settings]
    rows = []
    for method in methods:
        here = [place[method, *setting] for setting in settings]
        rows.append([method, *map(_speedup, here), *map(_quality, here)])
    return PaperTable(
        name="table2",
        heads=[
            "method",
            *(f"speed-up {head}" for head in heads),
            *(f"best quality {head}" for head in heads),
        ],
        rows=rows,
        notes=[
            "T5 Small drafting for Large or XL, T = 1, γ = 5; BLEU for WMT, ROUGE-2 "
            "for XSum and CNNDM. Speed-up: 1 / the relative latency at which a curve "
            "first has the target's quality. Best quality: of points no slower than "
            "the target.",
            "In brackets: recomputed from the published curves where that differs by "
            "more than 0.015; (-) where no figure plots the curve whole. Of those that "
            f"are plotted, {_count(cells)} agree.",
            *_remarks(cells),
        ],
    )


def _remarks(cells: Sequence[Recomputed]) -> list[str]:
    """Each remark on cells once, with the cells that share it."""
    shared: dict[str, list[str]] = {}
    for one in cells:
        if one.cell.note:
            where = f"{one.cell.printed} {one.cell.task} {one.cell.target}"
            shared.setdefault(one.cell.note, []).append(where)
    return [f"{', '.join(where)}: {note}." for note, where in shared.items()]


def _speedup(one: Recomputed) -> str:
    return _number(one.cell.speedup, one.speedup, one.speedup_agrees)


def _quality(one: Recomputed) -> str:
    return _number(one.cell.best_quality, one.best_quality, one.best_quality_agrees)


def _number(said: float, found: float | None, agrees: bool | None) -> str:
    if agrees:
        return f"{said:.2f}"
    return f"{said:.2f} ({'-' if found is None else f'{found:.2f}'})"


def _count(cells: Sequence[Recomputed]) -> str:
    parts = []
    for what, values in (
        ("speed-ups", [one.speedup_agrees for one in cells]),
        ("best qualities", [one.best_quality_agrees for one in cells]),
    ):
        known = [value for value in values if value is not None]
        parts.append(f"{sum(known)} of {len(known)} {what}")
    return " and ".join(parts)
