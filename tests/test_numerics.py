"""The numerics keep their contracts, at the edges above all."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade import numerics

inverse_cdf = jax.jit(numerics.inverse_cdf)

# The largest float32 below 1, and the largest that `sampling.uniform` returns.
LARGEST = [np.nextafter(np.float32(1), np.float32(0)), np.float32(1 - 2**-23)]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32"])
def test_argmax_agrees_with_numpy_and_takes_the_first_of_ties(dtype):
    x = np.random.default_rng(0).integers(-3, 3, (50, 7))
    found = numerics.argmax(jnp.asarray(x, dtype))
    assert found.dtype == jnp.int32
    np.testing.assert_array_equal(found, x.argmax(-1))


@pytest.mark.parametrize("row", [[-np.inf] * 3, [0, np.nan, 1], [np.inf, 1, np.inf]])
def test_argmax_stays_within_the_row(row):
    assert 0 <= int(numerics.argmax(jnp.array(row))) < 3


def test_one_hot_argmax_keeps_the_dtype():
    with jax.enable_x64(True):
        one_hot = numerics.one_hot_argmax(jnp.array([1.0, 2.0, 2.0], "float64"))
        assert one_hot.dtype == jnp.float64
        assert one_hot.tolist() == [0, 1, 0]


def test_zero_times_infinity_is_zero_in_either_order():
    a = jnp.array([0.0, jnp.inf, -jnp.inf, -0.0, 2.0])
    b = jnp.array([jnp.inf, 0.0, 0.0, -jnp.inf, jnp.inf])
    assert numerics.multiply_no_inf(a, b).tolist() == [0, 0, 0, 0, np.inf]


def test_entropy_of_the_uniform_is_log_v_and_of_a_one_hot_is_plain_zero():
    assert numerics.entropy(jnp.full(8, 0.125)) == pytest.approx(np.log(8))
    one_hot = numerics.entropy(jnp.array([0.0, 1.0]))
    assert one_hot == 0 and not np.signbit(one_hot)


def test_cross_entropy_is_infinite_exactly_where_p_excludes_what_q_draws():
    q = jnp.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]])
    p = jnp.array([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]])
    found = numerics.cross_entropy(q, p)
    np.testing.assert_allclose(found, [np.log(2), np.inf], rtol=1e-6)


def test_relative_entropy_of_nearly_equal_rows_is_accurate_and_of_equal_ones_zero():
    p = jnp.array([[0.1, 0.2, 0.7, 0.0]] * 2)
    q = p.at[0].add(jnp.array([1e-3, -1e-3, 0.0, 0.0]))
    near, zero = numerics.relative_entropy(p, q)
    assert near == pytest.approx(1e-6 * (1 / 0.1 + 1 / 0.2) / 2, rel=0.1)
    assert zero == 0
    assert numerics.relative_entropy(q[:1], jnp.array([[0.0, 0.5, 0.5, 0.0]])) == np.inf


def test_jensen_shannon_is_symmetric_and_at_most_log_2():
    rng = np.random.default_rng(0)
    p, q = jnp.asarray(rng.dirichlet([0.1] * 9, (2, 20)), jnp.float32)
    found = numerics.jensen_shannon(p, q)
    np.testing.assert_array_equal(found, numerics.jensen_shannon(q, p))
    assert ((found >= 0) & (found <= np.log(2) + 1e-6)).all()


def test_the_water_level_fills_its_volume():
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        a, b = jnp.asarray(rng.dirichlet([0.1] * 999, (2, 20)))
        full = jnp.sum(jnp.maximum(a - b, 0), axis=-1)
        for share in (1.0, 0.5, 1e-3, 0.0):
            level = numerics.water_level(a, b, share * full, start=1.0)
            filled = jnp.sum(jnp.maximum(level[:, None] * a - b, 0), axis=-1)
            np.testing.assert_allclose(filled, share * full, rtol=0, atol=1e-12)
            assert ((level >= 0) & (level <= 1)).all()


def test_total_variation_is_the_sum_of_positive_differences():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet([0.3] * 9, 20), rng.dirichlet([0.3] * 9, 20)
    with jax.enable_x64(True):
        found = numerics.total_variation(jnp.asarray(p), jnp.asarray(q))
        swapped = numerics.total_variation(jnp.asarray(q), jnp.asarray(p))
    np.testing.assert_allclose(found, np.maximum(p - q, 0).sum(-1), atol=1e-14)
    np.testing.assert_array_equal(found, swapped)


def test_total_variation_is_positive_where_p_and_q_differ_in_one_bit():
    # Both rows sum to 1 in float32, and p - q is nowhere positive.
    p, q = jnp.array([1.0, 0.0]), jnp.array([1.0, 1e-9])
    assert numerics.total_variation(p, q) > 0


def naive_draw(p, u):
    """First index whose exact running sum exceeds u times the mass."""
    running = np.cumsum(p.astype(np.float64))
    return int(np.argmax(running > np.float64(u) * running[-1]))


@pytest.mark.parametrize("vocabulary", [1, 2, 127, 128, 129, 1000])
def test_inverse_cdf_equals_the_plain_search(vocabulary):
    # Integer masses make every sum exact, so both searches see the same numbers.
    rng = np.random.default_rng(vocabulary)
    p = rng.integers(0, 4, (64, vocabulary)).astype(np.float32)
    p[:, -1] += p.sum(-1) == 0
    u = rng.random(64, np.float32)
    drawn = inverse_cdf(jnp.asarray(p), jnp.asarray(u))
    assert drawn.dtype == jnp.int32
    assert drawn.tolist() == [naive_draw(*row) for row in zip(p, u, strict=True)]


@pytest.mark.parametrize("u", [0.0, 2**-23, *LARGEST])
def test_inverse_cdf_never_draws_a_token_without_mass(u):
    # Rows like those of top-40 sampling: a few tokens far apart, zeros in between, at
    # both ends and at block boundaries; tails that float32 sums cannot resolve.
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 6, (512, 1000))
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p *= rng.random(p.shape) < 0.04
    p[:, rng.integers(0, 1000)] = 1
    p /= p.sum(-1, keepdims=True)
    p = jnp.asarray(p, jnp.float32)
    drawn = inverse_cdf(p, jnp.full(512, u))
    assert (numerics.at_token(p, drawn) > 0).all()


def test_a_running_sum_that_rises_without_mass_is_not_followed():
    # The sums a tree can make: they rise at index 1, where there is no mass, and fall
    # at index 3. At the thresholds below, the first rise would be taken for a draw.
    mass = jnp.array([0.5, 0.0, 0.25, 0.0, 0.25])
    running = jnp.array([0.5, 0.50000006, 0.75, 0.74999994, 1.0])
    assert int(numerics._first_past(mass, running, jnp.array(0.5))) == 2
    assert int(numerics._first_past(mass, running, jnp.array(0.75))) == 4


def test_inverse_cdf_draws_the_first_token_at_zero_and_the_last_at_the_largest_u():
    p = np.zeros((2, 300), np.float32)
    p[:, [5, 140, 290]] = [0.25, 0.5, 0.25]
    drawn = inverse_cdf(jnp.asarray(p), jnp.array([0.0, LARGEST[0]]))
    assert drawn.tolist() == [5, 290]


def test_inverse_cdf_of_a_row_without_mass_is_zero():
    assert int(inverse_cdf(jnp.zeros(300), jnp.array(0.5))) == 0


def test_inverse_cdf_takes_any_measure():
    p = jnp.array([1.0, 2.0, 1.0])
    draws = [int(inverse_cdf(p * s, jnp.array(0.5))) for s in (1e-6, 1, 1e6)]
    assert draws == [1, 1, 1]


def test_inverse_cdf_reproduces_the_distribution():
    # A grid of n uniforms gives every token within 2/n of its probability (one step at
    # each of its two boundaries, and rounding).
    n = 4096
    p = np.random.default_rng(2).dirichlet([0.2] * 200).astype(np.float32)
    u = jnp.arange(n, dtype=jnp.float32) / n
    drawn = inverse_cdf(jnp.broadcast_to(jnp.asarray(p), (n, 200)), u)
    share = np.bincount(drawn, minlength=200) / n
    np.testing.assert_allclose(share, p, atol=2 / n)


def test_inverse_cdf_takes_any_leading_axes():
    p = jnp.asarray(np.random.default_rng(3).dirichlet([1] * 5, (2, 3)), jnp.float32)
    u = jnp.asarray(np.random.default_rng(4).random((2, 3)), jnp.float32)
    drawn = inverse_cdf(p, u)
    flat = inverse_cdf(p.reshape(6, 5), u.reshape(6))
    assert drawn.shape == (2, 3)
    assert drawn.reshape(6).tolist() == flat.tolist()
