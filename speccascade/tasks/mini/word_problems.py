"""Word problems of two to four steps, made to order, with worked answers.

A problem is a story of one number. Each step changes it, and the worked answer writes
one equation a step:

    Mia has 12 marbles. She finds 6 more marbles. She makes 3 equal heaps and keeps one
    heap. How many marbles does Mia have in the end?

    12 + 6 = 18
    18 / 3 = 6
    The answer is 6.

The *composition* of a problem is the sequence of its kinds of step, such as
`gain, share`. Whole compositions are held out, by a hash of their names: what is asked
in the test was never seen in training in that order, only its steps were. Numbers stay
between 1 and `LARGEST`.
"""

import itertools
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from speccascade.tasks.splits import Split, split_by_hash

LARGEST = 300
# Share of the compositions held out, in per cent: validation, then test.
HELD_OUT = (10, 30)

NAMES = {
    "he": ("Tom", "Ben", "Omar", "Luca", "Jonas", "Ravi", "Paul", "Ivan", "Sam", "Leo"),
    "she": (
        "Mia",
        "Anna",
        "Lena",
        "Zoe",
        "Nora",
        "Aisha",
        "Emma",
        "Ida",
        "Ruth",
        "Eva",
    ),
}
ITEMS = (
    "apples", "marbles", "stickers", "books", "coins", "pencils", "cards", "shells",
    "stamps", "cookies", "buttons", "tickets", "stones", "flowers", "eggs", "toys",
)  # fmt: skip
PLACES = ("boxes", "bags", "jars", "baskets", "drawers")


class Step(NamedTuple):
    """One kind of step.

    Attributes:
      texts: ways to tell it, with `{who}` (he, she), `{whom}`, `{n}`, `{items}` and
        `{place}`.
      sign: of the equation.
      apply: the new number from the old one and n.
      choices: the n that fit a number.
    """

    texts: tuple[str, ...]
    sign: str
    apply: Callable[[int, int], int]
    choices: Callable[[int], Sequence[int]]


def _divisors(number: int) -> list[int]:
    return [n for n in range(2, 10) if number % n == 0 and number > n]


STEPS = {
    "gain": Step(
        (
            "{Who} finds {n} more {items}.",
            "{Who} buys {n} more.",
            "A friend gives {whom} {n} {items}.",
            "Then {who} gets another {n} {items}.",
        ),
        "+",
        lambda x, n: x + n,
        lambda x: range(2, min(40, LARGEST - x) + 1),
    ),
    "lose": Step(
        (
            "{Who} gives away {n} {items}.",
            "{Who} loses {n} of them.",
            "Then {who} sells {n} {items}.",
            "{n} of the {items} break.",
        ),
        "-",
        lambda x, n: x - n,
        lambda x: range(2, min(40, x - 1) + 1),
    ),
    "times": Step(
        (
            "Then the number of {items} grows to {n} times as many.",
            "{Who} trades each of them for {n} {items}.",
        ),
        "*",
        lambda x, n: x * n,
        lambda x: range(2, min(6, LARGEST // x) + 1),
    ),
    "share": Step(
        (
            "{Who} puts them equally into {n} {place} and keeps one of these.",
            "{Who} shares them equally among {n} people and is one of them.",
            "{Who} makes {n} equal heaps and keeps one heap.",
        ),
        "/",
        lambda x, n: x // n,
        _divisors,
    ),
    "twin": Step(
        (
            "{Who} doubles the number of {items}.",
            "{Who} makes a copy of each of them.",
        ),
        "*",
        lambda x, n: x * n,
        lambda x: [2] if 2 * x <= LARGEST else [],
    ),
    "half": Step(
        (
            "{Who} gives away half of the {items}.",
            "Half of them get lost.",
        ),
        "/",
        lambda x, n: x // n,
        lambda x: [2] if x % 2 == 0 else [],
    ),
}
QUESTIONS = (
    "How many {items} does {who} have now?",
    "How many {items} are left with {who}?",
    "How many {items} does {name} have in the end?",
)


class Problem(NamedTuple):
    """A story, its worked answer, and the number."""

    text: str
    solution: str
    answer: str


def compositions(split: str) -> list[tuple[str, ...]]:
    """The sequences of two to four kinds of step that belong to a split."""
    every = itertools.chain.from_iterable(
        itertools.product(STEPS, repeat=length) for length in (2, 3, 4)
    )
    return [one for one in every if split_of(one) == split]


def split_of(composition: Sequence[str]) -> Split:
    """Split of a composition, from the SHA-256 of its names."""
    return split_by_hash(",".join(composition), HELD_OUT)


def problem(composition: Sequence[str], chance: random.Random) -> Problem:
    """A problem with these steps; numbers and words are drawn until they fit."""
    while True:
        number = first = chance.randint(3, 60)
        drawn: list[int] = []
        for kind in composition:
            choices = STEPS[kind].choices(number)
            if not choices:
                break
            drawn.append(chance.choice(choices))
            number = STEPS[kind].apply(number, drawn[-1])
        else:
            return _told(first, composition, drawn, chance)


def _told(
    first: int, composition: Sequence[str], drawn: Sequence[int], chance: random.Random
) -> Problem:
    who = chance.choice(("he", "she"))
    words = {
        "name": chance.choice(NAMES[who]),
        "items": chance.choice(ITEMS),
        "place": chance.choice(PLACES),
        "who": who,
        "Who": who.title(),
        "whom": {"he": "him", "she": "her"}[who],
    }
    sentences = [f"{words['name']} has {first} {words['items']}."]
    equations, number = [], first
    for kind, n in zip(composition, drawn, strict=True):
        step = STEPS[kind]
        sentences.append(chance.choice(step.texts).format(n=n, **words))
        result = step.apply(number, n)
        equations.append(f"{number} {step.sign} {n} = {result}")
        number = result
    question = chance.choice(QUESTIONS).format(**words)
    solution = "\n".join([*equations, f"The answer is {number}."])
    return Problem(" ".join([*sentences, question]), solution, str(number))
