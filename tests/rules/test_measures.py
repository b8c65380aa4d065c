"""Every rule that states a measure, against an oracle written from its source."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speccascade.rules import RULES, get_rule
from tests.rules.oracle import entropy, oracle
from tests.rules.variants import UNNORMALISED, WITHOUT_R

V = 4
MEASURED = [name for name in RULES if name != "cactus"]  # it gives a coupling


@functools.partial(jax.jit, static_argnums=0)
def answers(rule, q, p, gate_q, gate_p, alpha, greedy):
    """The measure [V] and r of every token [V], or None."""
    m = rule.measure(q, p, gate_q, gate_p, alpha, greedy)
    tokens = jnp.arange(V, dtype=jnp.int32)
    r = jax.vmap(lambda t: rule.defers(q, p, gate_q, gate_p, alpha, greedy, t))(tokens)
    return m, r


def answer(name, q, p, gate_q, gate_p, alpha, greedy=False, dtype="float64"):
    with jax.enable_x64(dtype == "float64"):
        arrays = [np.asarray(x, dtype) for x in (q, p, gate_q, gate_p, alpha)]
        m, r = answers(get_rule(name), *arrays, np.array(greedy))
        return np.asarray(m), None if r is None else np.asarray(r)


def one_hot(gate):
    return np.eye(len(gate))[int(np.argmax(gate))]


def assert_keeps_all(name, q, m):
    assert (m >= q).all()
    if name not in UNNORMALISED:
        np.testing.assert_array_equal(m, q)


def equal_for_opt(name, q, p, dtype):
    """OPT where q = p: 0 times infinity is 0, so r is Diff's, and m is p either way."""
    return name.startswith("opt") and (q.astype(dtype) == p.astype(dtype)).all()


every_rule = pytest.mark.parametrize("name", MEASURED)
ruled = pytest.mark.parametrize(
    "name", [name for name in RULES if name not in WITHOUT_R]
)

weights = st.one_of(
    st.lists(st.integers(0, 4).map(float), min_size=V, max_size=V),
    st.lists(st.floats(0, 1, allow_subnormal=False), min_size=V, max_size=V),
)
distributions = weights.filter(lambda w: sum(w) > 1e-6).map(
    lambda w: np.array(w) / np.sum(w)
)


def thresholds(name):
    low, high = get_rule(name).alpha_range
    finite = st.floats(max(low, -4), min(high, 4), allow_subnormal=False)
    tied = st.sampled_from([-0.5, -0.25, 0.0, 0.25, 0.5, 0.75])
    return st.one_of(
        finite, st.sampled_from([low, high]), tied.filter(lambda a: low <= a <= high)
    )


@every_rule
def test_the_measure_is_the_papers(name):
    # The gates are drawn apart from q and p: at a temperature they are others.
    @settings(max_examples=80, deadline=None)
    @given(*[distributions] * 4, thresholds(name), st.booleans())
    def check(q, p, gate_q, gate_p, alpha, greedy):
        if greedy:
            q, p = one_hot(gate_q), one_hot(gate_p)
        expected = oracle(name, q, p, gate_q, gate_p, alpha, greedy)
        if expected is not None:
            m, _ = answer(name, q, p, gate_q, gate_p, alpha, greedy)
            np.testing.assert_allclose(m, expected, rtol=0, atol=1e-12)

    check()


@every_rule
@pytest.mark.parametrize("greedy", [False, True])
def test_the_measure_in_float32_is_the_papers_to_1e_6(name, greedy):
    rng = np.random.default_rng(0)
    low, high = get_rule(name).alpha_range
    compared = 0
    for alpha in [a for a in (-0.613, 0.0719, 0.137, 0.613, 1.39) if low < a < high]:
        for _ in range(20):
            gate_q, gate_p, q, p = rng.dirichlet([0.5] * V, 4)
            if greedy:
                q, p = one_hot(gate_q), one_hot(gate_p)
            near = [
                oracle(name, q, p, gate_q, gate_p, alpha + shift, greedy)
                for shift in (-1e-5, 0, 1e-5)
            ]
            # Away from ties alone: there float32 and float64 may decide differently.
            if np.abs(near[0] - near[2]).max() < 1e-3:
                m, _ = answer(name, q, p, gate_q, gate_p, alpha, greedy, "float32")
                np.testing.assert_allclose(m, near[1], rtol=0, atol=1e-6)
                compared += 1
    assert compared > 30 or name == "lossless"


@every_rule
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("greedy", [False, True])
def test_the_lossless_end_gives_p_bit_for_bit(name, dtype, greedy, pair):
    gates = pair
    if greedy:
        pair = [one_hot(gate) for gate in gates]
    m, r = answer(name, *pair, *gates, get_rule(name).lossless_end, greedy, dtype)
    np.testing.assert_array_equal(m, pair[1].astype(dtype))
    if r is not None and not equal_for_opt(name, *pair, dtype):
        assert r.all()


@pytest.mark.parametrize("name", [name for name in MEASURED if name != "lossless"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("greedy", [False, True])
def test_the_drafter_end_keeps_every_draft(name, dtype, greedy, pair):
    end = get_rule(name).drafter_end
    gates = pair
    if greedy:
        pair = [one_hot(gate) for gate in gates]
    m, r = answer(name, *pair, *gates, end, greedy, dtype)
    assert_keeps_all(name, pair[0].astype(dtype), m)
    assert r is None or equal_for_opt(name, *pair, dtype) or not r.any()


@functools.partial(jax.jit, static_argnums=0)
def measured(rule, q, p, alpha, greedy):
    return rule.measure(q, p, q, p, alpha, greedy)


@every_rule
def test_the_ends_are_exact_on_large_float32_rows(name):
    # Rows of 999 whose float32 sums miss 1: 1 - (their sum) is not 0.
    rule = get_rule(name)
    rows = np.random.default_rng(0).dirichlet([0.05] * 999, (2, 64))
    rows[rows < 1e-37] = 0  # a softmax on CPU gives 0 below the normal numbers too
    q, p = jnp.asarray(rows, jnp.float32)
    assert (q.sum(-1) != 1).any()
    greedy = jnp.array(False)
    m = measured(rule, q, p, jnp.array(rule.lossless_end), greedy)
    np.testing.assert_array_equal(m, p)
    if rule.drafter_end is not None:
        m = measured(rule, q, p, jnp.array(rule.drafter_end), greedy)
        assert_keeps_all(name, q, m)


@pytest.mark.parametrize(
    ("name", "alphas"),
    [
        *((name, (-1e-6, -0.3, -1.0)) for name in ("token_v2", "token_v3")),
        *((name, (-1e-6, -0.3, -1.0)) for name in ("typical", "head_free_pass")),
        ("top_k_membership", (0.0, 0.5, 1 - 1e-6)),
    ],
)
def test_some_rules_are_lossless_over_a_range(name, alphas, pair):
    for alpha in alphas:
        m, r = answer(name, *pair, *pair, alpha)
        np.testing.assert_array_equal(m, pair[1])
        assert r.all()


@every_rule
def test_alpha_range_runs_from_the_lossless_end_to_the_drafter_end(name):
    rule = get_rule(name)
    low, high = rule.alpha_range
    assert low == rule.lossless_end
    assert high == rule.drafter_end or (name == "lossless" and high == low)


EXACT_TIES = {
    # (q, p, alpha): dyadic numbers, so that both sides of the condition are equal.
    "chow": ([0.5, 0.25, 0.25, 0], [0, 0, 0, 1], 0.5),
    "chow_log": ([0.25] * 4, [0, 0, 0, 1], float(np.log(4))),
    "diff": ([0.5, 0.25, 0.25, 0], [0, 0.25, 0, 0.75], 0.25),
    "diff_log": ([0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5], 0.0),
    "opt": ([0.5, 0.5, 0, 0], [0.25, 0.75, 0, 0], 1.0),
    "opt_log": ([0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5], 0.0),
    "bild": ([0.5, 0.5, 0, 0], [0.25, 0.25, 0.5, 0], float(np.log(4))),
    "token_v1": ([0.5, 0.5, 0, 0], [0.25, 0, 0.75, 0], 0.25),
    "token_v2": ([0.5, 0.5, 0, 0], [0.25, 0.25, 0.5, 0], 0.25),
    "token_v3": ([0.5, 0.5, 0, 0], [0.25, 0.25, 0.5, 0], 0.5),
    "head_free_pass": ([0.5, 0.5, 0, 0], [0.25, 0.25, 0.5, 0], 0.5),
    "token_l2": ([0.5, 0.5, 0, 0], [0.25, 0.25, 0.5, 0], 0.125),
    "token_drafter": ([0.5, 0.5, 0, 0], [0, 0, 0, 1], 0.5),
    "top_k_membership": ([0.5, 0.5, 0, 0], [0.25, 0.25, 0.5, 0], 2.0),
    "typical": ([0.5, 0.5, 0, 0], [0.125, 0.875, 0, 0], 0.875),
    "fuzzy": ([0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5], float(np.log(2))),
}


@ruled
def test_a_tie_keeps_the_drafter(name):
    q, p, alpha = EXACT_TIES[name]
    m, r = answer(name, q, p, q, p, alpha)
    assert_keeps_all(name, np.array(q), m)
    assert not r[0]
    _, r = answer(name, q, p, q, p, alpha - 1e-3)
    assert r[0]


@ruled
def test_the_deferral_set_shrinks_as_alpha_grows(name):
    alphas = st.lists(thresholds(name), min_size=2, max_size=2)

    @settings(max_examples=60, deadline=None)
    @given(distributions, distributions, alphas, st.booleans())
    def check(gate_q, gate_p, alphas, greedy):
        q, p = (gate_q, gate_p) if not greedy else (one_hot(gate_q), one_hot(gate_p))
        _, at_low = answer(name, q, p, gate_q, gate_p, min(alphas), greedy)
        _, at_high = answer(name, q, p, gate_q, gate_p, max(alphas), greedy)
        assert (at_high <= at_low).all()

    check()


@pytest.mark.parametrize("names", [("opt", "diff"), ("opt_log", "diff_log")])
@settings(max_examples=80, deadline=None)
@given(gate_q=distributions, gate_p=distributions, alpha=st.floats(-2, 2))
def test_opt_is_diff_at_temperature_zero(names, gate_q, gate_p, alpha):
    q, p = one_hot(gate_q), one_hot(gate_p)
    (m, r), (m_diff, r_diff) = (
        answer(name, q, p, gate_q, gate_p, alpha, True) for name in names
    )
    np.testing.assert_array_equal(m, m_diff)
    np.testing.assert_array_equal(r, r_diff)


@settings(max_examples=80, deadline=None)
@given(gate_q=distributions, gate_p=distributions, alpha=st.floats(2**-20, 1))
def test_lossy_is_token_v3_at_temperature_zero(gate_q, gate_p, alpha):
    arguments = one_hot(gate_q), one_hot(gate_p), gate_q, gate_p, alpha, True
    lossy, _ = answer("lossy", *arguments)
    token_v3, _ = answer("token_v3", *arguments)
    np.testing.assert_array_equal(lossy, token_v3)


GREEDY_BRANCHES = {
    # With gate_q = (.6, .3, .1, 0) and gate_p = (.2, .7, .1, 0): x^ = 0 and y^ = 1, and
    # x^ is accepted iff alpha is at least this (section 2.5 of the project's notes).
    "lossy": 1 - 0.2 / 0.7,
    "chow": 0.4,
    "chow_log": entropy([0.6, 0.3, 0.1]),
    "diff": 0.1,
    "diff_log": entropy([0.6, 0.3, 0.1]) - entropy([0.2, 0.7, 0.1]),
    "opt": 0.1,
    "opt_log": entropy([0.6, 0.3, 0.1]) - entropy([0.2, 0.7, 0.1]),
    "bild": -math.log(0.2),
    "token_v1": 0.1,
    "token_v2": 0.5,
    "token_v3": 1 - 0.2 / 0.7,
    "lossy_star": 1 - 0.2 / 0.7,
    "mentored": math.log(0.7 / 0.2),
    "head_free_pass": 1 - 0.2 / 0.7,
    "ensemble": 0.625,  # (1 - a) .2 + a .6 = (1 - a) .7 + a .3
    "fuzzy": entropy([0.4, 0.5, 0.1])
    - entropy([0.6, 0.3, 0.1]) / 2
    - entropy([0.2, 0.7, 0.1]) / 2,
    "token_l2": 0.34,  # .04 + .49 + .01 - .2
    "token_drafter": 0.4,
    "top_k_membership": 2,
    "typical": 0.8,  # exp(-H) = .449, so that the other condition is met
}


@pytest.mark.parametrize("name", [name for name in MEASURED if name != "lossless"])
def test_greedy_accepts_the_drafters_argmax_from_its_threshold_on(name):
    gates = [0.6, 0.3, 0.1, 0], [0.2, 0.7, 0.1, 0]
    q, p = one_hot(gates[0]), one_hot(gates[1])
    at = GREEDY_BRANCHES[name]
    below, _ = answer(name, q, p, *gates, at - 1e-6, True)
    above, _ = answer(name, q, p, *gates, at + 1e-6, True)
    np.testing.assert_array_equal(below, p)
    assert_keeps_all(name, q, above)


def test_v3_rejects_little_at_its_lossless_end_and_much_at_zero():
    q, p = np.array([0.48, 0.32, 0.2, 0]), np.array([0.5, 0.3, 0.2, 0])
    rejected = {}
    for alpha in (-1.0, 0.0):
        m, _ = answer("token_v3", q, p, q, p, alpha)
        rejected[alpha] = 1 - np.minimum(q, m).sum()
    assert rejected == pytest.approx({-1.0: 0.02, 0.0: 0.26}, abs=1e-12)


@every_rule
@pytest.mark.parametrize("greedy", [False, True])
def test_a_gate_outside_gates_is_never_read(name, greedy):
    rule = get_rule(name)
    q, p = np.array([0.6, 0.3, 0.1, 0]), np.array([0.2, 0.7, 0.1, 0])
    gates = {"q": q, "p": p}
    hidden = {key: x if key in rule.gates else x * np.nan for key, x in gates.items()}
    for alpha in (rule.lossless_end, 0.0, 0.3):
        shown, _ = answer(name, q, p, *gates.values(), alpha, greedy)
        blind, _ = answer(name, q, p, *hidden.values(), alpha, greedy)
        np.testing.assert_array_equal(blind, shown)


@every_rule
def test_thresholds_broadcast_over_rows_and_slots(name):
    rng = np.random.default_rng(0)
    q, p = jnp.asarray(rng.dirichlet([1] * V, (2, 2, 3)), jnp.float32)
    rule, token = get_rule(name), jnp.zeros((2, 3), jnp.int32)
    for shape in [(), (2, 1), (2, 3)]:
        alpha = jnp.asarray(rng.uniform(0, 0.3, shape), jnp.float32)
        greedy = jnp.asarray(rng.random(shape) < 0.5)
        m = measured(rule, q, p, alpha, greedy)
        full = (jnp.broadcast_to(x, (2, 3)) for x in (alpha, greedy))
        np.testing.assert_array_equal(m, measured(rule, q, p, *full))
        r = jax.eval_shape(rule.defers, q, p, q, p, alpha, greedy, token)
        assert r is None or r.shape == (2, 3)
