"""Faults that are put in on purpose: the chi-square test must see each of them.

Each fault is one that speculative decoders have had. It is planted by replacing one
function, the program is compiled anew, and the test that the correct engine passes
(`test_output_law`) must fail far beyond chance. The rules are chosen so that the fault
reaches the output: what the drafter does wrong never shows under `lossless`, only in
its rejection rate. Faults of the models' own caches are in `test_model_laws`.
"""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import (
    adaptive,
    bild,
    oracle_cascade,
    request,
    sequence_cascade,
    speculative,
    token_cascade,
    verify,
)
from speccascade.engine.distributions import Sampler
from speccascade.engine.state import NOWHERE, Ends
from speccascade.models import T5, Gemma, GemmaConfig, Prompts, T5Config, kv_cache
from speccascade.models.toy import Toy
from speccascade.numerics import at_token
from tests.engine import toys
from tests.engine.exact import Setting

CHOW = Setting(rule="chow", alpha=toys.MIDDLE["chow"], gamma=2)
CHOW_TARGET = dataclasses.replace(CHOW, bonus="target")
TOKEN = Setting(rule="token_v3", alpha=toys.MIDDLE["token_v3"], gamma=2)
CASCADE = Setting(rule="chow", alpha=toys.MIDDLE["chow"], kind="token_cascade", cap=2)
SEQUENCE = Setting(rule="chow", alpha=0.85, kind="sequence_cascade")
BILD = Setting(rule="bild", alpha=2.0, kind="bild", gamma=2, fallback=0.5)
ORACLE = Setting(rule="lossy", alpha=toys.MIDDLE["lossy"], kind="oracle_cascade")
COUPLING = Setting(rule="cactus", alpha=0.3, gamma=2)
ADAPTIVE = Setting(rule="lossless", gamma=2, adaptive="confidence", fallback=0.4)
# A correct engine fails with a p-value below this once in 10^12 tests.
DECISIVE = 1e-12


def p_value(setting, temperature=1.0, **options):
    """Of freshly compiled code; one temperature is enough to convict."""
    simulation = toys.simulate(setting, decode_with=toys.fresh_generate(), **options)
    return toys.p_values(setting, simulation)[temperature]


@pytest.mark.parametrize(
    "setting",
    [CHOW, CHOW_TARGET, TOKEN, CASCADE, SEQUENCE, BILD, ORACLE, COUPLING, ADAPTIVE],
)
def test_without_a_fault_the_same_check_passes(setting):
    values = toys.p_values(setting, toys.simulated(setting))
    assert min(values.values()) > toys.LEVEL


def test_a_reversed_residual_is_caught(monkeypatch):
    def reversed_residual(q, p, m, token):
        return right(m, p, q, token)

    right = verify.residual
    monkeypatch.setattr(verify, "residual", reversed_residual)
    assert p_value(CHOW) < DECISIVE


def test_the_q_of_the_wrong_slot_is_caught(monkeypatch):
    def shifted(*arguments, **options):
        proposal, state = right(*arguments, **options)
        return proposal.replace(q=jnp.roll(proposal.q, 1, axis=1)), state

    right = speculative.draft
    monkeypatch.setattr(speculative, "draft", shifted)
    assert p_value(CHOW) < DECISIVE


def test_a_bonus_token_from_p_under_a_rule_is_caught(monkeypatch):
    monkeypatch.setattr(verify, "law", lambda q, p, m: p)
    assert p_value(CHOW) < DECISIVE


def test_bonus_target_is_not_bonus_law():
    # What the previous fault looks like from outside: each policy has its own law.
    wrong = dataclasses.replace(CHOW, bonus="law")
    simulation = toys.simulated(CHOW_TARGET)
    assert toys.p_values(wrong, simulation)[1.0] < DECISIVE


def test_a_target_that_does_not_absorb_a_run_is_caught(monkeypatch):
    def last_token_only(self, state, fed, unseen, slots):
        behind = jnp.maximum(unseen - 1, 0)
        last = jnp.take_along_axis(fed, behind[:, None], axis=1)
        here = jnp.where(unseen > 0, slots + behind, NOWHERE)
        logits, cache = self.target.score(self.params.target, state.cache, last, here)
        return logits[:, 0], state.replace(cache=cache), jnp.minimum(unseen, 1)

    monkeypatch.setattr(token_cascade.TokenCascade, "_absorb", last_token_only)
    assert p_value(CASCADE) < DECISIVE


def test_a_deferred_answer_that_keeps_the_drafters_tokens_is_caught(monkeypatch):
    def go_on(output, first_token, which):
        return output.replace(finished=output.finished & ~which)

    monkeypatch.setattr(sequence_cascade, "_begin_anew", go_on)
    assert p_value(SEQUENCE) < DECISIVE


def test_a_rollback_one_slot_too_far_is_caught(monkeypatch):
    def too_far(self, run, *arguments):
        strays = right(self, run, *arguments)
        inside = jnp.arange(strays.shape[1])[None, :] < run.lengths[:, None]
        next_strays = jnp.pad((strays & inside)[:, 1:], ((0, 0), (0, 1)))
        return strays | next_strays

    right = bild.Bild._deferred
    monkeypatch.setattr(bild.Bild, "_deferred", too_far)
    assert p_value(BILD) < DECISIVE


def test_a_measure_taken_for_the_law_is_caught(monkeypatch):
    def normalised(q, p, m):
        return m / jnp.sum(m, axis=-1, keepdims=True)

    monkeypatch.setattr(oracle_cascade, "law", normalised)
    assert p_value(ORACLE) < DECISIVE


@pytest.mark.slow
def test_the_residual_of_another_token_is_caught(monkeypatch):
    def of_the_next(q, p, m, token):
        return right(q, p, m, (token + 1) % toys.VOCAB)

    right = verify.residual
    monkeypatch.setattr(verify, "residual", of_the_next)
    assert p_value(COUPLING) < DECISIVE


def test_a_stop_because_of_a_token_that_is_thrown_away_is_caught(monkeypatch):
    def look_at_the_token(*arguments, **limits):
        *others, _ = arguments
        run, state = right(*others, lambda q, gate_q: jnp.max(q, axis=-1) < 0, **limits)
        slots = jnp.arange(limits["longest"])[None, :]
        chance = at_token(run.gate_q[:, :-1], run.tokens)
        unlikely = (chance < 1 - ADAPTIVE.fallback) & (slots < run.lengths[:, None])
        lengths = jnp.min(jnp.where(unlikely, slots, run.lengths[:, None]), axis=1)
        open_rows = run.open | (lengths < run.lengths)
        return run.replace(lengths=lengths, open=open_rows), state

    right = adaptive.write_run
    monkeypatch.setattr(adaptive, "write_run", look_at_the_token)
    assert p_value(ADAPTIVE) < DECISIVE


def look_up(table, cache, slots, cached_at):
    """The toy's logits at `slots`, its last two tokens read at `cached_at`."""
    vocab = table.shape[-1]
    cached_at = jnp.minimum(cached_at, cache.shape[1] - 1)
    token = jnp.take_along_axis(cache, cached_at, axis=1)
    before = jnp.take_along_axis(cache, jnp.maximum(cached_at - 1, 0), axis=1)
    before = jnp.where(cached_at == 0, vocab, before)
    return table[jnp.minimum(slots, table.shape[0] - 1), before, token]


def block_slots(first, tokens):
    return first[:, None] + jnp.arange(tokens.shape[1])[None, :]


@flax.struct.dataclass
class AppendedCache:
    tokens: jax.Array
    end: jax.Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoRollback(Toy):
    """A toy whose cache advances by whole blocks: rejected drafts stay in it."""

    def prefill(self, params, prompts, decode_slots):
        # Enough slots that nothing falls off the end: that is another fault.
        prefilled = super().prefill(params, prompts, 8 * decode_slots)
        cache = AppendedCache(tokens=prefilled.cache, end=prefilled.slot)
        return prefilled.replace(cache=cache)

    def score(self, params, cache, tokens, slots):
        _, written = super().score(params, cache.tokens, tokens, cache.end)
        at = block_slots(cache.end, tokens)
        logits = look_up(params, written, block_slots(slots, tokens), at)
        end = cache.end + tokens.shape[1]
        return logits, AppendedCache(tokens=written, end=end)


def test_a_cache_that_is_not_rolled_back_is_caught():
    assert p_value(CHOW, model=NoRollback(vocab_size=toys.VOCAB)) < DECISIVE


@pytest.mark.slow
def test_a_gate_on_processed_distributions_is_caught(monkeypatch):
    monkeypatch.setattr(Sampler, "gates", lambda self, logits, draws: draws)
    # At temperature 1 the two are the same: only temperature 0.5 can tell.
    assert p_value(CHOW, temperature=0.5) < DECISIVE


@pytest.mark.slow
def test_an_ignored_end_token_is_caught(monkeypatch):
    def endless(output, block, count, ends):
        return right(output, block, count, Ends(eos_id=-1))

    right = speculative.commit
    monkeypatch.setattr(speculative, "commit", endless)
    assert p_value(CHOW) < DECISIVE


def test_a_drafter_cache_without_its_last_token_is_caught(monkeypatch):
    def forgetful(execution, state, output, accepted_whole):
        return state

    monkeypatch.setattr(speculative, "after_commit", forgetful)
    assert p_value(CHOW_TARGET) < DECISIVE


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clamping(Toy):
    """A toy that writes as `dynamic_update_slice` does: never beyond the end."""

    def score(self, params, cache, tokens, slots):
        start = jnp.minimum(slots, cache.shape[1] - tokens.shape[1])
        _, cache = super().score(params, cache, tokens, start)
        at = block_slots(slots, tokens)
        return look_up(params, cache, at, at), cache


@pytest.mark.slow
def test_writes_clamped_at_the_end_of_the_cache_are_caught(monkeypatch):
    # With the capacity that the engine asks for, no live row ever writes beyond the
    # end. With the bare length of the output it does, and loses nothing: what is
    # dropped lies beyond the length limit. A clamped write lands on committed tokens.
    monkeypatch.setattr(request.Execution, "slots_fed", 0)
    setting = dataclasses.replace(CHOW, gamma=4)
    assert p_value(setting) > toys.LEVEL
    assert p_value(setting, model=Clamping(vocab_size=toys.VOCAB)) < DECISIVE


SMALL = {
    "t5": T5(
        config=T5Config(
            vocab_size=16,
            emb_dim=8,
            num_heads=2,
            head_dim=4,
            mlp_dim=8,
            num_encoder_layers=1,
            num_decoder_layers=1,
        )
    ),
    "gemma": Gemma(
        config=GemmaConfig(
            vocab_size=16,
            emb_dim=8,
            num_layers=1,
            num_heads=2,
            num_kv_heads=1,
            head_dim=4,
            mlp_dim=8,
        )
    ),
}


@pytest.mark.parametrize("model", SMALL.values(), ids=SMALL)
def test_writes_clamped_in_the_key_value_cache_are_caught(monkeypatch, model):
    # Three tokens fed where two slots are left. The third is dropped, and the first two
    # give the logits that they give in a longer cache. The first token of all takes a
    # slot of its own in T5, and in Gemma the prompt's last one.
    params = model.init(jax.random.key(0))
    prompts = Prompts(
        tokens=jnp.array([[2, 3, 4]] * 3, jnp.int32),
        lengths=jnp.full((3,), 3, jnp.int32),
    )
    start = model.prefill(params, prompts, 0).slot
    needed = 6 - int(start[0] > 0)

    def last_logits(decode_slots):
        cache = model.prefill(params, prompts, decode_slots).cache
        first = jnp.array([[0, 5, 6]] * 3, jnp.int32)
        _, cache = model.score(params, cache, first, start)
        block = jnp.array([[7, 8, 9]] * 3, jnp.int32)
        logits, _ = model.score(params, cache, block, start + 3)
        return np.asarray(logits[:, :2])

    def clamped(cache, keys, values, slots):
        start = jnp.minimum(slots, cache.keys.shape[-1] - slots.shape[1])
        return right(cache, keys, values, start[:, :1] + slots - slots[:, :1])

    right = kv_cache.write
    enough = last_logits(needed)
    np.testing.assert_allclose(last_logits(needed - 1), enough, atol=1e-5)
    monkeypatch.setattr(kv_cache, "write", clamped)
    np.testing.assert_allclose(last_logits(needed), enough, atol=1e-5)
    assert np.abs(last_logits(needed - 1) - enough).max() > 1e-2
