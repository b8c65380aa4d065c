"""What each figure of the paper shows, and where: rows and columns of its panels.

The numbering is that of arXiv 2405.19261v2. A panel that the paper repeats is in the
data once; here it stands wherever the paper has it, with the curves that it has there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from speccascade.curves import Paper, PaperCurve, PaperPanel, read_paper
from speccascade.figures.labels import metric_label

__all__ = ["NAMES", "PaperFigure", "Place", "paper_figure"]

_SUMMARIES = ("WMT", "XSum", "CNNDM")
_MAIN = ("lossy", "opt", "token_v3")
_EARLY = ("token_chow", "lossy", "bild", "chow", "diff", "opt")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A panel where a figure shows it.

    Attributes:
      row, column: in the figure.
      title: what distinguishes it there, with its metric.
      panel: as published.
      curves: those of the panel's that the figure has, in the order of the legend.
      gamma: of all of them but BiLD*, which stands beside BiLD at any gamma.
    """

    row: int
    column: int
    title: str
    panel: PaperPanel
    curves: tuple[PaperCurve, ...]

    @property
    def gamma(self) -> int:
        return self.curves[-1].gamma


@dataclass(frozen=True, kw_only=True)
class PaperFigure:
    """One figure.

    Attributes:
      name: of the experiment, such as fig9.
      item: of the paper, such as fig8, which is two experiments.
      claim: what it shows, one sentence.
      places: its panels, row by row.
    """

    name: str
    item: str
    claim: str
    places: tuple[Place, ...]

    @property
    def anomalies(self) -> tuple[str, ...]:
        """What does not fit in it."""
        return read_paper().anomalies_of(self.item)


def _place(
    row: int,
    column: int,
    title: str,
    panel: PaperPanel,
    keep: Callable[[PaperCurve], bool] = lambda curve: True,
) -> Place:
    return Place(
        row=row,
        column=column,
        title=f"{title}: {metric_label(panel.metric)}",
        panel=panel,
        curves=tuple(filter(keep, panel.curves)),
    )


def _of(*methods: str) -> Callable[[PaperCurve], bool]:
    return lambda curve: curve.method in methods


def _fig1(paper: Paper) -> Iterator[Place]:
    yield _place(0, 0, "WMT, Small → Large", paper.panel(1, "WMT"))
    yield _place(0, 1, "XSum, Base → Large", paper.panel(1, "XSum"))


def _fig2(paper: Paper) -> Iterator[Place]:
    for column, task in enumerate(("WMT", "CNNDM")):
        yield _place(0, column, f"{task}, Small → Large", paper.panel(2, task))


def _fig3(paper: Paper) -> Iterator[Place]:
    tasks = ("WMT", "CNNDM", "GSM8K", "WebQuestions", "MBPP", "NaturalQuestions")
    for i, task in enumerate(tasks):
        pretrained = task == "MBPP"
        panel = paper.panel(3 if pretrained else 10, task)
        title = f"{task}{' [PT]' * pretrained}, {panel.shots}-shot"
        yield _place(i // 3, i % 3, title, panel, _of(*_MAIN))


def _fig4(paper: Paper) -> Iterator[Place]:
    yield _place(0, 0, "XSum, Small → Large", paper.panel(9, "XSum"), _of(*_EARLY))
    for i, task in enumerate(_SUMMARIES, start=1):
        yield _place(i // 2, i % 2, f"{task}, Small → XL", paper.panel(4, task))


def _fig5(paper: Paper) -> Iterator[Place]:
    for row, target in enumerate(("Large", "XL")):
        for column, task in enumerate(_SUMMARIES):
            if (target, task) == ("XL", "CNNDM"):
                continue  # not in the paper
            panel = paper.panel(5, task, target=target)
            yield _place(row, column, f"{task}, Small → {target}", panel)


def _fig6(paper: Paper) -> Iterator[Place]:
    for row, task in enumerate(_SUMMARIES):
        for column, heat in enumerate((1.0, 0.5, 0.1)):
            # T = 0.5 stands in Fig. 2 but for XSum.
            again = 2 if heat == 0.5 and task != "XSum" else 6
            panel = paper.panel(9 if heat == 1.0 else again, task, temperature=heat)
            yield _place(row, column, f"{task}, T = {heat:g}", panel, _of(*_MAIN))


def _fig7(paper: Paper) -> Iterator[Place]:
    for row, task in enumerate(_SUMMARIES):
        for column, gamma in enumerate((3, 5, 7)):
            panel = paper.panel(9 if gamma == 5 else 7, task, gamma=gamma)
            yield _place(row, column, f"{task}, γ = {gamma}", panel, _of(*_MAIN))


def _fig8(paper: Paper) -> Iterator[Place]:
    top = paper.panel(8, "WMT", temperature=0.0)
    yield _place(0, 0, "WMT, BiLD, T = 0", top)
    for place in _fig8_lossy_star(paper):
        yield _place(1, place.column, f"{place.panel.task}, T = 1", place.panel)


def _fig8_bild(paper: Paper) -> Iterator[Place]:
    top = paper.panel(8, "WMT", temperature=0.0)
    for column, gamma in enumerate((5, 10)):

        def here(curve: PaperCurve, gamma: int = gamma) -> bool:
            return curve.gamma == gamma or curve.method == "bild"

        yield _place(0, column, f"WMT, T = 0, γ = {gamma}", top, here)


def _fig8_lossy_star(paper: Paper) -> Iterator[Place]:
    for column, task in enumerate(("WMT", "XSum")):
        panel = paper.panel(8, task, temperature=1.0)
        yield _place(0, column, f"{task}, Small → Large", panel)


def _fig9(paper: Paper) -> Iterator[Place]:
    for column, task in enumerate(_SUMMARIES):
        yield _place(0, column, f"{task}, Small → Large", paper.panel(9, task))


def _fig10(paper: Paper) -> Iterator[Place]:
    here = [panel for panel in paper.panels if panel.figure == 10]
    for i, panel in enumerate(here):
        title = f"{panel.task}, {panel.shots}-shot"
        yield _place(i // 4, i % 4, title, panel)


def _fig11(paper: Paper) -> Iterator[Place]:
    tasks = ("WMT", "GSM8K", "SQuAD", "WebQuestions", "NaturalQuestions", "TriviaQA")
    for i, task in enumerate(tasks):
        panel = paper.panel(10 if task == "NaturalQuestions" else 11, task)
        # The paper prints Fig. 10's NaturalQuestions as one of 9B, see the anomalies.
        panel = replace(panel, target="9B")
        yield _place(i // 3, i % 3, f"{task}, {panel.shots}-shot", panel)


_FIGURES: dict[str, tuple[Callable[[Paper], Iterator[Place]], str]] = {
    "fig1": (
        _fig1,
        "Cascades that may look at the target's distribution (Oracle [Diff]) need "
        "fewer deferrals than Chow's rule for the same quality; speculative decoding "
        "has the target's quality at few rejections.",
    ),
    "fig2": (
        _fig2,
        "At T = 0.5 speculative cascades offer better quality for their latency than "
        "lossy speculative decoding, BiLD* and sequential cascades.",
    ),
    "fig3": (
        _fig3,
        "With Gemma 2, 2B to 27B, the token rule trades rejections for quality better "
        "than OPT and lossy speculative decoding on most tasks.",
    ),
    "fig4": (
        _fig4,
        "At T = 1, and with a larger target too, OPT and Diff lie above Chow, BiLD*, "
        "lossy decoding and the sequential cascade.",
    ),
    "fig5": (
        _fig5,
        "At T = 0, where OPT is Diff, speculative cascades match or improve on lossy "
        "decoding and BiLD*.",
    ),
    "fig6": (
        _fig6,
        "The token rule's lead over OPT and lossy decoding shrinks as the temperature "
        "falls from 1 to 0.1.",
    ),
    "fig7": (
        _fig7,
        "Whether 3, 5 or 7 tokens are drafted, the token rule and OPT lie above lossy "
        "decoding.",
    ),
    "fig8": (
        _fig8,
        "BiLD* is about as good as the best settings of the original BiLD, and lossy "
        "decoding with beta = 1 is at least as good as Lossy*.",
    ),
    "fig8_bild": (
        _fig8_bild,
        "BiLD* is about as good as the best settings of the original BiLD.",
    ),
    "fig8_lossy_star": (
        _fig8_lossy_star,
        "Lossy decoding with beta = 1 is at least as good as Lossy*.",
    ),
    "fig9": (
        _fig9,
        "At T = 1 the three token rules give the best quality for their latency, OPT "
        "and Diff come next.",
    ),
    "fig10": (
        _fig10,
        "With Gemma 2, 2B to 27B, TokenV3 is the best rule on most of eight tasks, and "
        "OPT gains little.",
    ),
    "fig11": (_fig11, "With the 9B target the order of the rules is that of the 27B."),
}
# The experiments that share Fig. 8 are parts of it, which is drawn whole.
NAMES = tuple(name for name in _FIGURES if not name.startswith("fig8_"))


def paper_figure(name: str) -> PaperFigure | None:
    """The figure that an experiment of this name reproduces; None if it does not."""
    if name not in _FIGURES:
        return None
    places, claim = _FIGURES[name]
    return PaperFigure(
        name=name,
        item=name.partition("_")[0],
        claim=claim,
        places=tuple(places(read_paper())),
    )
