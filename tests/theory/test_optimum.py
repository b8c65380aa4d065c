"""Lemma 4: the stated rule is the best of all, and Diff is not."""

import itertools

import numpy as np
import pytest

from speccascade.rules.diff import Diff
from speccascade.rules.opt import Opt
from speccascade.theory import optimum
from speccascade.theory.losses import Losses, log_loss, zero_one
from speccascade.theory.prefixes import Prefixes, deferral, draw


@pytest.fixture
def few_sets(monkeypatch):
    monkeypatch.setattr(optimum, "_SETS", 20)


def test_every_rule_is_listed_once():
    rules = {tuple(rule) for rule in optimum.every_rule(5).tolist()}
    assert rules == set(itertools.product([False, True], repeat=5))


def test_the_losses_of_the_module_example_are_those_it_states():
    P, q = np.array([[0.2, 0.8]]), np.array([[0.6, 0.4]])
    losses = Losses.speculative(
        Prefixes(P=P, q=q, p=P), alpha=np.array([0.5]), loss=zero_one
    )
    found = [losses.kept, losses.deferred, losses.price]
    np.testing.assert_allclose(np.concatenate(found), [0.8, 0.2, 0.2])
    never, always = np.array([False]), np.array([True])
    np.testing.assert_allclose(losses.of(never), [0.8])
    np.testing.assert_allclose(losses.of(always), [0.4])
    assert losses.optimum().tolist() == [True]
    np.testing.assert_allclose(losses.regret(never), [0.4])


def test_plug_in_losses_are_one_minus_the_maximum_and_the_entropy():
    f = np.array([0.5, 0.25, 0.25])
    assert zero_one(f, f) == 0.5
    np.testing.assert_allclose(log_loss(f, f), 1.5 * np.log(2))


def test_no_rule_beats_the_stated_one_and_diff_is_beaten(few_sets):
    check = optimum.check(np.random.default_rng(1))
    assert check.holds and check.can_fail


def test_diff_in_the_place_of_opt_breaks_lemma_4(few_sets, monkeypatch):
    monkeypatch.setattr(Opt, "r", Diff.r)
    assert not optimum.check(np.random.default_rng(1)).holds


def test_forgetting_the_price_breaks_lemma_4(few_sets, monkeypatch):
    def optimum_without_price(losses):
        return losses.kept > losses.deferred

    monkeypatch.setattr(Losses, "optimum", optimum_without_price)
    assert not optimum.check(np.random.default_rng(1)).holds


def test_opt_is_optimal_under_the_true_p_where_both_models_know_their_accuracy():
    # P(0) = max q and P(1) = max p, so that the estimates are exact.
    prefixes = Prefixes(
        P=np.array([[0.4, 0.5, 0.1]]),
        q=np.array([[0.4, 0.3, 0.3]]),
        p=np.array([[0.25, 0.5, 0.25]]),
    )
    for alpha in np.linspace(-1, 2, 31):
        losses = Losses.speculative(prefixes, np.array([alpha]), zero_one)
        r = deferral(Opt(), prefixes, np.array([alpha]))
        np.testing.assert_allclose(losses.regret(r), 0, atol=1e-15)


def test_the_drawn_line_of_opt_is_the_lower_edge_of_all_rules():
    points = optimum._points(np.random.default_rng(3))
    opt = next(one for one in points if one.label == "opt")
    rules = [one for one in points if one.label == "any rule"]
    assert len(rules) == 2**6
    lines = [np.interp(opt.x, rule.x, rule.y) for rule in rules]
    np.testing.assert_allclose(opt.y, np.min(lines, axis=0), atol=1e-12)


def test_random_prefixes_are_distributions_with_finite_logarithms():
    prefixes = draw(np.random.default_rng(0), 500)
    for f in (prefixes.P, prefixes.q, prefixes.p):
        np.testing.assert_allclose(f.sum(axis=-1), 1)
        assert f.min() > 1e-4
