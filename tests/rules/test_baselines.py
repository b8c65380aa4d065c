"""What each rule that is not the paper's is said to be, beyond its formula."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speccascade.rules import RULES, Cactus, LossyStar, Mentored, get_rule, verify
from tests.rules import oracle
from tests.rules.test_measures import one_hot
from tests.rules.test_verify import V, distributions, step
from tests.rules.variants import GRID

unit = st.floats(0, 1, allow_subnormal=False)


def facts(rule, q, p, alpha, greedy=False, gates=None):
    """What `verify` says of one slot, in float64."""
    with jax.enable_x64(True):
        gate_q, gate_p = gates or (q, p)
        arguments = q, p, gate_q, gate_p, np.array([alpha], float), np.array(greedy)
        return {key: np.asarray(x)[0] for key, x in step(rule, *arguments).items()}


@settings(max_examples=60, deadline=None)
@given(q=distributions, p=distributions, alpha=unit)
def test_lossy_star_has_a_beta_of_at_least_1_and_lossys_test(q, p, alpha):
    found, lossy = (facts(RULES[name], q, p, alpha) for name in ("lossy_star", "lossy"))
    np.testing.assert_allclose(found["keep"], lossy["keep"], rtol=0, atol=1e-12)
    raised = found["m"] > q + 1e-12
    assert (found["m"][raised] <= p[raised] + 1e-12).all()
    np.testing.assert_allclose(found["law"], found["m"], rtol=0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(q=distributions, p=distributions, alpha=unit)
def test_the_grid_of_lossy_star_is_the_papers(q, p, alpha):
    found = facts(GRID, q, p, alpha)
    if alpha > 0:
        expected = oracle.lossy_star_grid_oracle(q, p, alpha)
        gap, best = (abs(m.sum() - 1) for m in (found["m"], expected))
        # Of two values of beta that are equally good, either may be taken.
        assert gap == pytest.approx(best, abs=1e-12)
        if gap > 1e-9 and np.abs(found["m"] - expected).max() > 1e-12:
            assert abs(found["m"].sum() + expected.sum() - 2) < 1e-9
    exact = facts(LossyStar(), q, p, alpha)
    # Both keep the same drafts, so the laws differ in what is added: the cut, spread as
    # (p/beta - q)+. As 1/beta moves by some delta, that moves by at most delta p(v) and
    # its sum by at most delta the other way, so the law by at most delta. The exact
    # beta is at least 1. Up to 10 it lies between two of the grid's, the lower of them
    # at least 1 - step: delta <= step / (1 - step). Beyond 10 the cut is all there is.
    step_of_grid = (10 - alpha) / 999
    cut = 1 - np.minimum(q, exact["m"]).sum()
    beyond = np.maximum(p / 10 - q, 0).sum() > cut
    bound = cut if beyond else step_of_grid / (1 - step_of_grid)
    assert np.abs(found["law"] - exact["law"]).max() <= bound + 1e-9


def test_a_misspelt_beta_is_refused():
    # UserError; where the tests check annotations, beartype is faster.
    with pytest.raises(Exception, match="beta"):
        LossyStar(beta="gird")


@settings(max_examples=60, deadline=None)
@given(
    q=distributions,
    p=distributions,
    alpha=st.floats(1e-6, 3),
    others=st.lists(distributions, min_size=5, max_size=5),
)
def test_nothing_within_the_budget_keeps_more_than_mentored(q, p, alpha, others):
    m = facts(Mentored(), q, p, alpha)["m"]
    assert m.sum() == pytest.approx(1, abs=1e-12)
    assert oracle.relative_entropy(p, m) <= alpha + 1e-9
    kept = np.minimum(q, m).sum()
    for other in [*others, q]:
        # From p towards the other one, as far as the budget allows.
        for share in np.linspace(0, 1, 21):
            rival = (1 - share) * p + share * other
            if oracle.relative_entropy(p, rival) <= alpha - 1e-9:
                assert np.minimum(q, rival).sum() <= kept + 1e-9


@settings(max_examples=40, deadline=None)
@given(q=distributions, p=distributions, alpha=unit)
def test_the_ensemble_is_the_cos_test_with_the_lossless_residual(q, p, alpha):
    found, lossless = (
        facts(get_rule("cos"), q, p, alpha),
        facts(RULES["lossless"], q, p, 0),
    )
    drawn = q > 0
    ratio = ((1 - alpha) * p + alpha * q)[drawn] / q[drawn]
    close = {"rtol": 0, "atol": 1e-12}
    np.testing.assert_allclose(found["keep"][drawn], np.minimum(1, ratio), **close)
    if alpha < 0.99 and np.abs(p - q).sum() > 1e-3:
        np.testing.assert_allclose(found["residual"], lossless["residual"], atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(q=distributions, p=distributions, alpha=st.floats(-1, 1, allow_subnormal=False))
def test_no_set_of_tokens_is_worth_more_than_that_of_token_l2(q, p, alpha):
    def worth(r):
        eta = q[r].sum()
        return (np.where(r, 0, q) + eta * p) @ p - alpha * eta

    with jax.enable_x64(True):
        r = RULES["token_l2"].r(jnp.array(q), jnp.array(p), jnp.array(alpha))
    found = worth(np.asarray(r))
    for other in itertools.product([False, True], repeat=V):
        assert worth(np.array(other)) <= found + 1e-12


@settings(max_examples=60, deadline=None)
@given(p=distributions)
def test_typical_keeps_at_least_one_token_just_above_alpha_0(p):
    # max p >= exp(-H(p)); at alpha = 0 rounding may hide that, 1e-12 outweighs it.
    with jax.enable_x64(True):
        kept = ~RULES["typical"].r(jnp.array(p), jnp.array(p), jnp.array(1e-12))
    assert np.asarray(kept).any()


def lifted(p, x, alpha):
    """The distribution against which Cactus tests x."""
    h = (
        1.0
        if alpha == np.inf
        else min(1, p[x] + np.sqrt(2 * alpha * p[x] * (1 - p[x])))
    )
    rest = 0.0 if p[x] == 1 else (1 - h) / (1 - p[x])
    return np.where(np.arange(V) == x, h, rest * p)


budgets = st.one_of(
    st.floats(0, 3, allow_subnormal=False), st.sampled_from([0, np.inf])
)


@settings(max_examples=100, deadline=None)
@given(q=distributions, p=distributions, alpha=budgets)
def test_cactus_tests_each_token_against_its_own_lifted_distribution(q, p, alpha):
    found = facts(Cactus(), q, p, alpha)
    law = np.zeros(V)
    for x in np.flatnonzero(q):
        target = lifted(p, x, alpha)
        keep = min(1, target[x] / q[x])
        excess = np.maximum(target - q, 0)
        assert found["keep"][x] == pytest.approx(keep, abs=1e-12)
        law[x] += q[x] * keep
        law += q[x] * (1 - keep) * excess / max(excess.sum(), 1e-300)
    np.testing.assert_allclose(found["law"], law, rtol=0, atol=1e-12)


def test_the_lift_of_cactus_is_worth_its_budget_to_second_order():
    p, alpha = np.array([0.3, 0.4, 0.2, 0.1]), 1e-6
    for x in range(V):
        spent = oracle.relative_entropy(lifted(p, x, alpha), p)
        assert spent == pytest.approx(alpha, rel=0.01)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_ends_of_cactus_are_lossless_and_the_drafter(dtype, pair):
    for greedy in (False, True):
        with jax.enable_x64(dtype == "float64"):
            gates = tuple(row.astype(dtype) for row in pair)
            q, p = (one_hot(row).astype(dtype) for row in gates) if greedy else gates
            alphas, greedy = np.array([0, np.inf], dtype), np.array(greedy)
            found, lossless = (
                jax.tree.map(np.asarray, step(rule, q, p, *gates, alphas, greedy))
                for rule in (Cactus(), RULES["lossless"])
            )
        drawn = np.flatnonzero(q)
        np.testing.assert_array_equal(
            found["keep"][0, drawn], lossless["keep"][0, drawn]
        )
        assert (found["keep"][1, drawn] == 1).all()
        assert found["rejection"][1] == 0
        np.testing.assert_array_equal(found["law"][1], q)
        np.testing.assert_allclose(found["law"][0], p, atol=1e-6)


def test_cactus_at_temperature_0_keeps_an_argmax_of_its_own_lifted_distribution():
    gate_q, gate_p = np.array([0.6, 0.3, 0.1, 0]), np.array([0.2, 0.7, 0.1, 0])
    for alpha in np.linspace(0, 1, 41):
        found = facts(
            Cactus(), one_hot(gate_q), one_hot(gate_p), alpha, True, (gate_q, gate_p)
        )
        expected = 0 if lifted(gate_p, 0, alpha).argmax() == 0 else 1
        np.testing.assert_array_equal(found["law"], np.eye(V)[expected])


def test_the_law_of_cactus_holds_over_a_large_vocabulary_in_float32():
    # As rows of a batch: the closed form is one of a single row.
    rows = np.random.default_rng(0).dirichlet([0.05] * 500, (2, 3))
    q, p = jnp.asarray(rows, jnp.float32)
    alpha, greedy = jnp.array([0.0, 0.01, 0.3]), jnp.array(False)
    coupling = Cactus().measure(q, p, q, p, alpha, greedy)
    tokens = jnp.broadcast_to(jnp.arange(500)[:, None], (500, 3))
    residuals = jax.vmap(lambda x: verify.residual(q, p, coupling, x))(tokens)
    rejected = q * (1 - coupling.keep)
    expected = q * coupling.keep + jnp.einsum("av,vaw->aw", rejected, residuals)
    found = verify.law(q, p, coupling)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)
