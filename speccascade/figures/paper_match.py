"""Which of our panels stands for which of the paper's.

With the paper's models and data a panel is the paper's own, and scores compare. At any
other scale a task stands in for the paper's task of its kind, and only ratios and
orderings compare.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from speccascade.figures.panels import Cell
from speccascade.figures.paper_layout import PaperFigure, Place

__all__ = ["Match", "match", "published_settings"]

_BENCHMARKS = {
    "wmt14_ende": "WMT",
    "xsum": "XSum",
    "cnn_dailymail": "CNNDM",
    "gsm8k": "GSM8K",
    "mbpp": "MBPP",
    "squad2": "SQuAD",
    "webquestions": "WebQuestions",
    "nq_open": "NaturalQuestions",
    "triviaqa": "TriviaQA",
}
_STAND_INS = {
    "ende_docs": ("WMT",),
    "wiki_desc": ("XSum", "CNNDM"),
    "word_problems": ("GSM8K",),
    "small_functions": ("MBPP",),
    "wiki_qa": ("SQuAD", "WebQuestions", "NaturalQuestions", "TriviaQA"),
}
# Family, variant, drafter and target of the paper's pairs, by the names of ours.
_PAIRS = {
    "t5_small_large": ("t5", "", "Small", "Large"),
    "t5_small_xl": ("t5", "", "Small", "XL"),
    "t5_base_large": ("t5", "", "Base", "Large"),
    "gemma2_2b_27b": ("gemma2", "it", "2B", "27B"),
    "gemma2_2b_27b_pt": ("gemma2", "pt", "2B", "27B"),
    "gemma2_2b_9b": ("gemma2", "it", "2B", "9B"),
}


@dataclass(frozen=True, kw_only=True)
class Match:
    """A published panel and ours.

    Attributes:
      place: of the paper.
      cell: ours; None where nothing of ours stands for it.
      same: whether models and data are the paper's, so that scores compare.
      why: where there is no cell, why not.
    """

    place: Place
    cell: Cell | None
    same: bool = False
    why: str = ""


def match(figure: PaperFigure, cells: Sequence[Cell]) -> list[Match]:
    """Each panel of the figure with the cell of ours that stands for it."""
    return [_match(place, cells) for place in figure.places]


def published_settings(cell: Cell) -> list[tuple[str, str]]:
    """(target, task) of the settings of Table 2 that the cell is or stands for."""
    task, models = cell.settings.task, _PAIRS.get(cell.settings.pair)
    if models is not None:
        return [(models[3], _BENCHMARKS[task])] if task in _BENCHMARKS else []
    if cell.family != "T5":
        return []
    return [("Large", one) for one in _STAND_INS.get(task, ())]


def _match(place: Place, cells: Sequence[Cell]) -> Match:
    here = [cell for cell in cells if _is_setting(place, cell)]
    for cell in here:
        if _is_same(place, cell):
            return Match(place=place, cell=cell, same=True)
    if any(cell.settings.pair in _PAIRS for cell in cells):
        return Match(place=place, cell=None, why="not run yet")
    if place.panel.target == "XL":
        return Match(place=place, cell=None, why="no second, larger target ships")
    for cell in here:
        if _stands_in(place, cell):
            return Match(place=place, cell=cell)
    return Match(place=place, cell=None, why="nothing run stands in for it")


def _is_setting(place: Place, cell: Cell) -> bool:
    panel, settings = place.panel, cell.settings
    return (panel.temperature, place.gamma) == (settings.temperature, settings.gamma)


def _is_same(place: Place, cell: Cell) -> bool:
    panel = place.panel
    models = (panel.family, panel.variant, panel.drafter, panel.target)
    return (
        _PAIRS.get(cell.settings.pair) == models
        and _BENCHMARKS.get(cell.settings.task) == panel.task
    )


def _stands_in(place: Place, cell: Cell) -> bool:
    family = {"T5": "t5", "Gemma": "gemma2"}.get(cell.family)
    tasks = _STAND_INS.get(cell.settings.task, ())
    return family == place.panel.family and place.panel.task in tasks
