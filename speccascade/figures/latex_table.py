"""A table as LaTeX, for a paper: booktabs, one tabular, notes under it."""

from collections.abc import Sequence

__all__ = ["latex_cells"]

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "#": r"\#",
        "_": r"\_",
        "~": r"\textasciitilde{}",
        "→": r"$\to$",
        "γ": r"$\gamma$",
        "α": r"$\alpha$",
        "×": r"$\times$",
    }
)


def latex_cells(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str],
    columns: str | None = None,
) -> str:
    r"""The table; what stands between two dollar signs is mathematics already.

    Args:
      heads, rows, notes: as of `text_table.markdown_cells`.
      columns: alignment, by default the first flush left and numbers flush right.

    Example:
        >>> print(latex_cells(["rule", "iff"], [["a_b", r"$q < \alpha$"]], []))
        \begin{tabular}{lr}
        \toprule
        rule & iff \\
        \midrule
        a\_b & $q < \alpha$ \\
        \bottomrule
        \end{tabular}
        <BLANKLINE>
    """
    lines = [rf"\begin{{tabular}}{{{columns or 'l' + 'r' * (len(heads) - 1)}}}"]
    lines += [r"\toprule", _row(heads), r"\midrule"]
    lines += [_row(row) for row in rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    # A blank line is a new paragraph under the table.
    return "\n".join([*lines, *("\n" + _escaped(note) for note in notes)]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(_escaped(cell.strip()) for cell in cells) + r" \\"


def _escaped(text: str) -> str:
    """Text with its signs escaped; every second part, between dollars, is kept."""
    parts = text.split("$")
    parts[::2] = [part.translate(_ESCAPES) for part in parts[::2]]
    return "$".join(parts)
