"""In float32, at temperature 0, lossless speculation is plain decoding."""

import numpy as np
import pytest

from speccascade.engine import Execution
from speccascade.rules import RULES
from tests.engine import small_pairs, toys


def plain(pair, batch):
    rows = toys.make_rows(batch, temperature=0.0)
    prompts = small_pairs.prompts(batch, first=8 - batch)
    return pair.decode(Execution(kind="target"), prompts, rows)


@small_pairs.EACH
def test_the_outputs_vary(pair):
    # A constant output would prove nothing.
    generation = plain(pair, 8)
    assert len(np.unique(generation.tokens)) >= 16
    assert max(len(set(row)) for row in generation.tokens.tolist()) >= 8
    assert len(set(generation.lengths.tolist())) > 1  # some rows end, some are cut


SETTINGS = {
    f"gamma{gamma}-batch{batch}-{bonus}": (gamma, batch, bonus)
    for gamma in (1, 2, 5)
    for batch in (1, 3, 8)
    for bonus in ("law", "target")
}
ON_GEMMA = {"gamma1-batch3-target", "gamma2-batch8-target", "gamma5-batch1-law"}
FAST = {
    # Every gamma and every batch, and each bonus policy with several of them.
    "t5": {
        "gamma1-batch1-law",
        "gamma1-batch8-law",
        "gamma2-batch3-law",
        "gamma5-batch8-law",
    },
    "gemma": ON_GEMMA,
}


@pytest.mark.parametrize(
    ("pair", "gamma", "batch", "bonus"), small_pairs.each_with(SETTINGS, FAST)
)
def test_lossless_speculation_equals_plain_decoding(pair, gamma, batch, bonus):
    asked = Execution(
        kind="speculative", rule=RULES["lossless"], gamma=gamma, bonus=bonus
    )
    found = pair.decode(
        asked,
        small_pairs.prompts(batch, first=8 - batch),
        toys.make_rows(batch, temperature=0.0),
    )
    expected = plain(pair, batch)
    np.testing.assert_array_equal(found.tokens, expected.tokens)
    np.testing.assert_array_equal(found.lengths, expected.lengths)
    if batch == 8:  # the drafter is right often and wrong often
        accepted, resampled = found.counters["accepted"], found.counters["resampled"]
        assert min(accepted.sum(), resampled.sum(), found.counters["bonus"].sum()) >= 5
