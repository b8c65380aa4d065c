"""A question and nothing else: for prompts that come from the command line."""

import dataclasses
from pathlib import Path

from speccascade.errors import UserError
from speccascade.tasks.base import Task, Text
from speccascade.tasks.metrics import Metric
from speccascade.tasks.qa_metrics import AnswerF1

# How a base model is asked without worked examples.
OPEN_FORM = "Question: {source}\nAnswer:"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question(Task):
    """Any question, in the form that a base model goes on with, or as it is."""

    name: str = "question"
    max_prompt_tokens: int = 128
    max_new_tokens: int = 64
    buckets: tuple[int, ...] = (32, 128)
    metrics: tuple[Metric, ...] = (AnswerF1(),)

    @property
    def source(self) -> str:
        return "question"

    def in_form(self, form: str) -> "Question":
        if form == "fine_tuned":
            return self
        if form == "chat":  # what was typed is the user's turn
            return dataclasses.replace(self, open_prompt=True, chat=True)
        return dataclasses.replace(
            self, prompt_form=OPEN_FORM, open_prompt=True, stop=("\n",)
        )

    def evaluation_file(self, split: str) -> Path:
        raise self._empty()

    def texts(self, split: str) -> list[Text]:
        raise self._empty()

    def _empty(self) -> UserError:
        return UserError(
            f"Task {self.name!r} holds no examples; it is for `speccascade trace`, "
            "with prompt='...' or one of its own examples."
        )
