"""The decoder's cache: how tokens are fed, in which company, and after what.

"Bitwise" is between calls of one compiled program; across shapes float32 sums are made
in another order. Windows are 7 slots, so that the blocks fed here cross their edges.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.models import Prompts

SLOTS = 24
WIDTH = 3


@pytest.fixture(scope="module")
def score(tiny_gemma):
    return jax.jit(tiny_gemma.model.score)


@pytest.fixture(scope="module")
def first(tiny_gemma):
    """After the prompts, of 21, 13 and 1 tokens."""
    prefill = jax.jit(tiny_gemma.model.prefill, static_argnums=2)
    return prefill(tiny_gemma.params, tiny_gemma.prompts, SLOTS)


def feed(score, tiny, cache, slots, tokens):
    logits, cache = score(
        tiny.params,
        cache,
        jnp.array(tokens, jnp.int32),
        jnp.array(slots, jnp.int32),
    )
    return np.array(logits), cache


def block(tiny, first, start):
    """Tokens and slots of each row's `start`-th token on; token 0 is the prompt's."""
    written = np.concatenate([np.array(first.token)[:, None], tiny.greedy], axis=1)
    return written[:, start : start + WIDTH], np.array(first.slot) + start


def test_the_prompts_last_token_is_fed_first_at_its_own_slot(tiny_gemma, first):
    lengths = tiny_gemma.prompts.lengths
    assert first.slot.tolist() == (lengths - 1).tolist()
    rows = np.arange(len(lengths))
    last = np.array(tiny_gemma.prompts.tokens)[rows, np.array(lengths) - 1]
    assert first.token.tolist() == last.tolist()
    capacity = tiny_gemma.prompts.tokens.shape[1] + SLOTS
    assert {layer.keys.shape[-1] for layer in first.cache} == {capacity}


def test_what_pads_a_prompt_changes_nothing(tiny_gemma, first, score):
    tokens, lengths = tiny_gemma.prompts.tokens, tiny_gemma.prompts.lengths
    inside = jnp.arange(tokens.shape[1])[None] < lengths[:, None]
    other = Prompts(tokens=jnp.where(inside, tokens, 9), lengths=lengths)
    prefill = jax.jit(tiny_gemma.model.prefill, static_argnums=2)
    cache = prefill(tiny_gemma.params, other, SLOTS).cache
    fed = block(tiny_gemma, first, 0)
    expected, _ = feed(score, tiny_gemma, first.cache, fed[1], fed[0])
    found, _ = feed(score, tiny_gemma, cache, fed[1], fed[0])
    np.testing.assert_array_equal(found, expected)


def test_three_tokens_at_once_score_as_one_at_a_time(tiny_gemma, first, score):
    tokens, slots = block(tiny_gemma, first, 0)
    together, _ = feed(score, tiny_gemma, first.cache, slots, tokens)
    cache, apart = first.cache, []
    for step in range(WIDTH):
        logits, cache = feed(
            score, tiny_gemma, cache, slots + step, tokens[:, step : step + 1]
        )
        apart.append(logits)
    np.testing.assert_allclose(together, np.concatenate(apart, 1), rtol=0, atol=2e-5)


def test_a_cache_that_absorbed_a_run_equals_a_fresh_prefill(tiny_gemma, first, score):
    tokens, slots = block(tiny_gemma, first, 0)
    _, absorbed = feed(score, tiny_gemma, first.cache, slots, tokens)
    prompts = np.array(tiny_gemma.prompts.tokens)
    longer = np.zeros((len(prompts), prompts.shape[1] + WIDTH), np.int32)
    longer[:, : prompts.shape[1]] = prompts
    for row, slot in enumerate(slots):
        longer[row, slot : slot + WIDTH] = tokens[row]
    fresh = tiny_gemma.model.prefill(
        tiny_gemma.params,
        Prompts(tokens=jnp.array(longer), lengths=tiny_gemma.prompts.lengths + WIDTH),
        SLOTS - WIDTH,
    )
    for mine, theirs in zip(absorbed, fresh.cache, strict=True):
        for row, slot in enumerate(slots):
            np.testing.assert_allclose(
                mine.keys[row, ..., : slot + WIDTH],
                theirs.keys[row, ..., : slot + WIDTH],
                rtol=0,
                atol=2e-5,
            )


def test_a_cache_rolled_back_across_a_window_scores_bit_for_bit_as_a_fresh_one(
    tiny_gemma, first, score
):
    fed = block(tiny_gemma, first, 0)
    _, fresh = feed(score, tiny_gemma, first.cache, fed[1], fed[0])
    stale = fresh
    for start in (3, 6, 9, 12):  # further than the window's 7 slots
        wrong = np.full((3, WIDTH), 5 + start)
        _, stale = feed(score, tiny_gemma, stale, fed[1] + start, wrong)
    tokens, slots = block(tiny_gemma, first, 3)
    found, _ = feed(score, tiny_gemma, stale, slots, tokens)
    expected, _ = feed(score, tiny_gemma, fresh, slots, tokens)
    assert not np.array_equal(stale[0].keys, fresh[0].keys)
    np.testing.assert_array_equal(found, expected)


def test_a_row_does_not_depend_on_its_neighbours(tiny_gemma, first, score):
    tokens, slots = block(tiny_gemma, first, 0)
    expected, _ = feed(score, tiny_gemma, first.cache, slots, tokens)
    beyond = first.cache[0].keys.shape[-1]
    for row in range(3):
        alone = np.where(np.arange(3) == row, slots, beyond)
        found, _ = feed(score, tiny_gemma, first.cache, alone, tokens)
        np.testing.assert_array_equal(found[row], expected[row])


def test_a_frozen_row_writes_nothing(tiny_gemma, first, score):
    beyond = first.cache[0].keys.shape[-1]
    tokens, _ = block(tiny_gemma, first, 0)
    _, cache = feed(score, tiny_gemma, first.cache, [beyond] * 3, tokens)
    for after, before in zip(cache, first.cache, strict=True):
        np.testing.assert_array_equal(after.keys, before.keys)
        np.testing.assert_array_equal(after.values, before.values)


def test_kernels_held_for_decoding_change_rounding_only(tiny_gemma, first, score):
    tokens, slots = block(tiny_gemma, first, 0)
    expected, _ = feed(score, tiny_gemma, first.cache, slots, tokens)
    held = tiny_gemma.model.for_decoding(tiny_gemma.params)
    found, _ = feed(score, tiny_gemma._replace(params=held), first.cache, slots, tokens)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)
    names = {path[-1].key for path, _ in jax.tree_util.tree_leaves_with_path(held)}
    assert "kernel_t" in names and "kernel" not in names
