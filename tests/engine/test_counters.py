"""What is counted, row by row, and what is derived from it."""

import numpy as np
import pytest

from speccascade.engine import ratios
from speccascade.engine.counters import RATIOS, emitted
from tests.engine import toys
from tests.engine.exact import Setting

TOTALS = dict(
    target_calls=4,
    drafter_calls=12,
    drafted=8,
    accepted=5,
    resampled=3,
    bonus=2,
    alone=0,
    deferred=4,
    prefills=2,
)


@pytest.mark.parametrize("kind", ["drafter", "target"])
def test_one_model_alone_counts_its_own_calls(kind):
    generation = toys.simulated(Setting(rule=None, alone=kind)).generation
    counts = dict(generation.counters)
    assert counts.pop("deferred") is None
    np.testing.assert_array_equal(counts.pop("alone"), generation.lengths)
    np.testing.assert_array_equal(counts.pop(f"{kind}_calls"), generation.lengths)
    assert np.all(counts.pop("prefills") == 1)
    assert not any(values.any() for values in counts.values())


def test_ratios_are_what_they_say():
    assert emitted(TOTALS) == 10
    assert ratios(TOTALS) == {
        "rejection_rate": 3 / 8,
        "rejections_per_token": 3 / 10,
        "deferral_rate": 4 / 8,
        "deferrals_per_token": 4 / 10,
        "tokens_per_target_call": 10 / 4,
        "target_calls_per_token": 4 / 10,
        "drafter_calls_per_token": 12 / 10,
    }
    assert ratios(TOTALS).keys() == RATIOS.keys()


def test_ratios_without_meaning_are_none():
    alone = dict.fromkeys(TOTALS, 0)
    alone |= dict(drafter_calls=7, alone=7, deferred=None)
    found = ratios(alone)
    assert found["drafter_calls_per_token"] == 1
    without = "rejection_rate", "deferral_rate", "tokens_per_target_call"
    assert [found[name] for name in without] == [None] * 3
    # A rule without r defers nothing that could be counted.
    without_r = ratios(TOTALS | dict(deferred=None))
    assert without_r["deferral_rate"] is without_r["deferrals_per_token"] is None


def test_a_cascade_without_drafted_blocks_still_has_deferrals_per_token():
    oracle = dict.fromkeys(TOTALS, 0) | dict(alone=8, deferred=2)
    assert ratios(oracle)["deferral_rate"] is None
    assert ratios(oracle)["deferrals_per_token"] == 2 / 8
