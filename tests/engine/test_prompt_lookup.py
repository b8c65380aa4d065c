"""Speculation with a prompt lookup as the drafter follows the law, by enumeration."""

import dataclasses
import functools

import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import PairParams
from speccascade.models import PromptLookup
from tests.engine import toys
from tests.engine.exact import Setting
from tests.engine.exact_law import enumerate_row
from tests.models.lookup import proposal

LONGEST = 2
LOSSLESS = Setting(rule="lossless", gamma=2)
SETTINGS = [
    LOSSLESS,
    Setting(rule="token_v3", alpha=0.6, gamma=2),
    Setting(rule="typical", alpha=0.8, gamma=2),
]


def logits(prompt, written):
    """Drafts that are looked up, and the toy's target."""
    draft = np.full(toys.VOCAB, -1e9)
    draft[proposal(prompt + written, LONGEST)] = 0
    return draft, toys.exact_pair().logits(prompt, written)[1]


@functools.cache
def enumeration(prompt, setting):
    pair = dataclasses.replace(toys.exact_pair(), logits=logits)
    return enumerate_row(pair, prompt, setting)


@functools.cache
def simulation(setting, model=PromptLookup):
    return toys.simulate(
        setting,
        drafter=model(vocab_size=toys.VOCAB, longest=LONGEST),
        params=PairParams(drafter={}, target=toys.pair_params().target),
    )


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.rule)
def test_the_output_follows_the_enumerated_law(setting):
    simulated = simulation(setting)
    for p_value in toys.p_values(setting, simulated, enumeration).values():
        assert p_value > toys.LEVEL
    generation = simulated.generation
    accepted = generation.counters["accepted"].sum()
    assert 0.05 < accepted / generation.lengths.sum() < 0.9


class Late(PromptLookup):
    """Planted fault: it searches before it has seen the token just fed."""

    def score(self, params, cache, tokens, slots):
        logits, _ = super().score(params, cache, tokens, jnp.maximum(slots - 1, 0))
        _, cache = super().score(params, cache, tokens, slots)
        return logits, cache


def test_a_search_that_lags_is_caught():
    setting = SETTINGS[1]
    found = toys.p_values(setting, simulation(setting, Late), enumeration)
    assert max(found.values()) < 1e-12


def test_it_is_the_law_of_the_target_under_lossless():
    for prompt in toys.PROMPTS:
        mine = enumeration(prompt, LOSSLESS).outputs
        theirs = toys.enumeration(prompt, LOSSLESS).outputs
        assert mine.keys() == theirs.keys()
        assert all(mine[one] == pytest.approx(theirs[one]) for one in mine)


def test_mean_accepted_tokens_are_the_expected_ones():
    simulated = simulation(LOSSLESS)
    for index, prompt in enumerate(toys.PROMPTS):
        chosen = (simulated.prompt == index) & (simulated.temperature == 1.0)
        found = simulated.generation.counters["accepted"][chosen]
        expected = enumeration(prompt, LOSSLESS).counts["accepted"]
        assert abs(found.mean() - expected) < 6 * found.std() / np.sqrt(len(found))
