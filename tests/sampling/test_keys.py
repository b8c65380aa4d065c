"""The uniforms: pinned, distinct, and blind to the batch."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.sampling import Role, Uniforms, row_key, uniform

# Seeds (0, 0, 1), examples (0, 7, 7), positions (0, 3, 3), tier 0, role DRAFT.
PINNED = [0.9699479341506958, 0.5654298067092896, 0.2517741918563843]


def keys(seeds, examples):
    return row_key(jnp.array(seeds, jnp.int32), jnp.array(examples, jnp.int32))


def draws(seeds, examples, positions, tier=0, role=Role.DRAFT):
    return uniform(keys(seeds, examples), jnp.array(positions, jnp.int32), tier, role)


def test_the_stream_is_threefry_2x32():
    # Random123's known answer for threefry2x32-20 with key (0, 0) and counter (0, 0).
    words = jax.random.key_data(keys([0], [0]))
    assert words.tolist() == [[0x6B200159, 0x99BA4EFE]]


def test_the_first_uniforms_are_pinned():
    # Every stored result depends on these numbers: they must never change.
    found = draws([0, 0, 1], [0, 7, 7], [0, 3, 3]).tolist()
    assert found == PINNED
    with jax.enable_x64(True):
        assert draws([0, 0, 1], [0, 7, 7], [0, 3, 3]).tolist() == PINNED


def test_the_roles_keep_their_numbers():
    assert [(role.name, role.value) for role in Role] == [
        ("DRAFT", 0),
        ("ACCEPT", 1),
        ("RESIDUAL", 2),
        ("TARGET", 3),
    ]


def test_the_generator_does_not_follow_the_default_of_jax():
    expected = draws([3], [4], [5]).tolist()
    with jax.default_prng_impl("rbg"):
        assert draws([3], [4], [5]).tolist() == expected


def test_uniforms_of_different_purposes_all_differ():
    # 2^23 values and 216 draws: two agree by chance with probability 0.3 %; the seeds
    # are fixed, so this either holds or does not.
    names = np.array(list(itertools.product(range(3), repeat=3))).T
    found = [
        value
        for tier, role in itertools.product(range(2), Role)
        for value in draws(*names, tier, role).tolist()
    ]
    assert len(set(found)) == len(found) == 216


def test_coordinates_do_not_stand_in_for_each_other():
    names = np.array(list(itertools.permutations(range(1, 4)))).T
    found = [
        value
        for tier, role in itertools.permutations(range(4), 2)
        for value in draws(*names, tier, Role(role)).tolist()
    ]
    assert len(set(found)) == len(found) == 72


def test_the_last_tier_and_position_that_have_room_share_no_number():
    # One 32-bit word names position, tier and role: its corners must not run over.
    corners = itertools.product((0, 1, 2**26 - 1), (0, 1, 15), Role)
    found = [draws([0], [0], [t], tier, role).item() for t, tier, role in corners]
    assert len(set(found)) == len(found) == 36


def test_a_row_draws_the_same_numbers_in_any_batch():
    batch = draws([0, 5, 0, 9], [1, 2, 3, 4], [7, 8, 9, 10])
    for row, (seed, example, position) in enumerate([(0, 1, 7), (5, 2, 8), (0, 3, 9)]):
        assert draws([seed], [example], [position])[0] == batch[row]
    reverse = draws([9, 0, 5, 0], [4, 3, 2, 1], [10, 9, 8, 7])
    np.testing.assert_array_equal(reverse[::-1], batch)


def test_several_positions_at_once_equal_one_at_a_time():
    positions = np.array([[0, 1, 2], [5, 6, 7]])
    block = draws([1, 1], [2, 3], positions)
    assert block.shape == (2, 3)
    for slot in range(3):
        single = draws([1, 1], [2, 3], positions[:, slot])
        np.testing.assert_array_equal(block[:, slot], single)


def test_a_compiled_draw_equals_an_interpreted_one():
    position = jnp.array([4, 5], jnp.int32)
    row_keys = keys([1, 2], [3, 4])
    compiled_uniform = jax.jit(uniform, static_argnums=(2, 3))
    np.testing.assert_array_equal(
        compiled_uniform(row_keys, position, 1, Role.ACCEPT),
        uniform(row_keys, position, 1, Role.ACCEPT),
    )


def test_negative_and_unsigned_words_are_taken_as_32_bits():
    signed = row_key(jnp.array([-1], jnp.int32), jnp.array([-2], jnp.int32))
    unsigned = row_key(
        jnp.array([2**32 - 1], jnp.uint32), jnp.array([2**32 - 2], jnp.uint32)
    )
    np.testing.assert_array_equal(
        jax.random.key_data(signed), jax.random.key_data(unsigned)
    )


def test_uniforms_are_uniform():
    # 4,096 draws in 16 bins: chi-square with 15 degrees of freedom stays below 37.7
    # with probability 0.999; the seed is fixed.
    u = np.asarray(draws([11], [0], [range(4096)]))[0]
    assert u.dtype == np.float32
    assert (u >= 0).all() and (u < 1).all()
    counts = np.bincount((u * 16).astype(int), minlength=16)
    assert ((counts - 256) ** 2 / 256).sum() < 37.7
    assert u.mean() == pytest.approx(0.5, abs=0.02)


def test_numbers_drawn_ahead_are_those_drawn_one_by_one():
    row_keys = keys([1, 2], [3, 4])
    ahead = Uniforms.ahead(row_keys, 6, tier=1)
    for role in Role:
        for position in ([0, 5], [[1, 2, 3], [3, 4, 5]]):
            position = jnp.array(position, jnp.int32)
            np.testing.assert_array_equal(
                ahead.at(position, role), uniform(row_keys, position, 1, role)
            )
