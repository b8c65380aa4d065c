"""Where things stand on the page, in inches: legend, panels, caption."""

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from speccascade.figures.caption import wrapped
from speccascade.figures.style import PAPER, MethodStyle, style_of

__all__ = [
    "Page",
    "add_caption",
    "add_legend",
    "legend_columns",
    "make_cells",
    "make_grid",
    "make_panels",
    "method_handle",
]

# ICLR's text is 5.5 in wide, which one panel or two fill; three need more air.
_WIDTHS = {1: 5.5, 2: 5.5, 3: 8.0}
_PANEL_HEIGHT = 2.45
_LEFT, _RIGHT, _GAP = 0.46, 0.10, 0.20
# In a grid every panel has numbers and a label of its own at its left.
_GRID_HEIGHT, _GRID_LEFT, _GRID_GAP = 1.55, 0.56, 0.60
_TITLE, _XLABEL = 0.34, 0.36
_TOP, _LEGEND_ROW = 0.06, 0.142
# Of a figure of many tasks, whose panels have axes of their own, small and close.
_CELLS_WIDTH, _CELLS_LEFT, _CELLS_GAP, _CELLS_TOP = 8.0, 0.62, 0.42, 0.08
_CELL_HEIGHT, _CELL_TITLE, _CELL_XLABEL = 1.35, 0.30, 0.30
_CAPTION_SIZE, _CAPTION_LEADING = 7.2, 0.125
_CAPTION_TOP, _BOTTOM = 0.06, 0.05


class Page:
    """A page so wide, with its caption at the foot and `above` inches over that."""

    def __init__(self, width: float, above: float, caption: str):
        self.width = width
        family = str(PAPER["font.family"])
        text_width = 0.975 * 72 * (width - 0.12 - _RIGHT)
        self.lines = wrapped(caption, text_width, _CAPTION_SIZE, family)
        self.foot = _BOTTOM + _CAPTION_TOP + len(self.lines) * _CAPTION_LEADING
        self.height = self.foot + above


def make_panels(
    figure: Figure, panels: int, legend_rows: int, caption: str
) -> list[Axes]:
    """Sizes `figure` and returns its panels, left to right, sharing the y axis."""
    legend = _TOP + legend_rows * _LEGEND_ROW
    above = _XLABEL + _PANEL_HEIGHT + _TITLE + legend
    page = Page(_WIDTHS[panels], above, caption)
    figure.set_size_inches(page.width, page.height)
    each = (page.width - _LEFT - _RIGHT - (panels - 1) * _GAP) / panels
    axes: list[Axes] = []
    for i in range(panels):
        box = (
            (_LEFT + i * (each + _GAP)) / page.width,
            (page.foot + _XLABEL) / page.height,
            each / page.width,
            _PANEL_HEIGHT / page.height,
        )
        axes.append(figure.add_axes(box, sharey=axes[0] if axes else None))
    for axis in axes[1:]:
        axis.tick_params(labelleft=False)
    add_caption(figure, page)
    return axes


def make_grid(figure: Figure, rows: int, columns: int, caption: str) -> list[Axes]:
    """Sizes `figure` and returns its panels, row by row, each with axes of its own."""
    each_row = _XLABEL + _GRID_HEIGHT + _TITLE
    page = Page(_WIDTHS[columns], rows * each_row + _TOP, caption)
    figure.set_size_inches(page.width, page.height)
    each = (page.width - _GRID_LEFT - _RIGHT - (columns - 1) * _GRID_GAP) / columns
    add_caption(figure, page)
    return [
        figure.add_axes(
            (
                (_GRID_LEFT + column * (each + _GRID_GAP)) / page.width,
                (page.foot + (rows - 1 - row) * each_row + _XLABEL) / page.height,
                each / page.width,
                _GRID_HEIGHT / page.height,
            )
        )
        for row in range(rows)
        for column in range(columns)
    ]


def make_cells(
    figure: Figure,
    places: Sequence[tuple[int, int]],
    legend_rows: int,
    caption: str,
) -> list[Axes]:
    """Sizes `figure` and returns a small panel for each (row, column) of `places`."""
    rows = max(row for row, _ in places) + 1
    columns = max(column for _, column in places) + 1
    each_row = _CELL_TITLE + _CELL_HEIGHT + _CELL_XLABEL
    legend = legend_rows * _LEGEND_ROW + _CELLS_TOP
    page = Page(_CELLS_WIDTH, legend + rows * each_row, caption)
    figure.set_size_inches(page.width, page.height)
    add_caption(figure, page)
    room = _CELLS_WIDTH - _CELLS_LEFT - _RIGHT - (columns - 1) * _CELLS_GAP
    axes: list[Axes] = []
    for row, column in places:
        bottom = page.height - legend - (row + 1) * each_row + _CELL_XLABEL
        axis = figure.add_axes(
            (
                (_CELLS_LEFT + column * (room / columns + _CELLS_GAP)) / page.width,
                bottom / page.height,
                room / columns / page.width,
                _CELL_HEIGHT / page.height,
            )
        )
        axis.tick_params(labelsize=6.6, pad=1.5)
        axes.append(axis)
    return axes


def add_caption(figure: Figure, page: Page) -> None:
    """The caption, flush left under the panels."""
    figure.text(
        0.12 / page.width,
        (page.foot - _CAPTION_TOP) / page.height,
        "\n".join(page.lines),
        fontsize=_CAPTION_SIZE,
        linespacing=_CAPTION_LEADING * 72 / _CAPTION_SIZE / 1.03,
        verticalalignment="top",
        color="#333333",
        gid="caption",
    )


def method_handle(method: str, style: MethodStyle | None = None) -> Line2D:
    """The line and marker of a method, or another style, as the legend shows it."""
    style = style or style_of(method)
    dash = {"target": (0, (4, 2)), "drafter": (0, (1, 1.3))}.get(method, style.dash)
    return Line2D(
        [],
        [],
        color=style.colour,
        linestyle="none" if method == "lossless" else dash,
        linewidth=0.9,
        marker=style.marker,
        markersize=style.size,
        markerfacecolor=style.face,
        markeredgecolor=style.edge,
        markeredgewidth=0.7 if style.hollow else 0.4,
    )


def legend_columns(
    names: dict[str, str], published: str | None, most: int
) -> list[list[tuple[str, Line2D]]]:
    """Entries of the legend, one family a column where `most` columns allow it."""
    families: dict[str, list[tuple[str, Line2D]]] = {}
    for method in sorted(names, key=lambda name: (style_of(name).order, name)):
        entry = (names[method], method_handle(method))
        families.setdefault(style_of(method).family, []).append(entry)
    columns = list(families.values())
    # Four families fit across 5.5 in, five across 8 in; the smallest share a column.
    while len(columns) > most:
        heights = [len(one) + len(two) for one, two in pairwise(columns)]
        at = heights.index(min(heights))
        columns[at : at + 2] = [columns[at] + columns[at + 1]]
    if published:
        pale = Line2D([], [], color="#808080", linewidth=1.2, alpha=0.45)
        short = min(columns, key=len)
        (short if len(short) < 3 else columns[0]).append((published, pale))
    return columns


def add_legend(figure: Figure, columns: list[list[tuple[str, Line2D]]]) -> None:
    """One legend for all panels, across the top, families side by side."""
    rows = max(len(column) for column in columns)
    wide = figure.get_figwidth() > 6
    handles: list[Line2D] = []
    labels: list[str] = []
    # Matplotlib fills column by column, so short columns are filled with nothing.
    for column in columns:
        blank = [("", Line2D([], [], linestyle="none"))] * (rows - len(column))
        for label, handle in [*column, *blank]:
            labels.append(label)
            handles.append(handle)
    figure.legend(
        handles,
        labels,
        ncols=len(columns),
        loc="upper center",
        bbox_to_anchor=(0.5, 1.0),
        borderaxespad=0.25,
        borderpad=0.0,
        handletextpad=0.6,
        fontsize=8.0 if wide else 7.2,
        handlelength=2.0 if wide else 1.7,
        columnspacing=1.8 if wide else 1.0,
        labelspacing=0.22 if wide else 0.3,
    )
