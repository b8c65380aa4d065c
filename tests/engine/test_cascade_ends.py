"""At the ends of its range a cascade is one of its models alone, token for token."""

import numpy as np
import pytest

from speccascade.engine import Execution
from speccascade.rules import RULES
from tests.engine import small_pairs
from tests.engine.test_ends import on_pair, on_toy

NEVER, ALWAYS = 1.0, -1.0  # thresholds of chow, diff and, where the first is infinite,
INFINITE = float("inf")  # of the others

DRAFTER, TARGET = Execution(kind="drafter"), Execution(kind="target")


def cascade(kind, rule, **fields):
    return Execution(kind=kind, rule=RULES[rule], **fields)


def assert_writes(found, expected):
    np.testing.assert_array_equal(found.tokens, expected.tokens)
    np.testing.assert_array_equal(found.lengths, expected.lengths)


SEQUENCES = [
    cascade("sequence_cascade", "chow", score=score)
    for score in ("probability", "mean", "quantile")
]


@pytest.mark.parametrize(
    ("asked", "alpha"),
    [
        (cascade("token_cascade", "chow", cap=None), NEVER),
        (cascade("token_cascade", "chow_log", cap=None), INFINITE),
        (cascade("token_cascade", "chow", cap=4), NEVER),  # outputs are no longer
        (cascade("oracle_cascade", "diff"), NEVER),
        (cascade("oracle_cascade", "opt"), INFINITE),
        (cascade("oracle_cascade", "token_v3"), NEVER),
        *[(asked, NEVER) for asked in SEQUENCES],
        # A run as long as the output leaves the target nothing to write.
        (cascade("bild", "bild", gamma=4, fallback=1.0), INFINITE),
    ],
)
def test_where_nothing_is_deferred_the_drafter_writes(asked, alpha):
    found = on_toy(asked, alpha)
    assert_writes(found, on_toy(DRAFTER, 0.0))
    assert not found.counters["deferred"].any()
    if asked.kind in ("token_cascade", "sequence_cascade"):
        assert not found.counters["target_calls"].any()


@pytest.mark.parametrize(
    "asked",
    [
        cascade("token_cascade", "chow", cap=None),
        cascade("token_cascade", "chow_log", cap=2),
        *SEQUENCES,
        cascade("bild", "bild", gamma=2),
    ],
)
def test_where_everything_is_deferred_the_target_writes(asked):
    assert_writes(on_toy(asked, ALWAYS), on_toy(TARGET, 0.0))


def test_bild_that_is_never_sure_leaves_everything_to_the_target():
    found = on_toy(cascade("bild", "bild", gamma=2, fallback=0.0), INFINITE)
    assert_writes(found, on_toy(TARGET, 0.0))
    assert not found.counters["drafted"].any()
    np.testing.assert_array_equal(found.counters["bonus"], found.lengths)


def test_all_oracle_cascades_meet_at_their_lossless_ends():
    expected = on_toy(cascade("oracle_cascade", "lossless"), 0.0)
    for rule, alpha in (("diff", -1.0), ("opt", -INFINITE), ("token_v3", -1.0)):
        assert_writes(on_toy(cascade("oracle_cascade", rule), alpha), expected)


@pytest.mark.parametrize("asked", SEQUENCES)
def test_every_answer_of_a_sequence_cascade_is_one_models_own(asked):
    found = on_toy(asked, 0.7)
    deferred = found.counters["deferred"].astype(bool)
    drafted, wanted = on_toy(DRAFTER, 0.0), on_toy(TARGET, 0.0)
    expected = np.where(deferred[:, None], wanted.tokens, drafted.tokens)
    np.testing.assert_array_equal(found.tokens, expected)
    assert 0.01 < deferred.mean() < 0.99


ON_PAIRS = {
    "token-drafter": (cascade("token_cascade", "chow", cap=None), NEVER),
    "token-target": (cascade("token_cascade", "chow", cap=None), ALWAYS),
    "sequence-drafter": (cascade("sequence_cascade", "chow", score="mean"), NEVER),
    "sequence-target": (cascade("sequence_cascade", "chow", score="mean"), ALWAYS),
}
FAST = {"token-drafter", "token-target"}  # one program


@pytest.mark.parametrize(
    ("pair", "asked", "alpha"),
    small_pairs.each_with(ON_PAIRS, {"t5": FAST, "gemma": FAST}),
)
def test_on_either_family_the_ends_are_the_models_alone(pair, asked, alpha):
    found = on_pair(pair, asked, alpha)
    expected = on_pair(pair, DRAFTER if alpha == NEVER else TARGET, 0.0)
    # Across programs of different shapes a near tie may fall either way: about 6e-4 a
    # token, so that of 8 outputs nearly always all agree.
    equal = np.all(found.tokens == expected.tokens, axis=1)
    assert equal.sum() >= small_pairs.BATCH - 1
    assert len(np.unique(found.tokens)) >= 8
