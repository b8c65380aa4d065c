"""Lemma 8: the limit at temperature 0, and how fast it is reached."""

import numpy as np
import pytest

from speccascade.rules.diff import Diff
from speccascade.rules.opt import Opt
from speccascade.theory import greedy
from speccascade.theory.prefixes import Prefixes, draw


@pytest.fixture
def few_temperatures(monkeypatch):
    monkeypatch.setattr(greedy, "_TEMPERATURES", np.array([1.0, 0.1, 0.01]))


def test_the_example_of_the_module_has_its_numbers():
    q = np.array([[0.6, 0.4]])
    np.testing.assert_allclose(greedy.tempered(q, 0.1)[0, 0], 0.983, atol=5e-4)
    certain = Prefixes(P=q, q=q, p=np.array([[1 - 1e-300, 1e-300]]))
    np.testing.assert_allclose(greedy.rate(certain, 0.1), [0.017], atol=5e-4)


def test_the_limit_is_reached_at_the_stated_rate(few_temperatures):
    check = greedy.check(np.random.default_rng(1))
    assert check.holds and check.can_fail


def test_at_temperature_0_opt_is_diff_whatever_the_threshold():
    prefixes = draw(np.random.default_rng(2), 500)
    here = greedy.Tempered.of(prefixes, 0.0)
    for alpha in (-0.7, -0.1, 0.0, 0.1, 0.7):
        laws = [here.law(rule, np.full(500, alpha)) for rule in (Opt(), Diff())]
        np.testing.assert_array_equal(*laws)


def test_diff_of_half_the_threshold_is_not_the_limit(few_temperatures, monkeypatch):
    def half(self, q, p, gate_q, gate_p, alpha, greedy):
        return right(self, q, p, gate_q, gate_p, alpha / 2, greedy)

    right = Diff.r
    monkeypatch.setattr(Diff, "r", half)
    assert not greedy.check(np.random.default_rng(1)).holds
