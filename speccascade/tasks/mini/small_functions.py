"""Small functions from their descriptions, with tests: chains of known parts.

    Write a function `pick(values)`: keep the even numbers, square each number, return
    the sum.

    def pick(values):
        values = [x for x in values if x % 2 == 0]
        values = [x * x for x in values]
        return sum(values)

The *composition* of a function is the sequence of its parts' names. Training has
chains of one to three steps. Held out are whole chains, by a hash, and all longer ones:
a third of what is asked has at most three steps, in an order that was not trained on,
and two thirds have four or five, more than any function in training. (On the former
alone a small model makes no mistakes.) The tests call the function on lists whose
results are computed by the solution itself.
"""

import functools
import itertools
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from speccascade.tasks.splits import Split, split_by_hash

# Share of the compositions held out, in per cent: validation, then test.
HELD_OUT = (10, 30)
# Most steps of a chain in training, and steps of longer chains, which never train.
LONGEST, LONGER, LONGER_HELD_OUT = 3, (4, 5), (40, 100)


class Part(NamedTuple):
    """One step: how it is described, and its expression of `xs` and k."""

    texts: tuple[str, ...]
    code: str
    ks: tuple[int, ...] = ()


def _only(condition: str) -> str:
    return f"[x for x in {{xs}} if {condition}]"


def _each(value: str) -> str:
    return f"[{value} for x in {{xs}}]"


STEPS = {
    "even": Part(
        ("keep the even numbers", "drop the odd numbers", "only even numbers stay"),
        _only("x % 2 == 0"),
    ),
    "odd": Part(
        ("keep the odd numbers", "drop the even numbers", "only odd numbers stay"),
        _only("x % 2 == 1"),
    ),
    "positive": Part(
        ("keep the positive numbers", "drop all numbers up to zero"), _only("x > 0")
    ),
    "negative": Part(
        ("keep the negative numbers", "only numbers below zero stay"), _only("x < 0")
    ),
    "above": Part(
        ("keep numbers greater than {k}", "only numbers above {k} stay"),
        _only("x > {k}"),
        (2, 3, 4, 5, 6, 7, 8),
    ),
    "below": Part(
        ("keep numbers less than {k}", "drop numbers of {k} or more"),
        _only("x < {k}"),
        (2, 3, 4, 5, 6, 7, 8),
    ),
    "multiple": Part(
        ("keep the multiples of {k}", "only numbers divisible by {k} stay"),
        _only("x % {k} == 0"),
        (3, 4, 5),
    ),
    "not": Part(
        ("remove every {k}", "drop the numbers equal to {k}"),
        _only("x != {k}"),
        (0, 1, 2, 3, 4, 5),
    ),
    "add": Part(
        ("add {k} to each number", "increase every number by {k}"),
        _each("x + {k}"),
        (1, 2, 3, 4, 5, 6, 7, 8, 9),
    ),
    "subtract": Part(
        ("subtract {k} from each number", "decrease every number by {k}"),
        _each("x - {k}"),
        (1, 2, 3, 4, 5, 6, 7, 8, 9),
    ),
    "times": Part(
        ("multiply each number by {k}", "make every number {k} times as large"),
        _each("x * {k}"),
        (3, 4, 5, 6, 7, 8, 9),
    ),
    "double": Part(
        ("double each number", "make every number twice as large"), _each("x * 2")
    ),
    "square": Part(
        ("square each number", "multiply every number by itself"), _each("x * x")
    ),
    "negate": Part(
        ("negate each number", "flip the sign of every number"), _each("-x")
    ),
    "absolute": Part(
        ("take absolute values", "drop the sign of every number"), _each("abs(x)")
    ),
    "remainder": Part(
        ("take each number modulo {k}", "take the remainder of every number by {k}"),
        _each("x % {k}"),
        (2, 3, 4, 5, 6, 7),
    ),
    "sort": Part(("sort the numbers", "put them in ascending order"), "sorted({xs})"),
    "descend": Part(
        ("sort from large to small", "put them in descending order"),
        "sorted({xs}, reverse=True)",
    ),
    "reverse": Part(("reverse the list", "turn the order around"), "{xs}[::-1]"),
    "unique": Part(
        ("remove duplicates", "keep the first of equal numbers"),
        "list(dict.fromkeys({xs}))",
    ),
    "head": Part(
        ("take the first {k}", "keep only the first {k} numbers"),
        "{xs}[:{k}]",
        (2, 3, 4),
    ),
    "tail": Part(
        ("take the last {k}", "keep only the last {k} numbers"),
        "{xs}[-{k}:]",
        (2, 3, 4),
    ),
    "skip": Part(
        ("skip the first {k}", "drop the first {k} numbers"), "{xs}[{k}:]", (1, 2, 3)
    ),
    "stride": Part(
        ("take every second number", "skip every other number"), "{xs}[::2]"
    ),
}
ENDS = {
    "list": Part(("return the list", "return the result"), "{xs}"),
    "sum": Part(("return the sum", "add them up"), "sum({xs})"),
    "count": Part(("return how many there are", "count them"), "len({xs})"),
    "largest": Part(
        ("return the largest or 0", "return the maximum, 0 if empty"),
        "max({xs}, default=0)",
    ),
    "smallest": Part(
        ("return the smallest or 0", "return the minimum, 0 if empty"),
        "min({xs}, default=0)",
    ),
    "range": Part(
        ("return the largest minus the smallest", "return the spread"),
        "max({xs}, default=0) - min({xs}, default=0)",
    ),
    "distinct": Part(
        ("return the number of distinct values", "count the different ones"),
        "len(set({xs}))",
    ),
    "squares": Part(
        ("return the sum of squares", "add up their squares"),
        "sum(x * x for x in {xs})",
    ),
}
FUNCTIONS = (
    "pick", "work", "total", "solve", "change", "process", "run", "compute", "select",
    "make", "find", "apply",
)  # fmt: skip
ARGUMENTS = ("xs", "values", "numbers", "items", "data", "ys")
OPENINGS = (
    "Write a function `{name}({xs})`: ",
    "Define `{name}({xs})` for a list of numbers: ",
    "Python function `{name}({xs})`: ",
)


class Function(NamedTuple):
    """A description, a program that does it, and the tests."""

    text: str
    solution: str
    tests: str


@functools.cache
def compositions(split: str) -> list[tuple[str, ...]]:
    """The chains of one to three steps and an end that belong to a split."""
    every = itertools.chain.from_iterable(
        itertools.product(*[STEPS] * length, ENDS) for length in range(1, LONGEST + 1)
    )
    return [one for one in every if split_of(one) == split]


def held_out(split: str, chance: random.Random) -> tuple[str, ...]:
    """A chain of the validation or test split: of at most three, four or five steps."""
    steps = chance.choice((LONGEST, *LONGER))
    if steps == LONGEST:
        return chance.choice(compositions(split))
    while True:
        chain = (*chance.choices(tuple(STEPS), k=steps), chance.choice(tuple(ENDS)))
        if split_of(chain) == split:
            return chain


def split_of(composition: Sequence[str]) -> Split:
    """Split of a chain, from the SHA-256 of its names.

    Single steps only train; chains of more than three steps never do.
    """
    if len(composition) == 2:
        return "train"
    held_out = LONGER_HELD_OUT if len(composition) > LONGEST + 1 else HELD_OUT
    return split_by_hash(",".join(composition), held_out)


def function(composition: Sequence[str], chance: random.Random) -> Function | None:
    """A function with these parts, in drawn words, with four tests.

    None where four draws of lists give but one result: such tests tell nothing.
    """
    *steps, end = composition
    name, xs = chance.choice(FUNCTIONS), chance.choice(ARGUMENTS)
    told, lines = [], []
    for part in [*(STEPS[step] for step in steps), ENDS[end]]:
        k = chance.choice(part.ks) if part.ks else 0
        told.append(chance.choice(part.texts).format(k=k))
        lines.append(part.code.format(xs=xs, k=k))
    body = [f"    {xs} = {line}" for line in lines[:-1]]
    solution = "\n".join([f"def {name}({xs}):", *body, f"    return {lines[-1]}"])
    opening = chance.choice(OPENINGS).format(name=name, xs=xs)
    tests = _tests(solution, name, chance)
    if tests is None:
        return None
    return Function(f"{opening}{', '.join(told)}.", solution, tests)


def _tests(solution: str, name: str, chance: random.Random) -> str | None:
    """Four assertions on random lists; the program that is run here is our own."""
    scope: dict[str, Any] = {}
    exec(solution, scope)
    lines, results = [], []
    for _ in range(4):
        given = [chance.randint(-9, 20) for _ in range(chance.randint(5, 9))]
        results.append(scope[name](list(given)))
        lines.append(f"assert {name}({given}) == {results[-1]}")
    return "\n".join(lines) if len(set(map(str, results))) > 1 else None
