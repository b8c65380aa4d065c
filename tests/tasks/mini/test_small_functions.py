"""Small functions: solutions pass their tests, and whole chains are held out."""

import random

import pytest

from speccascade.tasks.mini.small_functions import (
    ENDS,
    STEPS,
    Function,
    compositions,
    function,
    held_out,
    split_of,
)


def many(split: str = "train", count: int = 200) -> list[Function]:
    chance = random.Random(7)
    chains = [
        chance.choice(compositions(split))
        if split == "train"
        else held_out(split, chance)
        for _ in range(count)
    ]
    drawn = [function(chain, chance) for chain in chains]
    return [one for one in drawn if one is not None]


def passes(program: str, tests: str) -> bool:
    scope: dict = {}
    exec(program, scope)
    try:
        exec(tests, scope)
    except AssertionError:
        return False
    return True


def test_the_worked_example():
    found = function(("even", "square", "sum"), random.Random(9))
    name, xs = found.solution.split(":")[0].removeprefix("def ").split("(")
    xs = xs.rstrip(")")
    assert found.solution == (
        f"def {name}({xs}):\n"
        f"    {xs} = [x for x in {xs} if x % 2 == 0]\n"
        f"    {xs} = [x * x for x in {xs}]\n"
        f"    return sum({xs})"
    )
    assert f"`{name}({xs})`" in found.text
    assert found.text.endswith(".")


@pytest.mark.parametrize("split", ["train", "test"])
def test_solutions_pass_their_tests(split):
    for one in many(split):
        assert passes(one.solution, one.tests)
        assert one.tests.count("assert") == 4


def test_a_function_that_returns_one_thing_passes_no_tests():
    for one in many(count=100):
        head = one.solution.split("\n")[0]
        result = one.tests.split("\n")[0].partition(" == ")[2]
        assert not passes(f"{head}\n    return {result}", one.tests)


@pytest.mark.parametrize("step", STEPS)
def test_every_step_changes_some_result(step):
    chance = random.Random(3)
    changed = 0
    for _ in range(40):
        found = function((step, "list"), chance)
        if found is not None:
            head = found.solution.split("\n")[0]
            xs = head.partition("(")[2].rstrip("):")
            changed += not passes(f"{head}\n    return {xs}", found.tests)
    assert changed > 20


def test_the_splits_share_no_chain_and_each_part_is_trained_on():
    splits = [set(compositions(name)) for name in ("train", "validation", "test")]
    steps, ends = len(STEPS), len(ENDS)
    assert sum(map(len, splits)) == len(set.union(*splits))
    assert len(set.union(*splits)) == ends * (steps + steps**2 + steps**3)
    assert {part for chain in splits[0] for part in chain} == {*STEPS, *ENDS}
    assert all(split_of((step, end)) == "train" for step in STEPS for end in ENDS)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_two_thirds_of_what_is_asked_are_longer_than_any_function_in_training(split):
    chance = random.Random(5)
    chains = [held_out(split, chance) for _ in range(600)]
    assert {split_of(chain) for chain in chains} == {split}
    longer = sum(len(chain) > 4 for chain in chains)
    assert 350 < longer < 450
    assert max(map(len, chains)) == 6
    assert max(map(len, compositions("train"))) == 4
