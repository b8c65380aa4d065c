"""Figures and tables, drawn from curves; nothing here reads the store.

- `make`: figure, table and their CSVs of one experiment.
- `draw_tradeoff`, `save`: the figure, and its files.
- `FigureSettings`: what its caption says.
- `style_of`: the marker and colour of a method, the same in every figure.
"""

from speccascade.figures.caption import FigureSettings
from speccascade.figures.experiment import draw_tradeoff, make
from speccascade.figures.files import save
from speccascade.figures.style import MethodStyle, style_of
from speccascade.figures.tradeoff import TradeoffFigure

__all__ = [
    "FigureSettings",
    "MethodStyle",
    "TradeoffFigure",
    "draw_tradeoff",
    "make",
    "save",
    "style_of",
]
