"""The four tasks of the mini suite, and what models of all of them train on.

Evaluation data ship, as `data/NAME.SPLIT.jsonl`; training data are made (math, coding)
or read from a corpus that must be rebuilt first (summarization, question answering).
"""

import abc
import dataclasses
import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path

from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.errors import UserError
from speccascade.tasks.base import Task, Text
from speccascade.tasks.coding import CodeTask
from speccascade.tasks.math_metrics import NumberMatch
from speccascade.tasks.metrics import Metric
from speccascade.tasks.mini import small_functions, wiki, word_problems
from speccascade.tasks.qa_metrics import AnswerF1, AnswerMatch
from speccascade.tasks.rouge import Rouge
from speccascade.tasks.shipped import shipped_file, shipped_rows

BASELINE_WORDS = 6
WIKI_PASSES = 3  # of the tasks that have few texts, in the mixture
MADE = 60_000  # training examples of the tasks that are made to order


@dataclasses.dataclass(frozen=True, kw_only=True)
class MiniTask(Task):
    """A task whose evaluation data ship as JSON lines."""

    @property
    def source(self) -> str:
        return f"{self.name}/1"

    def evaluation_file(self, split: str) -> Path:
        self.check_split(split)
        return shipped_file(self.name, split)

    def texts(self, split: str) -> list[Text]:
        if split == "train":
            rows = self.made("train", random.Random(f"{self.name} train"))
            return [Text(number, *row) for number, row in enumerate(rows)]
        rows = shipped_rows(self.evaluation_file(split))
        return [
            Text(row["id"], row["source"], row["reference"], row.get("solution"))
            for row in rows
        ]

    @abc.abstractmethod
    def trivial(self, source: str) -> str:
        """What an answer without a model would be; a baseline."""

    @abc.abstractmethod
    def made(
        self, split: str, chance: random.Random
    ) -> Iterator[tuple[str, str] | tuple[str, str, str]]:
        """Source, reference and perhaps solution of the examples of a split."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WikiDesc(MiniTask):
    """Summarization: the lead of a Wikipedia article into its one-line description.

    summarize: The Taj Mahal is an ivory-white marble mausoleum on the right bank …
    → Marble mausoleum in Agra, India
    """

    name: str = "wiki_desc"
    prompt_form: str = "summarize: {source}"
    max_prompt_tokens: int = 160
    max_new_tokens: int = 48
    buckets: tuple[int, ...] = (112, 160)
    cuts_prompts: bool = True
    metrics: tuple[Metric, ...] = (
        Rouge(kind="rougeL"),
        Rouge(kind="rouge2"),
    )

    def trivial(self, source: str) -> str:
        """The first words of the lead."""
        return " ".join(source.split()[:BASELINE_WORDS])

    def made(self, split: str, chance: random.Random) -> Iterator[tuple[str, str]]:
        for lead in wiki.articles():
            if lead.split == split:
                yield lead.opening, lead.summary


@dataclasses.dataclass(frozen=True, kw_only=True)
class WikiQa(MiniTask):
    """Question answering: a question and the passage that its answer stands in.

    question: When was Taj Mahal commissioned? context: Taj Mahal. The Taj Mahal is …
    → 1631
    """

    name: str = "wiki_qa"
    prompt_form: str = "question: {source}"
    max_prompt_tokens: int = 176
    max_new_tokens: int = 40
    buckets: tuple[int, ...] = (128, 176)
    cuts_prompts: bool = True
    metrics: tuple[Metric, ...] = (AnswerF1(), AnswerMatch())

    def trivial(self, source: str) -> str:
        """The first words of the passage after its title."""
        _, _, text = source.partition(" context: ")[2].partition(". ")
        return " ".join(text.split()[:BASELINE_WORDS])

    def made(self, split: str, chance: random.Random) -> Iterator[tuple[str, str]]:
        for lead in wiki.articles():
            if lead.split == split:
                for passage, question, answer, _ in wiki.asked(lead, chance):
                    yield f"{question} context: {passage}", answer


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordProblems(MiniTask):
    """Grade-school math: see `word_problems`."""

    name: str = "word_problems"
    prompt_form: str = "math: {source}"
    max_prompt_tokens: int = 128
    max_new_tokens: int = 80
    buckets: tuple[int, ...] = (64, 128)
    metrics: tuple[Metric, ...] = (NumberMatch(), NumberMatch(reading="flexible"))

    def trivial(self, source: str) -> str:
        """The last number that is told."""
        *_, last = re.findall(r"\d+", source)
        return f"The answer is {last}."

    def made(self, split: str, chance: random.Random) -> Iterator[tuple[str, str, str]]:
        chains = word_problems.compositions(split)
        for _ in range(MADE):
            found = word_problems.problem(chance.choice(chains), chance)
            yield found.text, found.answer, found.solution


@dataclasses.dataclass(frozen=True, kw_only=True)
class SmallFunctions(CodeTask, MiniTask):
    """Coding: see `small_functions`."""

    name: str = "small_functions"
    prompt_form: str = "code: {source}"
    max_prompt_tokens: int = 96
    max_new_tokens: int = 192
    buckets: tuple[int, ...] = (64, 96)

    def trivial(self, source: str) -> str:
        """The function that returns what it is given."""
        name, xs = re.findall(r"`(\w+)\((\w+)\)`", source)[0]
        return f"def {name}({xs}):\n    return {xs}"

    def made(self, split: str, chance: random.Random) -> Iterator[tuple[str, str, str]]:
        trained = small_functions.compositions("train")
        drawn = (
            small_functions.function(
                chance.choice(trained)
                if split == "train"
                else small_functions.held_out(split, chance),
                chance,
            )
            for _ in itertools.count()
        )
        for found in itertools.islice(filter(None, drawn), MADE):
            yield found.text, found.tests, found.solution


@dataclasses.dataclass(frozen=True, kw_only=True)
class MiniSuite(Task):
    """All four at once, to train multi-task models on; it has no examples to evaluate.

    Beside the tasks' own training texts: Debian's package descriptions with their
    synopses, and questions for the words that follow some words of a passage, which
    teach a small model to find and to copy.
    """

    name: str = "mini_suite"
    max_prompt_tokens: int = 176
    buckets: tuple[int, ...] = (128, 176)
    metrics: tuple[Metric, ...] = ()

    @property
    def source(self) -> str:
        return "mini_suite/1"

    def evaluation_file(self, split: str) -> Path:
        raise UserError(f"{self.name} is a mixture to train on: evaluate its tasks.")

    def texts(self, split: str) -> list[Text]:
        raise UserError(f"{self.name} is a mixture to train on: evaluate its tasks.")

    def training_pairs(
        self, vocabulary: Vocabulary, split: str = "train"
    ) -> list[tuple[list[int], list[int]]]:
        pairs = []
        for task in (WikiDesc(), WikiQa(), WordProblems(), SmallFunctions()):
            found = task.training_pairs(vocabulary, split)
            wiki_task = isinstance(task, (WikiDesc, WikiQa))
            pairs += found * (WIKI_PASSES if split == "train" and wiki_task else 1)
        if split == "train":
            pairs += [
                (vocabulary.encode(prompt), vocabulary.encode(answer))
                for prompt, answer in self._others(random.Random("others"))
            ]
        return pairs

    def _others(self, chance: random.Random) -> Iterator[tuple[str, str]]:
        packages = wiki.packages()
        for number, lead in enumerate([*packages, *wiki.articles()]):
            if lead.split != "train" or len(lead.text.split()) < 10:
                continue
            if number < len(packages):
                yield f"synopsis: {lead.opening}", lead.summary
            question, answer = wiki.following(lead.opening, chance)
            yield f"question: {question} context: {lead.opening}", answer
