"""Sums and differences of two to four numbers, in the words of reasoning-gym.

    State the final answer to the following arithmetic problem: 57 + 87 - 70 =

    57 + 87 = 144
    144 - 70 = 74
    The answer is 74.

Those that ship to evaluate on are made by reasoning-gym itself (`chain_sum`), those to
train on are made here; an expression belongs to one split, by a hash.
"""

import random
from typing import NamedTuple

from speccascade.tasks.splits import Split, split_by_hash

OPENING = "State the final answer to the following arithmetic problem: "
# Share of the expressions held out, in per cent: validation, then test.
HELD_OUT = (10, 30)


class Sum(NamedTuple):
    """A question, its worked answer, and the number."""

    text: str
    solution: str
    answer: str


def split_of(expression: str) -> Split:
    """Split of an expression, such as `57 + 87 - 70`, from its SHA-256."""
    return split_by_hash(expression, HELD_OUT)


def drawn(split: str, chance: random.Random) -> str:
    """An expression of a split, with numbers below 100."""
    while True:
        digits = chance.choice((1, 2))
        numbers = [
            chance.randint(0 if digits == 1 else 10, 10**digits - 1)
            for _ in range(chance.randint(2, 4))
        ]
        parts = [str(numbers[0])]
        for number in numbers[1:]:
            parts += [chance.choice("+-"), str(number)]
        expression = " ".join(parts)
        if split_of(expression) == split:
            return expression


def worked(expression: str) -> Sum:
    """The question with its answer, step by step from the left."""
    first, *rest = expression.split()
    total, lines = int(first), []
    for sign, number in zip(rest[::2], rest[1::2], strict=True):
        result = total + int(number) if sign == "+" else total - int(number)
        lines.append(f"{total} {sign} {number} = {result}")
        total = result
    solution = "\n".join([*lines, f"The answer is {total}."])
    return Sum(f"{OPENING}{expression} =", solution, str(total))
