"""The words that a rule has for its decision are the decision."""

import math
import re

import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.rules import RULES, Slot
from tests.rules.variants import WITHOUT_R

ALPHAS = (-0.45, 0.0, 0.13, 0.37, 0.71, 3.5)
_NAMES = (
    r"max [qp]|sum p²|rank of x in p|-log p\(argmax q\)|(?<!\w)[qp]\(x\)"
    r"|H\([qp]\)|JS\(p, q\)|D\(q, p\)|TV|alpha|\bk\b"
)


def value(side):
    """The number that a side is, from the text."""
    text = re.sub(_NAMES, "", side).replace("×", "*").replace("--", "+")
    return eval(text.strip(), {"exp": math.exp, "min": min, "inf": math.inf})


def slots(alpha):
    random = np.random.default_rng(0)
    for number in range(12):
        q, p = (
            jnp.asarray(random.dirichlet(np.full(5, 0.6)), jnp.float32)
            for _ in range(2)
        )
        greedy = number % 2 == 1
        yield Slot(
            q=q, p=p, gate_q=q, gate_p=p, alpha=alpha, greedy=greedy, token=number % 5
        )


@pytest.mark.parametrize("name", sorted(RULES.keys() - WITHOUT_R))
def test_a_rule_defers_where_its_words_say_so(name):
    rule, outcomes = RULES[name], set()
    low, high = rule.alpha_range
    for alpha in (alpha for alpha in ALPHAS if low <= alpha <= high):
        for at in slots(alpha):
            sides = rule.sides(at)
            left, right = value(sides.left), value(sides.right)
            if abs(left - right) < 0.02 * max(abs(left), abs(right), 0.1):
                continue  # nearer than the digits that are shown
            deferred = bool(rule.defers(*at.arguments))
            holds = left < right if sides.relation == "<" else left > right
            assert deferred == holds, (alpha, sides)
            outcomes.add(deferred)
    assert outcomes == {True, False}


@pytest.mark.parametrize("name", sorted(WITHOUT_R))
def test_a_rule_without_r_has_no_words_for_it(name):
    assert all(RULES[name].sides(at) is None for at in slots(0.0))


def test_a_negative_threshold_is_added():
    at = next(slots(-0.3))
    assert RULES["diff"].sides(at).right.endswith(" + 0.3")
