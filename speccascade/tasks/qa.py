r"""Questions without a passage: WebQuestions, Natural Questions open, TriviaQA.

The paper asks all three one-shot, takes at most 5 tokens and reports F1 (section 5.2);
exact match stands beside it. The prompt as the model sees it, few-shot (the text of
lm-evaluation-harness for TriviaQA and WebQuestions; questions are left as they are,
with or without a question mark):

    Question: who wrote he ain't heavy he's my brother lyrics
    Answer: Bobby Scott

    Question: when was the last time anyone was on the moon
    Answer:

Fine-tuned, it is that of T5's closed-book tasks (Roberts et al., 2020), which each
class states. A model learns to write the first accepted answer.

An answer ends at its line's end, and is scored against the best accepted answer
(`qa_metrics` has the normalisation and how a reference holds several answers).

Choices, where the paper is silent: prompt text, the split (the one that closed-book
work tests on), the sample of 1,000 (`samples`), normalisation, and the worked example:
the first row of the training split, or where that is not at hand the last row of the
split that is asked, which then is not asked itself.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from speccascade.errors import UserError
from speccascade.tasks.benchmark import Benchmark, Row
from speccascade.tasks.metrics import Metric
from speccascade.tasks.qa_metrics import AnswerF1, AnswerMatch, reference_of


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClosedBook(Benchmark):
    """A question, and a list of accepted answers, the first of which is shown."""

    max_prompt_tokens: int = 256
    max_new_tokens: int = 5
    buckets: tuple[int, ...] = (64, 128, 256)
    shots: int = 1
    few_shot_buckets: tuple[int, ...] = (64, 128, 384)
    metrics: tuple[Metric, ...] = (AnswerF1(), AnswerMatch())
    SHOT_FORM: ClassVar[str] = "Question: {source}\nAnswer: {written}\n\n"

    def asked(self, question: str, answers: list[str]) -> tuple[str, str, str | None]:
        """What `read` returns.

        Raises:
          ValueError: there is no answer with text.
        """
        reference = reference_of(answers)
        if not reference:
            raise ValueError("there is no accepted answer")
        return " ".join(question.split()), reference, reference.split("\n")[0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class WebQuestions(ClosedBook):
    """Questions that people typed into a search engine, Berant et al. (2013).

    Data: 3,778 training and 2,032 test questions, CC BY 4.0. Local files are the JSON
    lists of github.com/brmson/dataset-factoid-webquestions (qId, qText, answers), which
    parts the training questions: `webquestions/trainmodel.json` (2,834) trains,
    `webquestions/val.json` (755) validates, `webquestions/test.json` tests; where that
    is not there, `webquestions/devtest.json` (189 training questions) does. TFDS
    `web_questions` (question, answers) has train and test; a tenth of train validates.

    Fine-tuned prompt: `wq question: {source}`.
    """

    name: str = "webquestions"
    prompt_form: str = "wq question: {source}"
    FILES: ClassVar[Mapping[str, str]] = {
        "train": "webquestions/trainmodel.json",
        "validation": "webquestions/val.json",
        "test": "webquestions/test.json",
    }
    TFDS: ClassVar[str] = "web_questions"
    TFDS_SPLITS: ClassVar[Mapping[str, str]] = {
        "train": "train[:90%]",
        "validation": "train[90%:]",
        "test": "test",
    }

    def local_file(self, split: str) -> Path | None:
        found = super().local_file(split)
        if found is None and split == "test" and self.data is not None:
            found = Path(self.data).expanduser() / "webquestions/devtest.json"
        return found if found is not None and found.exists() else None

    def local_rows(self, path: Path) -> Iterator[Row]:
        rows = read_json(path)
        if not isinstance(rows, list):
            raise UserError(f"{path} is no list of questions.")
        for number, fields in enumerate(rows, start=1):
            yield Row(f"{path}, question {number}", fields)

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str | None]:
        text = fields["qText"] if "qText" in fields else fields["question"]
        return self.asked(text, fields["answers"])


@dataclasses.dataclass(frozen=True, kw_only=True)
class NqOpen(ClosedBook):
    """Questions of Google's users with short answers, Lee et al. (2019).

    Data: 87,925 training and 3,610 development questions of Natural Questions
    (Kwiatkowski et al., 2019), CC BY-SA 3.0. The development questions are the test
    split of closed-book work, and ours. Local files are `nq_open/*train*.jsonl` and
    `nq_open/*dev*.jsonl` of github.com/google-research-datasets/natural-questions
    (NQ-open.train.jsonl, NQ-open.dev.jsonl: question, answer); TFDS
    `natural_questions_open` has the same, and a tenth of its train validates.

    Fine-tuned prompt: `nq question: {source}`.
    """

    name: str = "nq_open"
    prompt_form: str = "nq question: {source}"
    FILES: ClassVar[Mapping[str, str]] = {
        "train": "nq_open/*train*.jsonl",
        "test": "nq_open/*dev*.jsonl",
    }
    TFDS: ClassVar[str] = "natural_questions_open"
    TFDS_SPLITS: ClassVar[Mapping[str, str]] = {
        "train": "train[:90%]",
        "validation": "train[90%:]",
        "test": "validation",
    }

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str | None]:
        return self.asked(fields["question"], fields["answer"])


@dataclasses.dataclass(frozen=True, kw_only=True)
class TriviaQa(ClosedBook):
    """Trivia questions with all names of the answer, Joshi et al. (2017).

    Data: 87,622 training and 11,313 validation questions; the corpus states no licence.
    Closed-book work, T5's and GPT-3's, takes the unfiltered set and tests on its
    validation split: TFDS `trivia_qa/unfiltered.nocontext`. (lm-evaluation-harness
    takes `rc.nocontext`, whose 17,944 rows are the web and the Wikipedia part, in which
    questions recur.) A
    tenth of train validates. Accepted are `answer.value` and `answer.aliases`.

    Local files are `triviaqa/{train,test}*.jsonl` in FlashRAG's form (id, question,
    golden_answers), whose test split is that validation split.

    Normalisation is that of the official TriviaQA script. Fine-tuned prompt:
    `trivia_qa question: {source}`.
    """

    name: str = "triviaqa"
    prompt_form: str = "trivia_qa question: {source}"
    metrics: tuple[Metric, ...] = (
        AnswerF1(script="trivia_qa"),
        AnswerMatch(script="trivia_qa"),
    )
    FILES: ClassVar[Mapping[str, str]] = {
        "train": "triviaqa/train*.jsonl",
        "test": "triviaqa/test*.jsonl",
    }
    TFDS: ClassVar[str] = "trivia_qa/unfiltered.nocontext"
    TFDS_SPLITS: ClassVar[Mapping[str, str]] = {
        "train": "train[:90%]",
        "validation": "train[90%:]",
        "test": "validation",
    }

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str | None]:
        if "golden_answers" in fields:
            answers = fields["golden_answers"]
        else:
            answers = [fields["answer"]["value"], *fields["answer"]["aliases"]]
        return self.asked(fields["question"], answers)


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
      UserError: it cannot be read, or is no JSON; the message names file and line.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UserError(f"{path}, line {error.lineno} is no JSON ({error}).") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as text ({error}).") from error
