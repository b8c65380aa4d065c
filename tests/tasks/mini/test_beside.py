"""Sums and templates: worked steps hold, and splits share no expression."""

import random

import pytest

from speccascade.errors import UserError
from speccascade.tasks.mini import sums
from speccascade.tasks.mini.beside import GsmSymbolic, Sums


def test_the_worked_example():
    assert sums.worked("57 + 87 - 70") == sums.Sum(
        "State the final answer to the following arithmetic problem: 57 + 87 - 70 =",
        "57 + 87 = 144\n144 - 70 = 74\nThe answer is 74.",
        "74",
    )


@pytest.mark.parametrize("split", ["train", "test"])
def test_drawn_sums_belong_to_their_split_and_are_right(split):
    chance = random.Random(1)
    for _ in range(200):
        expression = sums.drawn(split, chance)
        assert sums.split_of(expression) == split
        assert sums.worked(expression).answer == str(eval(expression))


@pytest.mark.parametrize("split", ["validation", "test"])
def test_the_sums_that_ship_are_of_their_split(split):
    texts = Sums().texts(split)
    assert len({text.source for text in texts}) == len(texts) >= 300
    for text in texts:
        expression = text.source.removeprefix(sums.OPENING).removesuffix(" =")
        assert sums.split_of(expression) == split
        assert sums.worked(expression) == (text.source, text.solution, text.reference)


def test_templates_are_asked_and_never_trained_on():
    texts = GsmSymbolic().texts("test")
    assert len(texts) == 255
    assert all(text.reference.lstrip("-").isdigit() for text in texts)
    with pytest.raises(UserError, match="Nothing trains on gsm_symbolic"):
        list(GsmSymbolic().made("train", random.Random(0)))


def test_templates_have_a_test_split_only():
    with pytest.raises(UserError, match="a test split only, no validation"):
        GsmSymbolic().texts("validation")
