"""Lemmas 5 and 7: OPT and OPTLog stay within their bounds, wrong rules do not."""

import numpy as np
import pytest

from speccascade.rules.diff import Diff
from speccascade.rules.opt import Opt, OptLog
from speccascade.theory import regret
from speccascade.theory.losses import Losses, zero_one
from speccascade.theory.prefixes import Prefixes, deferral, draw


def one(P, q, p) -> Prefixes:
    return Prefixes(P=np.array([P]), q=np.array([q]), p=np.array([p]))


def regret_of(rule, prefixes, alpha):
    alpha = np.array([alpha])
    losses = Losses.speculative(prefixes, alpha, zero_one)
    return losses.regret(deferral(rule, prefixes, alpha))[0]


@pytest.mark.parametrize("e", [2**-3, 2**-6, 2**-10])
def test_the_bound_of_lemma_5_is_attained(e):
    prefixes = one([1.0, 0.0], [0.5 - e, 0.5 + e], [0.5 + e, 0.5 - e])
    assert regret_of(Opt(), prefixes, 0.0) == 1
    assert regret.lemma_5(prefixes)[0] == 1


def test_diff_breaks_lemma_5_where_opt_obeys_it():
    # P = p. The argmax of q is a token that never comes; D_TV = .35, and Diff, which
    # charges .06 for a deferral and not .06 * .35, keeps it.
    p = [0.4, 0.0, 0.3, 0.3]
    prefixes = one(p, [0.3, 0.35, 0.175, 0.175], p)
    bound = regret.lemma_5(prefixes)[0]
    assert bound == pytest.approx(0.35)
    assert regret_of(Diff(), prefixes, 0.06) == pytest.approx(0.4 - 0.06 * 0.35)
    assert regret_of(Opt(), prefixes, 0.06) == 0


def test_lemma_5_holds_nearly_tightly_and_diff_is_caught():
    check = regret.check_5(np.random.default_rng(1))
    assert check.holds and check.can_fail
    assert check.tightness is not None and 0.99 < check.tightness <= 1 + 1e-12


def test_diff_in_the_place_of_opt_breaks_lemma_5(monkeypatch):
    monkeypatch.setattr(Opt, "r", Diff.r)
    assert not regret.check_5(np.random.default_rng(1)).holds


def test_lemma_7_and_half_of_its_bound_hold_and_deferring_always_is_caught():
    for check in regret.check_7(np.random.default_rng(1)):
        assert check.holds and check.can_fail


def test_opt_log_that_never_sees_the_price_breaks_lemma_7(monkeypatch):
    def without_price(self, q, p, gate_q, gate_p, alpha, greedy):
        return right(self, q, p, gate_q, gate_p, 0 * alpha, greedy)

    right = OptLog.r
    monkeypatch.setattr(OptLog, "r", without_price)
    assert not regret.check_7(np.random.default_rng(1))[0].holds


def test_half_of_the_bound_is_at_most_half():
    prefixes = draw(np.random.default_rng(1), 1000)
    half, whole = regret.lemma_7_halved(prefixes), regret.lemma_7(prefixes)
    assert np.all(half <= whole / 2)


def test_lemma_7_by_hand():
    prefixes = one([1.0, 0.0], [0.5, 0.5], [0.75, 0.25])
    whole = np.log(2) * 1.0 + np.log(4) * 0.5
    np.testing.assert_allclose(regret.lemma_7(prefixes), [whole])
    np.testing.assert_allclose(regret.lemma_7_halved(prefixes), [np.log(3) * 0.25])
