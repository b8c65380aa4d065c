"""Word problems: every equation holds, and whole compositions are held out."""

import itertools
import random
import re

import pytest

from speccascade.tasks.mini import word_problems
from speccascade.tasks.mini.word_problems import STEPS, Problem, compositions, problem


def many(split: str = "train", count: int = 300) -> list[Problem]:
    chance, chains = random.Random(7), compositions(split)
    return [problem(chance.choice(chains), chance) for _ in range(count)]


def test_a_worked_answer_has_an_equation_a_step():
    for one in many():
        steps = len(re.findall(r"[.!] ", one.text)) - 1
        assert one.solution.count("=") == steps


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_equation_holds_and_each_goes_on_where_the_last_one_ended(split):
    for one in many(split):
        *equations, said = one.solution.split("\n")
        number = int(re.search(r"has (\d+)", one.text)[1])
        for equation in equations:
            left, sign, right, result = re.fullmatch(
                r"(\d+) ([-+*/]) (\d+) = (\d+)", equation
            ).groups()
            assert int(left) == number
            assert eval(f"{left} {sign} {right}") == int(result)
            number = int(result)
        assert said == f"The answer is {number}."
        assert one.answer == str(number)
        assert 1 <= number <= word_problems.LARGEST


def test_every_number_of_the_worked_answer_is_told_or_follows():
    for one in many():
        told = set(re.findall(r"\d+", one.text))
        for equation in one.solution.split("\n")[:-1]:
            step = equation.split()[2]
            assert step in told or re.search("half|doubles|copy", one.text, re.I)


def test_the_splits_share_no_composition_and_leave_none_out():
    splits = [compositions(name) for name in ("train", "validation", "test")]
    everything = list(itertools.chain(*splits))
    assert len(everything) == len(set(everything)) == 6**2 + 6**3 + 6**4
    assert len(splits[0]) > 6 * len(splits[1]) > 0
    assert {kind for chain in splits[0] for kind in chain} == set(STEPS)


def test_equal_chances_make_equal_problems():
    assert many(count=20) == many(count=20)
