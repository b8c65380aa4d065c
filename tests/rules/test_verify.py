"""One accept/reject/resample step, enumerated, follows the law; for every rule.

The enumeration is written here in plain numpy. It asks the functions of `verify` only
for what the engine asks of them: a token's keep probability, and its residual.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speccascade.rules import Coupling, TokenV1, get_rule, verify
from tests.rules.variants import GRID, REDRAWN, UNNORMALISED, VARIANTS

V = 4


def enumerated(q, keep, residual):
    """sum_x q(x) [keep(x) e_x + (1 - keep(x)) residual_x], the law of one step.

    q is [V]; keep is [A, V], one row a threshold, and residual is [A, X, V].
    """
    output = np.zeros_like(keep)
    for x in range(len(q)):
        output[:, x] += q[x] * keep[:, x]
        output += (q[x] * (1 - keep[:, x]))[:, None] * residual[:, x]
    return output


@functools.partial(jax.jit, static_argnums=0)
def step(rule, q, p, gate_q, gate_p, alpha, greedy):
    """Everything that `verify` says about thresholds [A]; the distributions are [V]."""
    rows = alpha.shape[0]
    q, p, gate_q, gate_p = (
        jnp.broadcast_to(row, (rows, V)) for row in (q, p, gate_q, gate_p)
    )
    m = rule.measure(q, p, gate_q, gate_p, alpha, jnp.broadcast_to(greedy, rows))
    tokens = jnp.broadcast_to(jnp.arange(V)[:, None], (V, rows))
    stated = {} if isinstance(m, Coupling) else {"m": m}
    return stated | {
        "keep": jnp.stack([verify.keep_probability(q, m, x) for x in tokens], 1),
        "residual": jnp.stack([verify.residual(q, p, m, x) for x in tokens], 1),
        "rejection": verify.rejection_probability(q, m),
        "law": verify.law(q, p, m),
    }


def check_step(rule, q, p, alphas, dtype, tolerance, greedy=False, gates=None):
    gate_q, gate_p = gates or (q, p)
    arrays = [np.asarray(row, dtype) for row in (q, p, gate_q, gate_p, alphas)]
    out = {
        name: np.asarray(value, np.float64)
        for name, value in step(rule, *arrays, np.array(greedy)).items()
    }
    # What the functions were given, exactly: in float32 no longer quite the arguments.
    q, p = (np.asarray(row, np.float64) for row in arrays[:2])
    close = functools.partial(np.testing.assert_allclose, rtol=0, atol=tolerance)
    keep, residual, law = (out[key] for key in ("keep", "residual", "law"))
    assert (keep >= 0).all() and (keep <= 1).all()
    close(residual.sum(-1), 1)
    close(law.sum(-1), 1)
    close(law, enumerated(q, keep, residual))
    close(out["rejection"], 1 - (q * keep).sum(-1))
    if "m" not in out:
        return
    m = out["m"]
    assert (m >= 0).all()
    close(out["rejection"], 1 - np.minimum(q, m).sum(-1))
    if rule.name not in UNNORMALISED and rule != GRID:
        close(m.sum(-1), 1)
        close(law, m)
        return
    # Where there is no excess the replacement is drawn from norm(m), or from p.
    rho, excess = 1 - np.minimum(q, m).sum(-1), np.maximum(m - q, 0)
    replacement = next_positive(excess, next_positive(m, p))
    close(law, np.minimum(q, m) + rho[:, None] * replacement)


def next_positive(f, fallback):
    """norm(f), and the fallback in the rows where f is 0."""
    total = f.sum(-1, keepdims=True)
    return np.where(total > 0, f / np.where(total > 0, total, 1), fallback)


def thresholds(rule):
    """The ends of a rule's range, and points between that fit its scale."""
    low, high = rule.alpha_range
    inner = [-3.0, -0.7, -0.25, 0.0, 0.137, 0.25, 0.5, 0.613, 0.9, 3.0]
    return [low, *(alpha for alpha in inner if low < alpha < high), high]


every_rule = pytest.mark.parametrize("rule", VARIANTS.values(), ids=VARIANTS)


@every_rule
@pytest.mark.parametrize("greedy", [False, True])
def test_one_step_follows_the_law_on_named_pairs(rule, pair, greedy):
    gates = pair
    if greedy:
        pair = [np.eye(V)[row.argmax()] for row in pair]
    with jax.enable_x64(True):
        check_step(rule, *pair, thresholds(rule), "float64", 1e-12, greedy, gates)
    check_step(rule, *pair, thresholds(rule), "float32", 1e-6, greedy, gates)


# Small integers make ties, zeros and one-hot rows; floats make everything else.
weights = st.one_of(
    st.lists(st.integers(0, 4).map(float), min_size=V, max_size=V),
    st.lists(st.floats(0, 1, allow_subnormal=False), min_size=V, max_size=V),
    st.lists(st.sampled_from([0.0, 1e-12, 1e-6, 0.5, 1.0]), min_size=V, max_size=V),
)
distributions = weights.filter(lambda w: sum(w) > 1e-6).map(
    lambda w: np.array(w) / np.sum(w)
)


@every_rule
def test_one_step_follows_the_law_on_any_pair_in_float64(rule):
    low, high = rule.alpha_range
    alphas = st.floats(max(low, -5), min(high, 5), allow_subnormal=False)

    # The gates are drawn apart from q and p: at a temperature they are others.
    @settings(max_examples=40, deadline=None)
    @given(distributions, distributions, distributions, distributions, alphas)
    def check(q, p, gate_q, gate_p, alpha):
        with jax.enable_x64(True):
            check_step(rule, q, p, [alpha], "float64", 1e-12)
            check_step(rule, q, p, [alpha], "float64", 1e-12, False, (gate_q, gate_p))

    check()


@every_rule
def test_one_step_follows_the_law_on_any_pair_in_float32(rule):
    rng = np.random.default_rng(0)
    for concentration in (0.1, 1.0, 10.0):
        for _ in range(10):
            q, p = rng.dirichlet([concentration] * V, 2)
            check_step(rule, q, p, thresholds(rule), "float32", 1e-6)


def test_a_reversed_residual_fails_the_enumeration(monkeypatch):
    def reversed_residual(q, p, m, token=None):
        return verify.safe_normalise(jnp.maximum(q - m, 0), m)

    rule = get_rule("lossless")
    q, p = np.array([0.5, 0.25, 0.25, 0]), np.full(V, 0.25)
    check_step(rule, q, p, [0.0], "float32", 1e-6)

    # Enumerated with the fault, the output is q instead of p.
    keep = np.minimum(1, p / np.maximum(q, p))[None]
    residual = reversed_residual(jnp.array(q), jnp.array(p), jnp.array(p))
    wrong = enumerated(q, keep, np.broadcast_to(residual, (1, V, V)))
    np.testing.assert_allclose(wrong[0], q, atol=1e-6)

    monkeypatch.setattr(verify, "residual", reversed_residual)
    step.clear_cache()
    try:
        with pytest.raises(AssertionError):
            check_step(rule, q, p, [0.0], "float32", 1e-6)
    finally:
        step.clear_cache()  # nothing compiled with the fault may outlive it


def test_lossy_follows_its_law_and_not_its_normalised_measure():
    with jax.enable_x64(True):
        out = step(
            get_rule("lossy"),
            *(jnp.array([*row, 0, 0]) for row in [(0.8, 0.2), (0.5, 0.5)] * 2),
            jnp.array([0.2]),
            jnp.array(False),
        )
    np.testing.assert_allclose(out["m"][0, :2], [0.625, 0.5], atol=1e-12)
    np.testing.assert_allclose(out["law"][0, :2], [0.625, 0.375], atol=1e-12)
    np.testing.assert_allclose(out["rejection"], [0.175], atol=1e-12)


def test_nothing_clipped_means_a_rejection_probability_of_exactly_zero():
    q = jnp.asarray(np.random.default_rng(0).dirichlet([1] * 1000, 8), jnp.float32)
    assert (verify.rejection_probability(q, q) == 0).all()
    assert (verify.keep_probability(q, q, jnp.arange(8)) == 1).all()
    np.testing.assert_array_equal(verify.law(q, q, q), q)


def test_an_empty_residual_falls_back_to_the_measure_and_then_to_p():
    q = jnp.array([[0.5, 0.5], [0.5, 0.5]])
    p = jnp.array([[0.2, 0.8], [0.2, 0.8]])
    m = jnp.array([[0.1, 0.3], [0.0, 0.0]])
    np.testing.assert_allclose(
        verify.residual(q, p, m, jnp.array([0, 0])),
        [[0.25, 0.75], [0.2, 0.8]],
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        verify.law(q, p, m), [[0.25, 0.75], [0.2, 0.8]], rtol=1e-6
    )


def test_a_token_that_cannot_be_drawn_is_kept():
    q, m = jnp.array([[1.0, 0.0]] * 2), jnp.array([[1.0, 0.0], [0.5, 0.5]])
    assert verify.keep_probability(q, m, jnp.array([1, 1])).tolist() == [1, 1]


@pytest.mark.parametrize("rule", REDRAWN.values(), ids=REDRAWN)
@settings(max_examples=40, deadline=None)
@given(q=distributions, p=distributions, alpha=st.floats(-1, 1, allow_subnormal=False))
def test_both_couplings_have_one_law_and_redrawing_rejects_eta(rule, q, p, alpha):
    with jax.enable_x64(True):
        arrays = q, p, q, p, np.array([alpha]), np.array(False)
        alg4, redrawn = step(get_rule(rule.name), *arrays), step(rule, *arrays)
        r = np.asarray(rule.r(jnp.array(q), jnp.array(p), jnp.array(alpha)))
        redrawn, alg4 = (jax.tree.map(np.asarray, out) for out in (redrawn, alg4))
    np.testing.assert_allclose(redrawn["law"], alg4["law"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(redrawn["rejection"], q[r].sum(), rtol=0, atol=1e-12)
    assert redrawn["rejection"] >= alg4["rejection"] - 1e-12


@pytest.mark.parametrize("rule", REDRAWN.values(), ids=REDRAWN)
def test_the_couplings_reject_at_different_rates(rule):
    # r = (0, 1, 1, 1) in all three, so eta = .5, and Alg. 4 rejects D_TV(m, q): the
    # first token gains eta .4 = .2 and the fourth .5 x .3 - .1 = .05.
    q, p = jnp.array([[0.5, 0.2, 0.2, 0.1], [0.4, 0.2, 0.1, 0.3]])
    arrays = q, p, q, p, jnp.array([0.0, 0.0]), jnp.array(False)
    for variant, expected in ((get_rule(rule.name), 0.25), (rule, 0.5)):
        found = step(variant, *arrays)["rejection"]
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_misspelt_coupling_is_refused():
    # UserError; where the tests check annotations, beartype is faster.
    with pytest.raises(Exception, match="coupling"):
        TokenV1(coupling="alg5")
