"""Scores of short answers against lists of accepted ones: F1 of words, exact match.

**References with several answers.** A reference is one string: the accepted answers,
one a line, the best known first; the empty string says that the question has no answer.
`reference_of` writes that form and `answers_of` reads it; nothing else need know it.

Both metrics follow the official scripts. An answer is normalised (small letters, no
punctuation, no articles, single spaces), and the best of the accepted answers counts.

- `squad`: evaluate-v2.0.py of SQuAD, which removes ASCII punctuation. Exact match so
  normalised is also the standard of Natural Questions open and WebQuestions (DPR, and
  T5's closed-book tasks). v2.0 differs from v1.1 where nothing is left of an answer:
  accepted answers of which nothing is left are dropped, a question without accepted
  answers expects the empty one, and two empty ones agree, with F1 = 1.
- `trivia_qa`: triviaqa_evaluation.py, which puts spaces in the place of punctuation and
  counts ‘ ’ ´ ` as such. We keep the v2.0 rules for empty answers here too: aliases
  such as "?" would otherwise be won by silence, which that script grants.

Both run from 0 to 100, higher is better. The score of a corpus is the mean over its
examples, so a record's parts are the example's score and 1.
"""

import collections
import dataclasses
import re
import string
from collections.abc import Iterable

from speccascade.errors import UserError
from speccascade.tasks.metrics import Parts, Scores, percentage

_ARTICLES = re.compile(r"\b(a|an|the)\b")
# What takes the place of each mark of punctuation.
_PUNCTUATION = {
    "squad": str.maketrans(dict.fromkeys(string.punctuation, "")),
    "trivia_qa": str.maketrans(dict.fromkeys(string.punctuation + "‘’´`", " ")),
}


def reference_of(answers: Iterable[str]) -> str:
    """Accepted answers as one reference, one a line, without repetitions.

    White space within an answer, line breaks too, becomes one space; that changes no
    score. Answers without text are left out.

    >>> reference_of(["New York", "NYC", "New  York", " "])
    'New York\\nNYC'
    """
    cleaned = (" ".join(answer.split()) for answer in answers)
    return "\n".join(dict.fromkeys(filter(None, cleaned)))


def answers_of(reference: str) -> list[str]:
    """The accepted answers of a reference; none where the question has no answer."""
    return reference.split("\n") if reference else []


def normalised(answer: str, script: str) -> str:
    """An answer as an official script compares it.

    >>> normalised("The  U.S. Army!", "squad")
    'us army'
    >>> normalised("The  U.S. Army!", "trivia_qa")
    'u s army'
    """
    bare = answer.lower().translate(_PUNCTUATION[script])
    return " ".join(_ARTICLES.sub(" ", bare).split())


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Answers:
    """What both scores share.

    Attributes:
      script: whose normalisation, `squad` or `trivia_qa`.
    """

    script: str = "squad"

    def __post_init__(self) -> None:
        if self.script not in _PUNCTUATION:
            raise UserError(
                f"Answers are normalised as {' or '.join(_PUNCTUATION)} does, not as "
                f"{self.script!r}."
            )

    def combine(self, parts: Parts) -> Scores:
        return percentage(parts)

    def _words(self, prediction: str, reference: str) -> tuple[str, list[str]]:
        """Normalised: what was answered, and what is accepted."""
        answers = [normalised(one, self.script) for one in answers_of(reference)]
        return normalised(prediction, self.script), list(filter(None, answers)) or [""]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnswerF1(_Answers):
    """F1 of the words of an answer against the nearest accepted one.

    Words count as often as they occur, in any order; Rajpurkar et al. (2016, 2018).
    """

    @property
    def name(self) -> str:
        return "f1"

    @property
    def signature(self) -> str:
        return f"f1|norm:{self.script}|answers:best|empty:squad_v2|version:1"

    def parts(self, prediction: str, reference: str) -> list[float]:
        given, accepted = self._words(prediction, reference)
        return [max(_f1(given.split(), one.split()) for one in accepted), 1.0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnswerMatch(_Answers):
    """Share of answers that equal an accepted one after normalisation."""

    @property
    def name(self) -> str:
        return "em"

    @property
    def signature(self) -> str:
        return f"em|norm:{self.script}|answers:best|empty:squad_v2|version:1"

    def parts(self, prediction: str, reference: str) -> list[float]:
        given, accepted = self._words(prediction, reference)
        return [float(given in accepted), 1.0]


def _f1(given: list[str], expected: list[str]) -> float:
    if not given or not expected:
        return float(given == expected)
    common = collections.Counter(given) & collections.Counter(expected)
    # 2PR / (P + R) with P = common / given and R = common / expected.
    return 2 * common.total() / (len(given) + len(expected))
