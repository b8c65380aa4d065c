"""Lemma 3: what the engine's test rejects is r D_TV(p, q), and no other test's."""

import numpy as np
import pytest

from speccascade.rules.opt import Opt
from speccascade.theory import rejection
from speccascade.theory.prefixes import Prefixes, draw

BY_HAND = Prefixes(
    P=np.array([[0.5, 0.5]]), q=np.array([[0.5, 0.5]]), p=np.array([[0.25, 0.75]])
)


@pytest.mark.parametrize(("alpha", "expected"), [(0.9, 0.25), (1.0, 0.0)])
def test_the_example_of_the_module_is_rejected_a_quarter_of_the_time(alpha, expected):
    found = rejection.rejected(Opt(), BY_HAND, np.array([alpha]))
    np.testing.assert_allclose(found, [expected], atol=1e-15)


def test_every_prefix_rule_obeys_lemma_3_and_a_token_rule_does_not():
    check = rejection.check(np.random.default_rng(1))
    assert check.holds and check.can_fail
    assert {points.label for points in check.points} >= {"chow", "diff", "opt", "bild"}
    # Both sides of the equation are tried, not 0 = 0.
    assert min(points.y.max() for points in check.points) > 0.5


def test_a_stricter_test_of_drafts_breaks_lemma_3(monkeypatch):
    right = rejection.keep_probability
    monkeypatch.setattr(
        rejection, "keep_probability", lambda q, m, token: 0.9 * right(q, m, token)
    )
    assert not rejection.check(np.random.default_rng(1)).holds


def test_cut_prefixes_have_one_hot_rows_and_disjoint_supports():
    prefixes = draw(np.random.default_rng(0), 2000, cut=True)
    np.testing.assert_allclose(prefixes.q.sum(axis=-1), 1)
    assert np.any(np.max(prefixes.q, axis=-1) == 1)
    assert np.any(np.sum(np.minimum(prefixes.q, prefixes.p), axis=-1) == 0)
