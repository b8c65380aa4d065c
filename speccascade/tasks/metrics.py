"""Corpus metrics as sums over examples: BLEU and chrF of sacrebleu.

A corpus score is not a mean of sentence scores, so a record stores, for its one
example, the counts whose *sums* decide the corpus score (the sufficient statistics).
Any subset of the records, and any bootstrap resample of them, is then scored by adding
rows of an array:

    parts                     f[n, k]     one row an example, from `parts`
    parts[resamples].sum(1)   f[R, k]     R resampled corpora
    combine(...)              f[R]        R corpus scores

Both metrics run from 0 to 100, higher is better. Both equal sacrebleu's `corpus_score`
to 1e-9, which a test holds them to.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import sacrebleu
from jaxtyping import Float
from sacrebleu.metrics.helpers import extract_all_char_ngrams

Parts = Float[np.ndarray, "*lead k"]
Scores = Float[np.ndarray, "*lead"]


@runtime_checkable
class Metric(Protocol):
    """A corpus metric made of additive parts."""

    @property
    def name(self) -> str:
        """What records, summaries and figures call the metric."""
        ...

    @property
    def signature(self) -> str:
        """Everything that decides the number, as sacrebleu prints it."""
        ...

    def parts(self, prediction: str, reference: str) -> list[float]:
        """The k additive statistics of one example."""
        ...

    def combine(self, parts: Parts) -> Scores:
        """Corpus scores of parts already summed over the examples of each corpus."""
        ...


@functools.cache
def _sacrebleu_bleu(tokenize: str) -> sacrebleu.BLEU:
    # `force` silences a warning about predictions that end in " .", which small models
    # write; it does not change the score.
    return sacrebleu.BLEU(tokenize=tokenize, smooth_method="exp", force=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bleu:
    """BLEU-4 with exponential smoothing of empty orders, Papineni et al. (2002).

    The headline uses mteval-v14's international tokenisation (`intl`), as the T5 code
    does for the paper's translation tasks, and is called `bleu`. WMT tables mostly
    report `13a`; that one is called `bleu_13a`. The two are not comparable.

    Parts: length of the prediction, length of the reference, matched n-grams of orders
    1 to 4, n-grams of the prediction of orders 1 to 4 (10 numbers, in words).
    """

    tokenize: str = "intl"

    @property
    def name(self) -> str:
        return "bleu" if self.tokenize == "intl" else f"bleu_{self.tokenize}"

    @property
    def signature(self) -> str:
        bleu = _sacrebleu_bleu(self.tokenize)
        bleu.corpus_score([""], [[""]])  # a signature exists only after a first score
        return str(bleu.get_signature())

    def parts(self, prediction: str, reference: str) -> list[float]:
        score = _sacrebleu_bleu(self.tokenize).corpus_score([prediction], [[reference]])
        counts = [score.sys_len, score.ref_len, *score.counts, *score.totals]
        return [float(count) for count in counts]

    def combine(self, parts: Parts) -> Scores:
        predicted, expected = parts[..., 0], parts[..., 1]
        matched, total = parts[..., 2:6], parts[..., 6:10]
        # Where nothing was predicted the score is 0 whatever stands in the divisor.
        ratio = expected / np.maximum(predicted, 1)
        brevity = np.exp(np.minimum(0.0, 1 - ratio))
        # An order without a match counts as half a match, the next one as a quarter.
        empty = matched == 0
        smoothed = np.where(empty, 0.5 ** np.cumsum(empty, axis=-1), matched)
        precision = smoothed / np.maximum(total, 1)
        score = 100 * brevity * np.exp(np.log(precision).mean(axis=-1))
        defined = np.any(matched > 0, axis=-1) & np.all(total > 0, axis=-1)
        return np.where(defined, score, 0.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chrf:
    """chrF2: F-score of character n-grams of orders 1 to 6, Popović (2015).

    Recall counts twice as much as precision (beta = 2); white space is not counted;
    precision and recall are averaged over the orders that both sides have.

    Parts: for each order the n-grams of the prediction (0 where the reference has
    none), of the reference, and those matched (18 numbers).
    """

    order: int = 6
    beta: int = 2

    @property
    def name(self) -> str:
        return "chrf"

    @property
    def signature(self) -> str:
        chrf = sacrebleu.CHRF(char_order=self.order, beta=self.beta)
        chrf.corpus_score([""], [[""]])
        return str(chrf.get_signature())

    def parts(self, prediction: str, reference: str) -> list[float]:
        predicted = extract_all_char_ngrams(prediction, self.order)
        expected = extract_all_char_ngrams(reference, self.order)
        counts: list[float] = []
        for ours, theirs in zip(predicted, expected, strict=True):
            counts += [
                float(ours.total() if theirs else 0),
                float(theirs.total()),
                float((ours & theirs).total()),
            ]
        return counts

    def combine(self, parts: Parts) -> Scores:
        by_order = parts.reshape(*parts.shape[:-1], self.order, 3)
        predicted, expected, matched = np.moveaxis(by_order, -1, 0)
        both = (predicted > 0) & (expected > 0)
        orders = np.maximum(both.sum(axis=-1), 1)

        def shares(counts: np.ndarray) -> np.ndarray:
            return np.where(both, matched / np.maximum(counts, 1), 0.0)

        precision = shares(predicted).sum(axis=-1) / orders
        recall = shares(expected).sum(axis=-1) / orders
        weight = self.beta**2
        below = weight * precision + recall
        score = 100 * (1 + weight) * precision * recall / np.where(below > 0, below, 1)
        return np.where(below > 0, score, 0.0)


def percentage(parts: Parts) -> Scores:
    """Mean over examples of a score in [0, 1], in percent; 0 without examples.

    Args:
      parts: sum of the scores, number of examples.
    """
    return np.asarray(100 * parts[..., 0] / np.maximum(parts[..., 1], 1))


def corpus_score(
    metric: Metric, predictions: Sequence[str], references: Sequence[str]
) -> float:
    """Score of one corpus, in [0, 100]; 0 for an empty one.

    Raises:
      ValueError: there are not as many predictions as references.
    """
    pairs = list(zip(predictions, references, strict=True))
    parts = np.array([metric.parts(ours, theirs) for ours, theirs in pairs])
    return float(metric.combine(parts.sum(axis=0))) if pairs else 0.0


def metric_fn(
    metric: Metric,
) -> Callable[[Sequence[str], Sequence[str]], dict[str, float]]:
    """The metric in the form that a `seqio.Task` takes.

    seqio looks at the names of the arguments: `targets` are the references,
    `predictions` the generated texts.
    """

    def score(targets: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
        return {metric.name: corpus_score(metric, predictions, targets)}

    score.__name__ = metric.name
    return score
