"""Small T5s and Gemmas write what teacher forcing says that they write, to chi-square.

The toy proves the engine's law; here are caches of keys and values, prompts of their
own kinds, windows. Laws are enumerated in float64 from logits of whole sequences
(`tiny_pairs`). Rows and false alarms are those of `checks`. Faults that the models'
caches can have are planted; each must be seen.
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import speculative
from speccascade.models import T5, Gemma, Model
from tests.engine import toys
from tests.engine.exact import Setting
from tests.engine.test_planted_faults import DECISIVE
from tests.engine.tiny_pairs import PAIRS, RESTRICTED

LOSSLESS = Setting(rule="lossless", gamma=2)


def by_opt(pair, **fields):
    """What the drafter does wrong shows under a rule only."""
    return Setting(rule="opt", alpha=pair.alphas["opt"], gamma=2, **fields)


def settings(pair):
    alphas, fallback = pair.alphas, pair.unsure
    chow = Setting(rule="chow", alpha=alphas["chow"])
    change = dataclasses.replace
    return {
        "lossless-gamma2": LOSSLESS,
        "lossless-gamma4-target": change(LOSSLESS, gamma=4, bonus="target"),
        "opt-gamma2": by_opt(pair),
        "opt-adaptive": by_opt(pair, adaptive="confidence", fallback=fallback),
        "chow-gamma1": chow,
        "chow-gamma2-target": change(chow, gamma=2, bonus="target"),
        "token_v3-gamma4": Setting(rule="token_v3", alpha=alphas["token_v3"], gamma=4),
        "token_cascade": change(chow, kind="token_cascade", cap=2),
        "sequence_cascade": change(
            chow, kind="sequence_cascade", alpha=alphas["sequence"]
        ),
        "bild": Setting(
            rule="bild", kind="bild", alpha=alphas["bild"], gamma=2, fallback=fallback
        ),
    }


FAST = {"t5": {"opt-gamma2"}, "gemma": {"lossless-gamma2"}}
CASES = [
    pytest.param(
        pair,
        setting,
        id=f"{family}-{name}",
        marks=() if name in FAST[family] else pytest.mark.slow,
    )
    for family, pair in PAIRS.items()
    for name, setting in settings(pair).items()
]
CASES += [
    pytest.param(
        RESTRICTED, setting, id=f"restricted-{name}-gamma2", marks=pytest.mark.slow
    )
    for name, setting in (
        ("lossless", LOSSLESS),
        ("opt", Setting(rule="opt", alpha=0.3, gamma=2)),
    )
]


# Kept: two tests look at the same rows.
@functools.cache
def simulated(pair, setting):
    return pair.simulate(setting)


@pytest.mark.parametrize(("pair", "setting"), CASES)
def test_the_output_follows_the_law_of_teacher_forcing(pair, setting):
    p_values = pair.p_values(setting, simulated(pair, setting))
    for temperature, p_value in p_values.items():
        assert p_value > toys.LEVEL, f"temperature {temperature}"


@pytest.mark.parametrize(("pair", "setting"), CASES)
def test_both_models_shape_the_law(pair, setting):
    generation = simulated(pair, setting).generation
    counters = generation.counters
    decisions = {
        "token_cascade": counters["drafter_calls"],
        "sequence_cascade": np.ones_like(generation.lengths),
    }.get(setting.kind, counters["accepted"] + counters["resampled"])
    of_target = counters["deferred"]
    if of_target is None:
        of_target = counters["resampled"]
    assert 0.1 < of_target.sum() / decisions.sum() < 0.9
    assert len(set(toys.outputs(generation))) > 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shifted:
    """A model whose tokens are written, and seen, one slot too late."""

    model: Model

    @property
    def vocab_size(self):
        return self.model.vocab_size

    def prefill(self, *arguments):
        return self.model.prefill(*arguments)

    def score(self, params, cache, tokens, slots):
        return self.model.score(params, cache, tokens, slots + 1)


class EverythingSeen(T5):
    """A T5 whose decoder looks at the padding of its prompt, too."""

    def score(self, params, cache, tokens, slots):
        seen = cache.replace(prompt_bias=jnp.zeros_like(cache.prompt_bias))
        logits, written = super().score(params, seen, tokens, slots)
        return logits, written.replace(prompt_bias=cache.prompt_bias)


class Ring(Gemma):
    """A Gemma whose local layers keep the newest W slots and no more.

    That is enough until a draft is rejected: the window of the token before it begins
    further back than what is left.
    """

    def score(self, params, cache, tokens, slots):
        logits, written = super().score(params, cache, tokens, slots)
        newest = slots + tokens.shape[1] - 1
        held = jnp.arange(written[0].keys.shape[-1])[None, :]
        held = held > (newest - self.config.window)[:, None]
        return logits, tuple(
            jax.tree.map(lambda array: jnp.where(held[:, None, None], array, 0), layer)
            if self.config.window_of(index)
            else layer
            for index, layer in enumerate(written)
        )


def p_value(pair, setting, **options):
    """Of freshly compiled code; one temperature is enough to convict."""
    simulation = pair.simulate(setting, decode_with=toys.fresh_generate(), **options)
    return pair.p_values(setting, simulation)[1.0]


EACH = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)


@pytest.mark.slow
@EACH
def test_a_drafter_whose_cache_is_a_slot_too_late_is_caught(pair):
    assert p_value(pair, by_opt(pair), drafter=Shifted(model=pair.model)) < DECISIVE


@pytest.mark.slow
@EACH
def test_a_target_whose_cache_is_a_slot_too_late_is_caught(pair):
    model = Shifted(model=pair.model)
    assert p_value(pair, LOSSLESS, drafter=pair.model, model=model) < DECISIVE


@pytest.mark.slow
@EACH
def test_the_q_of_the_wrong_slot_is_caught(monkeypatch, pair):
    def shifted(*arguments, **options):
        proposal, state = right(*arguments, **options)
        return proposal.replace(q=jnp.roll(proposal.q, 1, axis=1)), state

    right = speculative.draft
    monkeypatch.setattr(speculative, "draft", shifted)
    assert p_value(pair, LOSSLESS) < DECISIVE


@pytest.mark.slow
def test_a_decoder_that_looks_at_the_padding_of_its_prompt_is_caught():
    pair = PAIRS["t5"]
    model = EverythingSeen(config=pair.model.config)
    assert p_value(pair, LOSSLESS, model=model) < DECISIVE


@pytest.mark.slow
def test_a_window_that_is_forgotten_before_a_rollback_is_caught():
    pair = PAIRS["gemma"]
    assert p_value(pair, LOSSLESS, model=Ring(config=pair.model.config)) < DECISIVE
