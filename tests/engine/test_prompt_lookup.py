"""Speculation with a prompt lookup as the drafter follows the law, by enumeration."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from speccascade.engine import PairParams, generate
from speccascade.models import PromptLookup
from tests.engine import toys
from tests.engine.exact import Setting
from tests.engine.exact_law import Pair, enumerate_row
from tests.models.lookup import proposal

LONGEST = 2


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class LookupPair(Pair):
    """The toy's target, and drafts that are looked up."""

    def logits(self, prompt, written):
        _, target = super().logits(prompt, written)
        draft = np.full(toys.VOCAB, -1e9)
        draft[proposal(prompt + written, LONGEST)] = 0
        return draft, target


def lookup_pair():
    return LookupPair(**vars(toys.exact_pair()))


def decode(setting, model=PromptLookup):
    return toys.on_host(
        generate(
            toys.execution(setting),
            model(vocab_size=toys.VOCAB, longest=LONGEST),
            toys.TOY,
            PairParams(drafter={}, target=toys.pair_params().target),
            toys.prompts(),
            toys.make_rows(alpha=setting.alpha, temperature=1.0),
            max_new_tokens=toys.LIMIT,
            eos_id=toys.EOS,
        )
    )


def p_value(setting, written):
    statistic, freedom = 0.0, 0
    outputs = toys.outputs(written)
    for index, prompt in enumerate(toys.PROMPTS):
        law = enumerate_row(lookup_pair(), prompt, setting).outputs
        found = dict.fromkeys(law, 0)
        for output in outputs[index :: len(toys.PROMPTS)]:
            if output not in found:
                return 0.0  # what cannot happen did
            found[output] += 1
        total = sum(found.values())
        expected = total * np.array([law[output] for output in found])
        observed = np.array(list(found.values()))
        observed, expected = toys.merge_rare(observed, expected)
        statistic += np.sum((observed - expected) ** 2 / expected)
        freedom += len(expected) - 1
    return float(scipy.stats.chi2.sf(statistic, freedom))


@pytest.mark.parametrize(
    ("rule", "alpha"), [("lossless", 0.0), ("token_v3", 0.6), ("typical", 0.8)]
)
def test_the_output_follows_the_enumerated_law(rule, alpha):
    setting = Setting(rule=rule, alpha=alpha, gamma=2, temperature=1.0)
    written = decode(setting)
    assert p_value(setting, written) > toys.LEVEL
    accepted = written.counters["accepted"].sum()
    assert 0.05 < accepted / written.lengths.sum() < 0.9


class Late(PromptLookup):
    """Planted fault: it searches before it has seen the token just fed."""

    def score(self, params, cache, tokens, slots):
        logits, _ = super().score(params, cache, tokens, jnp.maximum(slots - 1, 0))
        _, cache = super().score(params, cache, tokens, slots)
        return logits, cache


def test_a_search_that_lags_is_caught():
    setting = Setting(rule="token_v3", alpha=0.6, gamma=2, temperature=1.0)
    assert p_value(setting, decode(setting, model=Late)) < 1e-12


def test_it_is_the_law_of_the_target_under_lossless():
    setting = Setting(rule="lossless", gamma=2, temperature=1.0)
    for prompt in toys.PROMPTS:
        mine = enumerate_row(lookup_pair(), prompt, setting).outputs
        theirs = enumerate_row(toys.exact_pair(), prompt, setting).outputs
        assert mine.keys() == theirs.keys()
        assert all(mine[one] == pytest.approx(theirs[one]) for one in mine)


def test_mean_accepted_tokens_are_the_expected_ones():
    setting = Setting(rule="lossless", gamma=2, temperature=1.0)
    accepted = decode(setting).counters["accepted"]
    for index, prompt in enumerate(toys.PROMPTS):
        expected = enumerate_row(lookup_pair(), prompt, setting).counts["accepted"]
        found = jnp.asarray(accepted[index :: len(toys.PROMPTS)], jnp.float32)
        error = float(jnp.std(found)) / np.sqrt(len(found))
        assert abs(float(jnp.mean(found)) - expected) < 6 * error
