"""A table as text: ruled on a terminal, plain in a file, Markdown for a README.

The first column names the row and is flush left, the others are numbers.
"""

import textwrap
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["markdown_cells", "print_cells"]

_WIDTH = 100


def print_cells(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str],
    console: Console,
) -> None:
    """Prints rows of cells and the notes under them; 100 columns wide."""
    ruled = console.is_terminal
    table = Table(
        box=box.SIMPLE_HEAD if ruled else None,
        padding=0 if ruled else (0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        header_style="bold",
    )
    for i, head in enumerate(heads):
        # "best BLEU" and "tok/call" stand in two lines so that the row fits.
        words = head.replace(" ", "\n").replace("-", "-\n").replace("/", "/\n")
        table.add_column(words, justify="right" if i else "left", no_wrap=True)
    for row in rows:
        # As text: Rich would take "[top-k]" in a string for a style, and swallow it.
        table.add_row(*map(Text, row))
    # A file has no width and a narrow window wraps: digits are never cut off.
    wide = console.options.update(width=_WIDTH, max_width=_WIDTH)
    for segments in console.render_lines(table, wide, pad=False):
        line = Text.assemble(*((s.text, s.style or "") for s in segments))
        line.rstrip()
        console.print(line, crop=False, soft_wrap=True)
    for note in notes:
        for line in textwrap.wrap(note, _WIDTH, subsequent_indent="  "):
            console.print(Text(line, style="dim"), crop=False, soft_wrap=True)


def markdown_cells(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str],
    numbers: bool = True,
) -> str:
    """The same as Markdown; without `numbers` all columns are flush left."""
    lines = [
        "| " + " | ".join(heads) + " |",
        "| :-- " + ("| --: " if numbers else "| :-- ") * (len(heads) - 1) + "|",
    ]
    for row in rows:
        cells = [cell.strip().replace("*", r"\*") for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    # A lone tilde is text; two on a line would strike it through.
    escaped = [note.replace("~", r"\~") for note in notes]
    table = "\n".join(lines).replace("~", r"\~")
    return table + "\n\n" + "\n\n".join(escaped) + "\n"
