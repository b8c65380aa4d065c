"""Logits become the distribution that a sort-based numpy oracle gives."""

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speccascade import numerics
from speccascade.sampling import Sampling, gate
from speccascade.sampling import processed as uncompiled

processed = jax.jit(uncompiled, static_argnames="truncate")


def sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, rows=None):
    """Settings for `rows` rows; every argument is one value or one a row."""
    values = np.broadcast_arrays(temperature, top_k, top_p, min_p, np.zeros(rows or 1))
    dtypes = jnp.float32, jnp.int32, jnp.float32, jnp.float32
    return Sampling(
        *(jnp.asarray(v, d) for v, d in zip(values[:4], dtypes, strict=True))
    )


def softmax(logits):
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def oracle(logits, mask, temperature, top_k, top_p, min_p):
    """One row in float64, by sorting; tokens tied at a threshold all stay."""
    logits = np.where(mask, logits, -np.inf)
    if temperature == 0:
        return np.eye(len(logits))[logits.argmax()]
    p = softmax(logits / temperature)
    if top_k:
        threshold = np.sort(p)[::-1][min(top_k, len(p)) - 1]
        p = np.where(p >= threshold, p, 0)
        p /= p.sum()
    if top_p < 1:
        descending = np.sort(p)[::-1]
        needed = np.argmax(np.cumsum(descending) >= top_p)
        p = np.where(p >= descending[needed], p, 0)
        p /= p.sum()
    p = np.where(p >= min_p * p.max(), p, 0)
    return p / p.sum()


def run(logits, mask, *values, truncate=True):
    with jax.enable_x64(True):
        settings = sampling(*values)
        mask = None if mask is None else jnp.asarray(mask)
        return np.asarray(
            processed(jnp.asarray(logits)[None], settings, mask, truncate=truncate)[0]
        )


# Few distinct logits make ties. The values of top-p and min-p lie off the sums and
# ratios that they make, where the last bit would decide.
logits_of_6 = st.one_of(
    st.lists(st.integers(-2, 2).map(float), min_size=6, max_size=6),
    st.lists(st.floats(-8, 8), min_size=6, max_size=6),
).map(np.array)
masks = st.lists(st.booleans(), min_size=6, max_size=6).filter(any).map(np.array)


@settings(max_examples=200, deadline=None)
@given(
    logits_of_6,
    masks,
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    st.sampled_from([0, 1, 2, 3, 6, 100]),
    st.sampled_from([1.0, 0.9137, 0.5371, 0.0117]),
    st.sampled_from([0.0, 0.0311, 0.2719, 1.0]),
)
def test_truncation_equals_the_sorting_oracle(
    logits, mask, temperature, top_k, top_p, min_p
):
    values = temperature, top_k, float(np.float32(top_p)), float(np.float32(min_p))
    found, expected = run(logits, mask, *values), oracle(logits, mask, *values)
    np.testing.assert_array_equal(found > 0, expected > 0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_top_k_keeps_all_tokens_tied_at_its_threshold():
    p = run(np.log([0.4, 0.2, 0.2, 0.1, 0.1]), None, 1, 2, 1, 0)
    np.testing.assert_allclose(p, [0.5, 0.25, 0.25, 0, 0], atol=1e-12)


def test_top_p_keeps_the_token_that_reaches_the_mass_exactly():
    p = run(np.log([0.5, 0.25, 0.125, 0.125]), None, 1, 0, 0.75, 0)
    np.testing.assert_allclose(p, [2 / 3, 1 / 3, 0, 0], atol=1e-12)


def test_top_p_works_on_what_top_k_left_renormalised():
    # Of (.4, .3, .2, .1) top-k leaves (4/7, 3/7); the first of them reaches 0.5.
    p = run(np.log([0.4, 0.3, 0.2, 0.1]), None, 1, 2, 0.5, 0)
    np.testing.assert_allclose(p, [1, 0, 0, 0], atol=1e-12)


def test_top_p_zero_keeps_the_most_probable_token():
    assert run(np.log([0.2, 0.5, 0.3]), None, 1, 0, 0, 0).tolist() == [0, 1, 0]


def test_top_p_one_is_off_even_for_a_tail_that_sums_cannot_resolve():
    logits = jnp.array([[0.0, -20.0, -40.0]])
    p = processed(logits, sampling(), None, truncate=True)
    assert (p > 0).all()


def test_temperature_follows_top_k_in_effect_but_precedes_top_p():
    # At temperature 0.5 the row is (16, 4, 1)/21; two tokens reach 0.9, one 0.75.
    logits = np.log([4 / 7, 2 / 7, 1 / 7])
    p = run(logits, None, 0.5, 0, 0.9, 0)
    np.testing.assert_allclose(p, [0.8, 0.2, 0], atol=1e-12)
    assert run(logits, None, 0.5, 0, 0.75, 0).tolist() == [1, 0, 0]


def test_temperature_zero_is_the_first_argmax_of_the_allowed_logits():
    mask = np.array([False, True, True, True])
    for truncate in (False, True):
        p = run([9.0, 1.0, 2.0, 2.0], mask, 0, 3, 0.5, 0.1, truncate=truncate)
        assert p.tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("temperature", [1e-30, 1e-4, 1e30])
def test_no_temperature_overflows(temperature):
    logits = jnp.array([[80.0, -80.0, 79.0]])
    p = processed(logits, sampling(temperature))
    assert float(p.sum()) == pytest.approx(1, abs=1e-6)
    if temperature < 1:
        assert p.tolist() == [[1, 0, 0]]


@pytest.mark.parametrize("truncate", [False, True])
def test_masked_tokens_have_no_mass_and_are_never_drawn(truncate):
    rng = np.random.default_rng(0)
    rows, vocabulary = 256, 1000
    logits = jnp.asarray(rng.normal(0, 4, (rows, vocabulary)), jnp.float32)
    mask = rng.random(vocabulary) < 0.3
    mask[0] = mask[-1] = False
    values = sampling(1.0, rng.integers(0, 50, rows), rng.choice([1, 0.9], rows))
    p = processed(logits, values, jnp.asarray(mask), truncate=truncate)
    assert (p[:, ~mask] == 0).all()
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-6)
    for u in (0.0, 0.5, np.nextafter(np.float32(1), np.float32(0))):
        drawn = np.asarray(numerics.inverse_cdf(p, jnp.full(rows, u)))
        assert mask[drawn].all()


def test_each_row_has_its_own_values_for_all_its_slots():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4, 3, 6))
    values = [(0.0, 0, 1.0, 0.0), (0.5, 2, 1.0, 0.0), (1, 0, 0.5, 0), (2, 0, 1.0, 0.25)]
    mask = np.array([True] * 5 + [False])
    with jax.enable_x64(True):
        settings = sampling(*np.transpose(values), rows=4)
        found = processed(
            jnp.asarray(logits), settings, jnp.asarray(mask), truncate=True
        )
    for row, slot in np.ndindex(4, 3):
        temperature, top_k, top_p, min_p = values[row]
        expected = oracle(
            logits[row, slot], mask, temperature, int(top_k), top_p, min_p
        )
        np.testing.assert_allclose(found[row, slot], expected, rtol=0, atol=1e-12)


def test_settings_that_cut_nothing_change_no_bit():
    logits = jnp.asarray(np.random.default_rng(0).normal(0, 3, (32, 500)), jnp.float32)
    plain = processed(logits, sampling(0.7, rows=32))
    np.testing.assert_array_equal(
        processed(logits, sampling(0.7, rows=32), None, truncate=True), plain
    )


def test_float32_support_is_that_of_the_sorting_oracle():
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, (16, 200)).astype(np.float32)
    found = processed(
        jnp.asarray(logits), sampling(1, 20, 0.9, 0.01, 16), None, truncate=True
    )
    for row in range(16):
        expected = oracle(logits[row].astype(float), True, 1, 20, 0.9, 0.01)
        np.testing.assert_array_equal(found[row] > 0, expected > 0)
        np.testing.assert_allclose(found[row], expected, atol=1e-6)


def test_the_gate_is_the_untempered_masked_distribution():
    logits = jnp.array([[[1.0, 3.0, 2.0]]])
    mask = jnp.array([True, False, True])
    found = gate(logits, mask)
    np.testing.assert_allclose(
        found[0, 0], oracle(logits[0, 0], mask, 1, 0, 1, 0), 1e-6
    )
    np.testing.assert_array_equal(found, processed(logits, sampling(1.0), mask))


def primitives(jaxpr):
    """The names of all operations of a program, inner programs included."""
    for equation in jaxpr.eqns:
        yield equation.primitive.name
        for inner in jax.extend.core.jaxprs_in_params(equation.params):
            yield from primitives(inner)


@pytest.mark.parametrize("truncate", [False, True])
def test_nothing_is_sorted_and_only_truncation_searches(truncate):
    program = jax.make_jaxpr(lambda x, s: uncompiled(x, s, None, truncate))
    names = set(primitives(program(jnp.zeros((2, 3, 50)), sampling(rows=2)).jaxpr))
    assert "exp" in names
    assert not names & {"sort", "top_k", "cumsum"}
    assert bool(names & {"scan", "while"}) == truncate


def test_greedy_rows_are_those_at_temperature_zero():
    assert sampling([0.0, 0.5], rows=2).greedy.tolist() == [True, False]
