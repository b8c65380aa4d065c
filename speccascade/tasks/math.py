r"""GSM8K: grade-school word problems with worked answers, Cobbe et al. (2021).

Data: 7,473 training and 1,319 test problems, MIT; `gsm8k/train.jsonl` and
`gsm8k/test*.jsonl` of github.com/openai/grade-school-math (fields question, answer), or
TFDS `gsm8k`, which has the same fields. There is no validation split.

Few-shot, the paper's form (section 5.2: 8 shots, 320 tokens, 1,000 problems), as the
model sees it; the worked examples are the eight of Wei et al. (2022), which come with
the project and are no GSM8K problems:

    Q: There are 15 trees in the grove. […] How many trees did […] plant today?
    A: There are 15 trees originally. […] 21 - 15 = 6. The answer is 6.

    […]

    Q: Janet's ducks lay 16 eggs per day. […]
    A:

An answer ends before "\n\n" or "Q:", and is scored by the number that it states.

Fine-tuned, the form for encoder-decoders: the question alone is the prompt, and what a
model learns to write is the worked answer without the calculator's annotations:

    She sells 16 - 3 - 4 = 9 eggs a day.
    She makes 9 * 2 = $18 every day.
    #### 18

Choices, where the paper is silent: prompt text and worked examples (the field's
standard), the sample (`samples`), and strict extraction as the headline
(`math_metrics` says why); flexible extraction stands beside it.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from speccascade.checkpoints.paths import PACKAGE_PREFIX, resolve
from speccascade.errors import UserError
from speccascade.tasks.base import Text
from speccascade.tasks.benchmark import Benchmark
from speccascade.tasks.math_metrics import NumberMatch, last_number, stated_number
from speccascade.tasks.metrics import Metric

# "<<16-3=13>>": what a calculator was asked, for models that have one.
_ANNOTATION = re.compile(r"<<[^<>]*>>")
EXEMPLARS = "gsm8k_exemplars.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gsm8k(Benchmark):
    """Word problems; the reference is a number, the solution how it comes about.

    Of the first 200 test problems the longest few-shot prompt has 840 tokens with
    Gemma's vocabulary and 1,177 with that of the pairs that ship.
    """

    name: str = "gsm8k"
    max_prompt_tokens: int = 512
    max_new_tokens: int = 320
    buckets: tuple[int, ...] = (128, 256, 512)
    shots: int = 8
    few_shot_buckets: tuple[int, ...] = (832, 1024, 1280)
    metrics: tuple[Metric, ...] = (NumberMatch(), NumberMatch(reading="flexible"))
    FILES: ClassVar[Mapping[str, str]] = {
        "train": "gsm8k/train.jsonl",
        "test": "gsm8k/test*.jsonl",
    }
    TFDS: ClassVar[str] = "gsm8k"
    TFDS_SPLITS: ClassVar[Mapping[str, str]] = {"train": "train", "test": "test"}
    SHOT_FORM: ClassVar[str] = "Q: {source}\nA: {written}\n\n"
    SHOT_STOP: ClassVar[tuple[str, ...]] = ("\n\n", "Q:")

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str | None]:
        solution = _ANNOTATION.sub("", fields["answer"])
        steps, mark, number = solution.rpartition("#### ")
        if not mark or stated_number(mark + number) is None:
            raise ValueError("the answer does not end in '#### ' and a number")
        return fields["question"].strip(), number.strip(), f"{steps}{mark}{number}"

    def _shots(self) -> tuple[str, list[Text]]:
        examples = exemplars()
        if self.shots > len(examples):
            raise UserError(
                f"Task {self.name!r} has {len(examples)} worked examples, fewer than "
                f"shots = {self.shots}."
            )
        return "", examples[: self.shots]


def exemplars() -> list[Text]:
    """The eight worked examples of Wei et al. (2022), in their order."""
    path = resolve(PACKAGE_PREFIX + EXEMPLARS)
    rows = json.loads(path.read_text(encoding="utf-8"))["examples"]
    return [
        Text(
            number,
            row["question"],
            str(last_number(row["solution"])),
            row["solution"],
        )
        for number, row in enumerate(rows)
    ]
