r"""Questions about a passage: SQuAD 2.0 and XQuAD.

The prompt as the model sees it, few-shot (the text of lm-evaluation-harness for SQuAD
2.0, with one worked example):

    Title: Super_Bowl_50

    Background: The Panthers defense gave up just 308 points, […]

    Question: How many points did the Panthers defense surrender?

    Answer: 308

    Title: […]

    Answer:

Fine-tuned, it is T5's: `question: How many […]? context: The Panthers […]`. T5's code
also puts spaces around punctuation there, in passage and answer; we leave text as it
is, so that both forms are scored against the same references. Prompts beyond 512 tokens
are cut at their end as T5 does, so passages lose theirs.

An answer ends at its line's end and is scored against the best accepted answer
(`qa_metrics`). "unanswerable", in whatever spelling, becomes the empty answer, which is
right where a question has none. That word is what a worked example shows, and what
fine-tuned models learn, for questions without an answer. Nothing else in the prompt
says that a model may decline, as in the harness.

Choices, where the paper is silent: prompt text, the split, the sample (`samples`), and
`max_passage_words`: longer passages are shown without their end in few-shot form, so
that two of them fit into 1,024 tokens. Of XQuAD's 240 passages, a sample of SQuAD's,
it cuts 2. The worked example is the first row of the training split; without that, the
last row that there is, which then is not asked, though others on its passage are.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from speccascade.errors import UserError
from speccascade.tasks.base import Task
from speccascade.tasks.benchmark import Benchmark, Row
from speccascade.tasks.metrics import Metric
from speccascade.tasks.qa import read_json
from speccascade.tasks.qa_metrics import (
    AnswerF1,
    AnswerMatch,
    normalised,
    reference_of,
)

UNANSWERABLE = "unanswerable"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading(Benchmark):
    """Rows of SQuAD's form: a passage, a question, accepted spans or none.

    Attributes:
      max_passage_words: longer passages lose their end in few-shot prompts.
    """

    max_prompt_tokens: int = 512
    max_new_tokens: int = 5
    buckets: tuple[int, ...] = (256, 512)
    cuts_prompts: bool = True
    shots: int = 1
    few_shot_buckets: tuple[int, ...] = (384, 512, 1024)
    max_passage_words: int = 320
    metrics: tuple[Metric, ...] = (AnswerF1(), AnswerMatch())
    SHOT_FORM: ClassVar[str] = "{source}\n\nAnswer: {written}\n\n"

    def local_rows(self, path: Path) -> Iterator[Row]:
        """The questions of a file in SQuAD's JSON, in its order."""
        try:
            for article_number, article in enumerate(read_json(path)["data"], start=1):
                title = article.get("title", "")
                for number, paragraph in enumerate(article["paragraphs"], start=1):
                    where = f"{path}, article {article_number}, paragraph {number}"
                    shared = {"title": title, "context": paragraph["context"]}
                    for place, question in enumerate(paragraph["qas"], start=1):
                        yield Row(f"{where}, question {place}", question | shared)
        except (KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{path} has not the form of SQuAD ({type(error).__name__}: {error})."
            ) from error

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str | None]:
        given = fields["answers"]
        # TFDS turns the list of answers into lists of their fields.
        spans = given["text"] if isinstance(given, Mapping) else _texts(given)
        reference = reference_of(spans)
        if not (reference or self.declines(fields)):
            raise ValueError("there is no accepted answer")
        question, passage = fields["question"].strip(), fields["context"].strip()
        if self.open_prompt:
            passage = first_words(passage, self.max_passage_words)
            parts = (
                f"Title: {fields['title']}",
                f"Background: {passage}",
                f"Question: {question}",
            )
            source = "\n\n".join(parts)
        else:
            source = f"question: {question} context: {passage}"
        return source, reference, reference.split("\n")[0] or UNANSWERABLE

    def declines(self, fields: Mapping[str, Any]) -> bool:
        """Whether a question may have no answer."""
        return False

    def in_form(self, form: str) -> Task:
        if form != "few_shot":
            return super().in_form(form)
        # Open from the start: `read` gives worked examples in the same form.
        return super(Reading, dataclasses.replace(self, open_prompt=True)).in_form(form)

    def answer(self, text: str) -> str:
        found = super().answer(text)
        return "" if normalised(found, "squad") == UNANSWERABLE else found

    def recipe(self, split: str) -> dict[str, object]:
        return super().recipe(split) | {"max_passage_words": self.max_passage_words}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Squad2(Reading):
    """SQuAD 2.0: Wikipedia passages, half of the questions without an answer.

    Rajpurkar et al. (2018). Data: 130,319 training and 11,873 development questions,
    CC BY-SA 4.0; the official test split is not public, so the development questions
    are our test split, and there is no validation split. Local files are the official
    `squad/train-v2.0.json` and `squad/dev-v2.0.json`; TFDS: `squad/v2.0`. The paper's
    form: 1 shot, at most 5 tokens, F1, 1,000 questions (section 5.2).
    """

    name: str = "squad2"
    FILES: ClassVar[Mapping[str, str]] = {
        "train": "squad/train-v2.0.json",
        "test": "squad/dev-v2.0.json",
    }
    TFDS: ClassVar[str] = "squad/v2.0"
    TFDS_SPLITS: ClassVar[Mapping[str, str]] = {"train": "train", "test": "validation"}

    def declines(self, fields: Mapping[str, Any]) -> bool:
        return fields["is_impossible"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Xquad(Reading):
    """The English part of XQuAD: 240 passages of SQuAD 1.1, all questions answerable.

    Artetxe et al. (2020). Data: 1,190 questions, CC BY-SA 4.0, a test split alone: one
    question less is asked, since it is shown. Local file: `xquad/xquad.en.json` of
    github.com/google-deepmind/xquad; TFDS: `xquad/en`. The paper has no such task. Its
    limit is our choice: with Gemma's vocabulary 5 tokens, as for SQuAD, cut 24 % of the
    answers, and 16 cut 2 %.
    """

    name: str = "xquad"
    max_new_tokens: int = 16
    FILES: ClassVar[Mapping[str, str]] = {"test": "xquad/xquad.en.json"}
    TFDS: ClassVar[str] = "xquad/en"
    TFDS_SPLITS: ClassVar[Mapping[str, str]] = {"test": "test"}


def first_words(text: str, count: int) -> str:
    """The beginning of a text up to its `count`-th word, spaces as they are.

    >>> first_words("one two  three\\nfour", 3)
    'one two  three'
    """
    found = re.match(rf"\s*(?:\S+\s+){{0,{count - 1}}}\S+", text)
    return "" if found is None else found[0]


def _texts(answers: list[Mapping[str, Any]]) -> list[str]:
    return [answer["text"] for answer in answers]
