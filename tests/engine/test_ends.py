"""At the ends of its range a rule is `lossless`, or the drafter alone, token for token.

This is more than equality of laws: draws are keyed by what they decide, so that equal
laws draw equal tokens.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution
from speccascade.rules import RULES
from tests.engine import small_pairs, toys
from tests.engine.exact import Setting
from tests.engine.test_output_law import FAST

# The programs of `test_output_law`; rules that it tries in its slow part alone are slow
# here, at any gamma.
GAMMA = {rule: gamma for rule, gamma, bonus in FAST if bonus == "law"}
SLOW = set(RULES) - set(GAMMA)
GAMMA |= dict.fromkeys(SLOW, 2)


def ended(slow):
    """Every rule with two ends; those of `slow` are marked so."""
    return [
        pytest.param(rule, marks=pytest.mark.slow if rule in slow else ())
        for rule in RULES
        if rule != "lossless"
    ]


# A third of the rows each.
TEMPERATURES = np.array([0.0, 0.5, 1.0])


def on_toy(asked, alpha):
    temperature = np.resize(TEMPERATURES.repeat(3), toys.BATCH)
    rows = toys.make_rows(alpha=alpha, temperature=temperature, seed=5)
    return toys.decode(asked, rows)


def speculative(rule, gamma, bonus="law"):
    return toys.execution(Setting(rule=rule, gamma=gamma, bonus=bonus))


def thresholds(rule):
    """The lossless end, and other thresholds that are said to be lossless as well."""
    yield RULES[rule].lossless_end
    if rule in ("token_v2", "token_v3", "typical", "head_free_pass"):
        yield -1e-3  # every alpha below 0 is
    if rule == "top_k_membership":
        yield 0.99


@pytest.mark.parametrize("rule", ended(SLOW))
def test_on_the_toy_the_lossless_end_is_lossless(rule):
    gamma = GAMMA[rule]
    expected = on_toy(speculative("lossless", gamma), 0.0)
    for alpha in thresholds(rule):
        found = on_toy(speculative(rule, gamma), alpha)
        np.testing.assert_array_equal(found.tokens, expected.tokens)
        np.testing.assert_array_equal(found.lengths, expected.lengths)
        for name in ("target_calls", "accepted", "resampled", "bonus"):
            np.testing.assert_array_equal(found.counters[name], expected.counters[name])


@pytest.mark.parametrize("rule", ended(SLOW))
def test_on_the_toy_the_drafter_end_is_the_drafter_alone(rule):
    found = on_toy(speculative(rule, GAMMA[rule]), RULES[rule].drafter_end)
    expected = on_toy(Execution(kind="drafter"), 0.0)
    np.testing.assert_array_equal(found.tokens, expected.tokens)
    np.testing.assert_array_equal(found.lengths, expected.lengths)
    assert not found.counters["resampled"].any()


def test_under_bonus_target_the_lossless_ends_agree_as_well():
    for rule, gamma, bonus in sorted(FAST):
        if bonus == "target" and gamma == 4:
            end = RULES[rule].lossless_end
            found = on_toy(speculative(rule, gamma, bonus), end)
            expected = on_toy(speculative("lossless", gamma, bonus), 0.0)
            np.testing.assert_array_equal(found.tokens, expected.tokens)


def on_pair(pair, asked, alpha):
    """Half of the rows at temperature 0, half at 1."""
    temperature = np.array([0.0, 1.0]).repeat(small_pairs.BATCH // 2)
    rows = toys.make_rows(small_pairs.BATCH, alpha=alpha, temperature=temperature)
    return pair.decode(asked, small_pairs.prompts(), rows)


ON_PAIRS = small_pairs.each_with(
    {rule: (rule,) for rule in RULES if rule != "lossless"},
    {
        # A rule that cuts the law, one that gives a coupling, and a token rule.
        "t5": {"lossy", "cactus"},
        "gemma": {"token_v3"},
    },
)


@pytest.mark.parametrize(("pair", "rule"), ON_PAIRS)
def test_on_either_family_the_lossless_end_is_lossless(pair, rule):
    found = on_pair(pair, speculative(rule, 2), RULES[rule].lossless_end)
    expected = on_pair(pair, speculative("lossless", 2), 0.0)
    np.testing.assert_array_equal(found.tokens, expected.tokens)
    assert len(np.unique(found.tokens)) >= 8


def decided_tokens(pair, tokens):
    """How many tokens come before the drafter's first near tie, at temperature 0.

    Within 1e-4 of a tie, rounding may choose either of the two: programs of different
    shapes agree to about 1e-5.
    """
    batch, limit = tokens.shape
    logits = pair.model.answer_logits(
        pair.params.drafter, small_pairs.prompts(batch), jnp.array(tokens)
    )
    top_two = jax.lax.top_k(logits, 2)[0]
    close = np.asarray(top_two[..., 0] - top_two[..., 1]) < 1e-4
    return np.where(close.any(axis=1), close.argmax(axis=1), limit)


@pytest.mark.parametrize(("pair", "rule"), ON_PAIRS)
def test_on_either_family_the_drafter_end_is_the_drafter_alone(
    pair, rule, record_property
):
    found = on_pair(pair, speculative(rule, 2), RULES[rule].drafter_end)
    expected = on_pair(pair, Execution(kind="drafter"), 0.0)
    greedy = small_pairs.BATCH // 2
    limits = decided_tokens(pair, expected.tokens)
    for row in range(greedy):
        np.testing.assert_array_equal(
            found.tokens[row, : limits[row]], expected.tokens[row, : limits[row]]
        )
    assert limits[:greedy].sum() > 32  # near ties are rare: the comparison is real
    # A uniform that falls within rounding of a boundary changes a sampled token: about
    # 6e-4 a token across shapes, so nearly all of the 4 sequences of 16 tokens agree.
    equal = float(np.all(found.tokens == expected.tokens, axis=1)[greedy:].mean())
    record_property("share of equal sequences at temperature 1", equal)
    print(f"{rule}: {equal:.0%} of the sequences at temperature 1 are equal")
    assert equal >= 0.5
    assert not found.counters["resampled"].any()
