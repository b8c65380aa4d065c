"""T5's cache: how tokens are fed, in which company, and after what makes no difference.

"Bitwise" is between calls of one compiled program; across shapes float32 sums are made
in another order.
"""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.models import T5, Prompts, kv_cache

CAPACITY = 12
WIDTH = 3


@pytest.fixture(scope="module")
def score(tiny):
    return jax.jit(tiny.model.score)


@pytest.fixture(scope="module")
def prefill(tiny):
    return jax.jit(tiny.model.prefill, static_argnums=2)


@pytest.fixture(scope="module")
def empty(tiny, prefill):
    """The cache after the prompts."""
    return prefill(tiny.params, tiny.prompts, CAPACITY).cache


def slots(*values):
    return jnp.array(values, jnp.int32)


def feed(score, tiny, cache, starts, tokens=None):
    """Feeds WIDTH target tokens a row from `starts` on; logits and cache as numpy."""
    if tokens is None:
        columns = np.array(starts)[:, None] + np.arange(WIDTH)
        tokens = np.take_along_axis(np.array(tiny.targets), columns, 1)
    logits, cache = score(tiny.params, cache, jnp.array(tokens), slots(*starts))
    return np.array(logits), cache


def test_decoding_begins_with_the_start_token_at_slot_0(tiny, prefill):
    first = prefill(tiny.params, tiny.prompts, CAPACITY)
    assert first.token.tolist() == [0, 0, 0]
    assert first.slot.tolist() == [0, 0, 0]
    assert {layer.keys.shape for layer in first.cache.self_attention} == {
        (3, 3, 8, CAPACITY)
    }


def test_three_tokens_at_once_score_as_one_at_a_time(tiny, score, empty):
    together, _ = feed(score, tiny, empty, [0, 0, 0])
    cache, apart = empty, []
    for slot in range(WIDTH):
        logits, cache = score(
            tiny.params,
            cache,
            tiny.targets[:, slot : slot + 1],
            slots(slot, slot, slot),
        )
        apart.append(logits)
    np.testing.assert_allclose(together, np.concatenate(apart, 1), rtol=0, atol=1e-5)


def test_kernels_held_for_decoding_change_rounding_only(tiny, score, empty):
    expected, _ = feed(score, tiny, empty, [0, 0, 0])
    held = tiny._replace(params=tiny.model.for_decoding(tiny.params))
    cache = tiny.model.prefill(held.params, tiny.prompts, CAPACITY).cache
    found, _ = feed(score, held, cache, [0, 0, 0])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    names = {
        path[-1].key
        for path, _ in jax.tree_util.tree_leaves_with_path(held.params["decoder"])
    }
    assert "kernel_t" in names and "kernel" not in names


def test_a_row_at_its_own_slot_does_not_depend_on_its_neighbours(tiny, score, empty):
    # All rows at slots 0, 3 and 6; then row b alone among rows frozen at the capacity.
    cache, expected = empty, []
    for start in (0, 3, 6):
        logits, cache = feed(score, tiny, cache, [start] * 3)
        expected.append(logits)
    padded = np.pad(np.array(tiny.targets)[:, :9], ((0, 0), (0, CAPACITY)))
    for row in range(3):
        cache = empty
        for call, start in enumerate((0, 3, 6)):
            starts = [start if other == row else CAPACITY for other in range(3)]
            tokens = [padded[b, s : s + WIDTH] for b, s in enumerate(starts)]
            logits, cache = feed(score, tiny, cache, starts, np.stack(tokens))
            np.testing.assert_array_equal(logits[row], expected[call][row])


def test_ragged_rows_score_bit_for_bit_as_even_ones(tiny, score, empty):
    _, cache = feed(score, tiny, empty, [0, 0, 0])
    even, _ = feed(score, tiny, cache, [3, 3, 3])
    _, cache = feed(score, tiny, cache, [3, 3, 3])
    later, _ = feed(score, tiny, cache, [6, 6, 6])
    ragged, _ = feed(score, tiny, cache, [6, 3, 6])  # row 1 is rolled back
    np.testing.assert_array_equal(ragged[1], even[1])
    np.testing.assert_array_equal(ragged[[0, 2]], later[[0, 2]])


def test_a_rolled_back_cache_scores_bit_for_bit_as_a_fresh_one(tiny, score, empty):
    _, fresh = feed(score, tiny, empty, [0, 0, 0])
    stale = fresh
    for start in (3, 6, 9):  # other tokens, up to the capacity
        wrong = np.full((3, WIDTH), 5 + start, np.int32)
        _, stale = feed(score, tiny, stale, [start] * 3, wrong)
    found, _ = feed(score, tiny, stale, [3, 3, 3])
    expected, _ = feed(score, tiny, fresh, [3, 3, 3])
    assert not np.array_equal(
        stale.self_attention[0].keys, fresh.self_attention[0].keys
    )
    np.testing.assert_array_equal(found, expected)


def check_the_end_of_the_cache(model, tiny, cache):
    """A block that ends beyond the capacity leaves what is before it as it is."""
    score = jax.jit(lambda *args: model.score(*args))  # compiled anew: no old `write`
    for start in (0, 3, 6, 9):
        _, cache = feed(score, tiny, cache, [start] * 3)
    junk = np.full((3, WIDTH), 7, np.int32)
    _, frozen = feed(score, tiny, cache, [CAPACITY, CAPACITY, CAPACITY + 5], junk)
    for before, after in zip(
        jax.tree.leaves(cache), jax.tree.leaves(frozen), strict=True
    ):
        np.testing.assert_array_equal(before, after)
    # Two tokens beyond the end: the one within it sees the same past as ever.
    columns = np.minimum(np.arange(WIDTH) + CAPACITY - 1, CAPACITY - 1)
    tokens = np.array(tiny.targets)[:, columns]
    logits, _ = feed(score, tiny, cache, [CAPACITY - 1] * 3, tokens)
    expected, _ = feed(score, tiny, cache, [9, 9, 9])
    np.testing.assert_allclose(logits[:, 0], expected[:, 2], rtol=0, atol=1e-5)


def test_a_slot_at_the_capacity_is_dropped_and_changes_nothing(tiny, empty):
    check_the_end_of_the_cache(tiny.model, tiny, empty)


def test_planted_fault_writes_clamped_at_the_caches_end_is_caught(
    tiny, empty, monkeypatch
):
    write = kv_cache.write

    def clamped(cache, keys, values, slots):
        return write(cache, keys, values, jnp.minimum(slots, cache.keys.shape[-1] - 1))

    monkeypatch.setattr(kv_cache, "write", clamped)
    with pytest.raises(AssertionError):
        check_the_end_of_the_cache(tiny.model, tiny, empty)


def test_what_padding_holds_changes_nothing(tiny, score, prefill):
    other = jnp.where(tiny.valid, tiny.prompts.tokens, 63)
    prompts = Prompts(tokens=other, lengths=tiny.prompts.lengths)
    caches = [prefill(tiny.params, p, CAPACITY).cache for p in (tiny.prompts, prompts)]
    assert not np.array_equal(
        caches[0].cross_attention[0].keys, caches[1].cross_attention[0].keys
    )
    found = [feed(score, tiny, cache, [0, 0, 0])[0] for cache in caches]
    np.testing.assert_array_equal(*found)


def test_the_bucket_of_a_prompt_changes_rounding_only(tiny, score, prefill):
    longer = jnp.pad(tiny.prompts.tokens, ((0, 0), (0, 17)), constant_values=63)
    prompts = Prompts(tokens=longer, lengths=tiny.prompts.lengths)
    caches = [prefill(tiny.params, p, CAPACITY).cache for p in (tiny.prompts, prompts)]
    found = [feed(score, tiny, cache, [0, 0, 0])[0] for cache in caches]
    np.testing.assert_allclose(*found, rtol=0, atol=1e-5)


def test_bfloat16_gives_float32_logits_near_those_of_float32(tiny, score, empty):
    config = dataclasses.replace(tiny.model.config, dtype="bfloat16")
    model = T5(config=config)
    first = jax.jit(model.prefill, static_argnums=2)(
        tiny.params, tiny.prompts, CAPACITY
    )
    assert first.cache.self_attention[0].keys.dtype == jnp.bfloat16
    assert first.cache.cross_attention[0].keys.dtype == jnp.bfloat16
    wide, _ = feed(score, tiny, empty, [0, 0, 0])
    narrow, _ = feed(jax.jit(model.score), tiny, first.cache, [0, 0, 0])
    assert narrow.dtype == np.float32
    # 8 bits of mantissa through four layers with weights that are larger than trained
    # ones: a tenth of the logits' spread, but the same order.
    assert np.abs(narrow - wide).mean() < 0.1 * wide.std()
    assert np.abs(narrow - wide).max() > 0


def test_x64_does_not_change_the_logits(tiny, score, empty):
    expected, _ = feed(score, tiny, empty, [0, 3, 6])
    with jax.enable_x64(True):
        found, _ = feed(
            jax.jit(lambda *args: tiny.model.score(*args)), tiny, empty, [0, 3, 6]
        )
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_the_decoding_loop_does_not_copy_the_cache(tiny):
    def generate(params, tokens, lengths):
        prompts = Prompts(tokens=tokens, lengths=lengths)
        first = tiny.model.prefill(params, prompts, CAPACITY)

        def step(carry):
            cache, token, slot = carry
            logits, cache = tiny.model.score(params, cache, token[:, None], slot)
            return cache, jnp.argmax(logits[:, 0], -1).astype(jnp.int32), slot + 1

        def unfinished(carry):
            return jnp.any(carry[2] < CAPACITY)

        carry = (first.cache, first.token, first.slot)
        return jax.lax.while_loop(unfinished, step, carry)[1]

    lowered = jax.jit(generate).lower(
        tiny.params, tiny.prompts.tokens, tiny.prompts.lengths
    )
    text = lowered.compile().as_text()
    entry = text.index("\nENTRY ")
    inside = text[:entry] + text[text.index("\n}", entry) :]
    assert "while(" in text
    shape = re.escape(f"f32[3,3,8,{CAPACITY}]")
    assert re.search(shape, inside), "the loop does not mention the cache at all"
    assert not re.findall(rf"= {shape}\S* copy\(", inside)
