"""What is reported beside the mini suite's math: sums, and grade-school templates.

Both are made by reasoning-gym 0.1.25 (Apache-2.0) and ship as rows. `gsm_symbolic` has
problems from 85 templates that were written after test items of GSM8K: nothing is
trained on them, and a model that were may not be reported on GSM8K's test.
"""

import dataclasses
import random
from collections.abc import Iterator

from speccascade.errors import UserError
from speccascade.tasks.mini import sums
from speccascade.tasks.mini.suite import MADE, WordProblems


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sums(WordProblems):
    """Sums and differences of two to four numbers: see `sums`."""

    name: str = "sums"

    def made(self, split: str, chance: random.Random) -> Iterator[tuple[str, str, str]]:
        for _ in range(MADE):
            found = sums.worked(sums.drawn(split, chance))
            yield found.text, found.answer, found.solution


@dataclasses.dataclass(frozen=True, kw_only=True)
class GsmSymbolic(WordProblems):
    """Grade-school problems from templates, three of each; to evaluate on alone."""

    name: str = "gsm_symbolic"
    max_prompt_tokens: int = 256
    buckets: tuple[int, ...] = (128, 256)
    cuts_prompts: bool = True

    def check_split(self, split: str) -> None:
        """Accepts the test split, the only one that there is."""
        if split != "test":
            raise UserError(f"Task {self.name!r} has a test split only, no {split}.")

    def made(self, split: str, chance: random.Random) -> Iterator[tuple[str, str, str]]:
        raise UserError(
            "Nothing trains on gsm_symbolic: its templates come from GSM8K's test."
        )
