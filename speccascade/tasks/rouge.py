"""ROUGE of the package rouge-score, as sums over examples.

ROUGE of a corpus is the mean of its examples' F-measures, so the parts are a sum and a
count. rouge-score's own aggregate gives the median of a bootstrap around that mean; we
give the mean itself, and intervals come from our bootstrap.
"""

import dataclasses
import functools
import importlib.metadata
from collections.abc import Callable
from typing import Literal

import numpy as np

from speccascade.tasks.metrics import Parts, Scores

Kind = Literal["rouge1", "rouge2", "rougeL", "rougeLsum"]


@functools.cache
def _f_measure(kind: Kind, stemmer: bool) -> Callable[[str, str], float]:
    """A function of a reference and a prediction."""
    # Not at the top: nltk, under rouge-score, takes longer to import than all the rest.
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer([kind], use_stemmer=stemmer)
    return lambda target, text: float(scorer.score(target, text)[kind].fmeasure)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rouge:
    """F-measure of ROUGE, Lin (2004), from 0 to 100; higher is better.

    Text is lower-cased and cut at everything but ASCII letters and digits, as the
    package does. Words are stemmed (Porter), as in most published tables; the T5 code
    does not stem, and `stemmer=False` is its number. The two are not comparable.

    `rougeL` takes a text as one sequence, `rougeLsum` sentence by sentence: a sentence
    ends with its line or, as the T5 code has it, with " . ".

    Parts: F-measure of the example, 1.

    Attributes:
      kind: as the package calls it.
      stemmer: whether words are stemmed.
      several: each line of a reference is a reference of its own, and the one with the
        highest ROUGE-1 (the first of equals) counts for every kind, as in SciTLDR's
        own script. Otherwise a reference is one, lines and all.

    Example:
      Rouge(kind="rouge1").parts("testing", "testing one two") -> [0.5, 1.0]
    """

    kind: Kind = "rouge2"
    stemmer: bool = True
    several: bool = False

    @property
    def name(self) -> str:
        return self.kind if self.stemmer else f"{self.kind}_unstemmed"

    @property
    def signature(self) -> str:
        stemmer = "porter" if self.stemmer else "no"
        references = "lines,best:rouge1" if self.several else "1"
        version = importlib.metadata.version("rouge-score")
        return (
            f"kind:{self.kind}|stem:{stemmer}|refs:{references}|score:f"
            f"|version:{version}"
        )

    def parts(self, prediction: str, reference: str) -> list[float]:
        if self.several:
            overlap = _f_measure("rouge1", self.stemmer)
            lines = reference.split("\n")
            reference = max(lines, key=lambda line: overlap(line, prediction))
        if self.kind == "rougeLsum":
            prediction, reference = _sentences(prediction), _sentences(reference)
        score = _f_measure(self.kind, self.stemmer)(reference, prediction)
        return [score, 1.0]

    def combine(self, parts: Parts) -> Scores:
        return np.asarray(100 * parts[..., 0] / np.maximum(parts[..., 1], 1))


def _sentences(text: str) -> str:
    """One sentence a line."""
    return text.replace(" . ", " .\n")
