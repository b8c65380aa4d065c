"""A queue behind a batch gives what batches give, bit for bit, in fewer rounds."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution, generate_queued, loops
from speccascade.rules import RULES
from tests.engine import small_pairs, toys
from tests.engine.test_row_independence import assert_same, pick

BATCH = small_pairs.BATCH
SETTINGS = 4  # rows of a prompt
OPT = Execution(kind="speculative", rule=RULES["opt"], gamma=2)
EXECUTIONS = {
    "opt": OPT,
    "token_v3": Execution(
        kind="speculative", rule=RULES["token_v3"], gamma=3, bonus="target"
    ),
    "lossless": Execution(kind="speculative", rule=RULES["lossless"], gamma=1),
    "drafter": Execution(kind="drafter"),
    "target": Execution(kind="target"),
}


def setting(number, span=None):
    """A row a prompt; temperature, threshold and seed are the setting's own."""
    alphas = [-0.5, 0.0, 0.3, 1.0]
    if span is not None:
        alphas = np.linspace(*span, SETTINGS)
    return toys.make_rows(
        BATCH,
        temperature=[0.0, 1.0, 0.7, 1.0][number],
        alpha=alphas[number],
        seed=number,
    )


def queue(parts):
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *parts)


def decode_queue(pair, asked, rows, of_prompt, decode_with=generate_queued):
    generation = decode_with(
        asked,
        pair.model,
        pair.model,
        pair.params,
        small_pairs.prompts(),
        rows,
        jnp.asarray(of_prompt, jnp.int32),
        max_new_tokens=small_pairs.LIMIT,
        eos_id=small_pairs.EOS,
    )
    return toys.on_host(generation)


NAMES = {name: (name,) for name in (*EXECUTIONS, *small_pairs.CASCADES)}
# Drafts of fixed and of own length, and two loops of the baselines; the rest is slow.
FAST = {"t5": {"lossless", "bild", "adaptive"}, "gemma": {"opt", "token_cascade"}}


@pytest.mark.parametrize(
    ("pair", "name"),
    small_pairs.each_with(NAMES, FAST),
)
def test_every_row_of_a_queue_equals_its_row_in_a_batch(pair, name):
    asked = EXECUTIONS.get(name) or pair.cascades[name]
    settings = [setting(number, pair.alphas.get(name)) for number in range(SETTINGS)]
    batches = [pair.decode(asked, small_pairs.prompts(), each) for each in settings]
    expected = jax.tree.map(lambda *parts: np.concatenate(parts), *batches)
    rows = queue(settings)
    of_prompt = np.tile(np.arange(BATCH), SETTINGS)
    assert len({tuple(row) for row in expected.tokens}) > BATCH  # outputs vary
    assert_same(decode_queue(pair, asked, rows, of_prompt), expected)
    # The place in the queue does not matter either.
    order = np.random.default_rng(0).permutation(len(of_prompt))
    found = decode_queue(pair, asked, pick(rows, order), of_prompt[order])
    assert_same(found, pick(expected, order))


def keep_the_cache(progress, fresh, taken, prompt):
    handed = loops_hand_over(progress, fresh, taken, prompt)
    return dataclasses.replace(handed, memory=progress.memory)


def take_the_wrong_prompt(progress, fresh, taken, prompt):
    return loops_hand_over(progress, fresh, taken, (prompt + 1) % BATCH)


loops_hand_over = loops._hand_over


FAULTS = {fault.__name__: (fault,) for fault in (keep_the_cache, take_the_wrong_prompt)}


@pytest.mark.parametrize(
    ("pair", "fault"),
    small_pairs.each_with(
        FAULTS, {"t5": {"take_the_wrong_prompt"}, "gemma": {"keep_the_cache"}}
    ),
)
def test_a_slot_that_is_handed_over_wrongly_is_caught(monkeypatch, pair, fault):
    # Planted on purpose: the comparison with batches above must see it.
    def traced(*arguments, **limits):
        return generate_queued.__wrapped__(*arguments, **limits)

    rows = queue([setting(number) for number in range(SETTINGS)])
    of_prompt = np.random.default_rng(0).permutation(
        np.tile(np.arange(BATCH), SETTINGS)
    )
    expected = decode_queue(pair, OPT, rows, of_prompt).tokens
    monkeypatch.setattr(loops, "_hand_over", fault)
    limits = ("max_new_tokens", "eos_id")
    fresh = jax.jit(traced, static_argnums=(0, 1, 2), static_argnames=limits)
    found = decode_queue(pair, OPT, rows, of_prompt, decode_with=fresh).tokens
    assert (found != expected).any(axis=1).mean() > 0.3


@small_pairs.EACH
def test_rows_that_are_not_active_write_and_count_nothing(pair):
    rows = queue([setting(1), setting(2)])
    of_prompt = np.tile(np.arange(BATCH), 2)
    whole = decode_queue(pair, OPT, rows, of_prompt)
    for count in (0, 3, BATCH + 1):
        some = rows.replace(active=jnp.arange(2 * BATCH) < count)
        found = decode_queue(pair, OPT, some, of_prompt)
        assert_same(pick(found, np.arange(count)), pick(whole, np.arange(count)))
        for leaf in jax.tree.leaves(pick(found, np.arange(count, 2 * BATCH))):
            assert not leaf.any()


@small_pairs.EACH
def test_no_cache_is_copied_in_the_loop_of_a_queue(pair):
    # A copy of a whole cache a round would undo what the queue saves.
    rows = queue([setting(1), setting(2)])
    of_prompt = jnp.zeros((2 * BATCH,), jnp.int32)
    arguments = (small_pairs.prompts(), rows, of_prompt)
    found = small_pairs.cache_copies(pair, generate_queued, OPT, BATCH, *arguments)
    assert found == []
