"""At temperature 0 in float32, lossless speculation is plain decoding, on T5."""

import numpy as np
import pytest

from speccascade.engine import Execution
from speccascade.rules import RULES
from tests.engine import small_t5, toys


def plain(batch):
    rows = toys.make_rows(batch, temperature=0.0)
    return small_t5.decode(
        Execution(kind="target"), small_t5.prompts(batch, first=8 - batch), rows
    )


def test_the_outputs_vary():
    # A constant output would prove nothing.
    generation = plain(8)
    assert len(np.unique(generation.tokens)) >= 16
    assert max(len(set(row)) for row in generation.tokens.tolist()) >= 8
    assert len(set(generation.lengths.tolist())) > 1  # some rows end, some are cut


CASES = [
    pytest.param(
        gamma,
        batch,
        bonus,
        # Every gamma with every batch, and each bonus policy in turn.
        marks=() if (index + (bonus == "law")) % 2 else pytest.mark.slow,
        id=f"gamma{gamma}-batch{batch}-{bonus}",
    )
    for index, (gamma, batch) in enumerate(
        (gamma, batch) for gamma in (1, 2, 5) for batch in (1, 3, 8)
    )
    for bonus in ("law", "target")
]


@pytest.mark.parametrize(("gamma", "batch", "bonus"), CASES)
def test_lossless_speculation_equals_plain_decoding(gamma, batch, bonus):
    asked = Execution(
        kind="speculative", rule=RULES["lossless"], gamma=gamma, bonus=bonus
    )
    found = small_t5.decode(
        asked,
        small_t5.prompts(batch, first=8 - batch),
        toys.make_rows(batch, temperature=0.0),
    )
    expected = plain(batch)
    np.testing.assert_array_equal(found.tokens, expected.tokens)
    np.testing.assert_array_equal(found.lengths, expected.lengths)
    if batch == 8:  # the drafter is right often and wrong often
        accepted, resampled = found.counters["accepted"], found.counters["resampled"]
        assert min(accepted.sum(), resampled.sum(), found.counters["bonus"].sum()) >= 5
