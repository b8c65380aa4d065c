"""Problems that reasoning-gym makes, as rows that ship (0.1.25, Apache-2.0)."""

import importlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from speccascade.errors import UserError
from speccascade.tasks.mini import sums

SEED = 1
OF_EACH = 3


def _reasoning_gym() -> Any:
    try:
        # Not declared: 300 MB that only whoever makes these rows anew needs.
        return importlib.import_module("reasoning_gym")
    except ImportError as error:
        raise UserError(
            "These rows are made by reasoning-gym: pip install reasoning-gym==0.1.25."
        ) from error


def sum_rows(split: str, count: int) -> Iterator[tuple[str, str, str]]:
    """Source, reference and solution of sums of a split, no question twice."""
    made = _reasoning_gym().create_dataset(
        "chain_sum",
        size=100 * count,
        seed=SEED,
        max_terms=4,
        min_terms=2,
        min_digits=1,
        max_digits=2,
    )
    seen: set[str] = set()
    for row in made:
        expression = row["metadata"]["expression"]
        if sums.split_of(expression) != split or expression in seen:
            continue
        seen.add(expression)
        found = sums.worked(expression)
        if found.text != row["question"] or found.answer != row["answer"]:
            raise UserError(f"reasoning-gym asks {row['question']!r} in another form.")
        yield found.text, found.answer, found.solution
        if len(seen) == count:
            return


def symbolic_rows() -> Iterator[tuple[str, str]]:
    """Source and reference of three problems from each template."""
    made = _reasoning_gym().create_dataset("gsm_symbolic", size=4000, seed=SEED)
    taken: Counter[int] = Counter()
    for number, template in enumerate(made.task_indices):
        if taken[template] < OF_EACH:
            taken[template] += 1
            row = made[number]
            yield row["question"], row["answer"]
