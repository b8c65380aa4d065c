"""A queue behind a batch gives what batches give, bit for bit, in fewer rounds."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution, generate_queued, loops
from speccascade.rules import RULES
from tests.engine import small_t5, toys
from tests.engine.test_row_independence import assert_same, pick

BATCH = small_t5.BATCH
SETTINGS = 4  # rows of a prompt
EXECUTIONS = {
    "opt": Execution(kind="speculative", rule=RULES["opt"], gamma=2),
    "token_v3": Execution(
        kind="speculative", rule=RULES["token_v3"], gamma=3, bonus="target"
    ),
    "lossless": Execution(kind="speculative", rule=RULES["lossless"], gamma=1),
    "drafter": Execution(kind="drafter"),
    "target": Execution(kind="target"),
    **{name: asked for name, (asked, _) in small_t5.CASCADES.items()},
}


def setting(number, name="opt"):
    """A row a prompt; temperature, threshold and seed are the setting's own."""
    alphas = [-0.5, 0.0, 0.3, 1.0]
    if name in small_t5.CASCADES:
        alphas = np.linspace(*small_t5.CASCADES[name][1], SETTINGS)
    return toys.make_rows(
        BATCH,
        temperature=[0.0, 1.0, 0.7, 1.0][number],
        alpha=alphas[number],
        seed=number,
    )


def queue(parts):
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *parts)


def decode_queue(asked, rows, of_prompt, decode_with=generate_queued):
    generation = decode_with(
        asked,
        small_t5.MODEL,
        small_t5.MODEL,
        small_t5.pair_params(),
        small_t5.prompts(),
        rows,
        jnp.asarray(of_prompt, jnp.int32),
        max_new_tokens=small_t5.LIMIT,
        eos_id=small_t5.EOS,
    )
    return toys.on_host(generation)


@pytest.mark.parametrize("name", EXECUTIONS)
def test_every_row_of_a_queue_equals_its_row_in_a_batch(name):
    asked = EXECUTIONS[name]
    batches = [
        small_t5.decode(asked, small_t5.prompts(), setting(number, name))
        for number in range(SETTINGS)
    ]
    expected = jax.tree.map(lambda *parts: np.concatenate(parts), *batches)
    rows = queue([setting(number, name) for number in range(SETTINGS)])
    of_prompt = np.tile(np.arange(BATCH), SETTINGS)
    assert len({tuple(row) for row in expected.tokens}) > BATCH  # outputs vary
    assert_same(decode_queue(asked, rows, of_prompt), expected)
    # The place in the queue does not matter either.
    order = np.random.default_rng(0).permutation(len(of_prompt))
    found = decode_queue(asked, pick(rows, order), of_prompt[order])
    assert_same(found, pick(expected, order))


def keep_the_cache(progress, fresh, taken, prompt):
    handed = loops_hand_over(progress, fresh, taken, prompt)
    return dataclasses.replace(handed, memory=progress.memory)


def take_the_wrong_prompt(progress, fresh, taken, prompt):
    return loops_hand_over(progress, fresh, taken, (prompt + 1) % BATCH)


loops_hand_over = loops._hand_over


@pytest.mark.parametrize("fault", [keep_the_cache, take_the_wrong_prompt])
def test_a_slot_that_is_handed_over_wrongly_is_caught(monkeypatch, fault):
    # Planted on purpose: the comparison with batches above must see it.
    def traced(*arguments, **limits):
        return generate_queued.__wrapped__(*arguments, **limits)

    asked = EXECUTIONS["opt"]
    rows = queue([setting(number) for number in range(SETTINGS)])
    of_prompt = np.random.default_rng(0).permutation(
        np.tile(np.arange(BATCH), SETTINGS)
    )
    expected = decode_queue(asked, rows, of_prompt).tokens
    monkeypatch.setattr(loops, "_hand_over", fault)
    limits = ("max_new_tokens", "eos_id")
    fresh = jax.jit(traced, static_argnums=(0, 1, 2), static_argnames=limits)
    found = decode_queue(asked, rows, of_prompt, decode_with=fresh).tokens
    assert (found != expected).any(axis=1).mean() > 0.3


def test_rows_that_are_not_active_write_and_count_nothing():
    asked = EXECUTIONS["opt"]
    rows = queue([setting(1), setting(2)])
    of_prompt = np.tile(np.arange(BATCH), 2)
    whole = decode_queue(asked, rows, of_prompt)
    for count in (0, 3, BATCH + 1):
        some = rows.replace(active=jnp.arange(2 * BATCH) < count)
        found = decode_queue(asked, some, of_prompt)
        assert_same(pick(found, np.arange(count)), pick(whole, np.arange(count)))
        for leaf in jax.tree.leaves(pick(found, np.arange(count, 2 * BATCH))):
            assert not leaf.any()


def test_no_cache_is_copied_in_the_loop_of_a_queue():
    # A copy of a whole cache a round would undo what the queue saves.
    rows = queue([setting(1), setting(2)])
    of_prompt = jnp.zeros((2 * BATCH,), jnp.int32)
    arguments = (small_t5.prompts(), rows, of_prompt)
    asked = EXECUTIONS["opt"]
    assert small_t5.cache_copies(generate_queued, asked, BATCH, *arguments) == []
