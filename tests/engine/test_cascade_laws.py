"""Token, oracle and sequence cascades and BiLD follow their enumerated laws.

`checks` says with how many rows, and how often that fails by chance.
"""

import dataclasses

import numpy as np
import pytest

from speccascade.rules import RULES
from tests.engine import checks, toys
from tests.engine.exact import Setting

MIDDLE = toys.MIDDLE
SLOW = pytest.mark.slow


def token(rule, **fields):
    return Setting(rule=rule, kind="token_cascade", alpha=MIDDLE[rule], **fields)


def oracle(rule):
    return Setting(rule=rule, kind="oracle_cascade", alpha=MIDDLE[rule])


def sequence(alpha, score, quantile=0.5):
    return Setting(
        rule="chow",
        kind="sequence_cascade",
        alpha=alpha,
        score=score,
        quantile=quantile,
    )


def bild(gamma, fallback):
    return Setting(rule="bild", kind="bild", alpha=2.0, gamma=gamma, fallback=fallback)


FAST = {
    "token-chow-cap2": token("chow", cap=2),
    "token-chow_log": token("chow_log", cap=None),
    "oracle-diff": oracle("diff"),
    "oracle-token_v1": oracle("token_v1"),
    "oracle-lossy": oracle("lossy"),
    "sequence-probability": sequence(0.85, "probability"),
    "sequence-quantile": sequence(0.5, "quantile"),
    "bild-gamma2": bild(2, 0.5),
}
CASES = [pytest.param(setting, id=name) for name, setting in FAST.items()] + [
    pytest.param(setting, id=name, marks=SLOW)
    for name, setting in {
        "token-chow-cap1": token("chow", cap=1),
        "token-chow-cap3": token("chow", cap=3),
        "token-chow": token("chow", cap=None),
        "token-chow_log-cap1": token("chow_log", cap=1),
        "token-chow-processed": token("chow", cap=2, gate="processed"),
        "sequence-mean": sequence(0.45, "mean"),
        "sequence-least": sequence(0.7, "quantile", quantile=0.0),
        "sequence-upper": sequence(0.3, "quantile", quantile=0.8),
        "bild-gamma1": bild(1, 0.6),
        "bild-gamma4": bild(4, 0.6),
        "bild-no-fallback": bild(2, 1.0),
        "bild-often-unsure": bild(4, 0.4),
        **{
            f"oracle-{rule}": oracle(rule)
            for rule in MIDDLE
            if f"oracle-{rule}" not in FAST
        },
    }.items()
]


@pytest.mark.parametrize("setting", CASES)
def test_the_output_follows_the_enumerated_law(setting):
    checks.follows_its_law(setting)


@pytest.mark.parametrize("setting", CASES)
def test_mean_counters_are_the_expected_ones(setting):
    counts = toys.enumeration(toys.PROMPTS[0], setting).counts
    checks.counts_as_expected(setting, counts.keys())


@pytest.mark.parametrize("setting", CASES)
def test_counters_add_up_in_every_row(setting):
    generation = toys.simulated(setting).generation
    counts, lengths = generation.counters, generation.lengths
    decided = counts["accepted"] + counts["resampled"]
    equal = np.testing.assert_array_equal
    equal(decided + counts["bonus"] + counts["alone"], lengths)
    skipped = setting.kind in ("token_cascade", "sequence_cascade")
    skipped &= counts["target_calls"] == 0
    equal(counts["prefills"], np.where(skipped, 1, 2))
    match setting.kind:
        case "token_cascade":
            equal(counts["drafter_calls"], lengths)  # one q a position
            assert np.all(counts["deferred"] <= counts["target_calls"])
            if setting.cap is None:  # then nothing else calls the target
                equal(counts["deferred"], counts["target_calls"])
        case "oracle_cascade":
            equal(counts["drafter_calls"], lengths)
            equal(counts["target_calls"], lengths)
        case "sequence_cascade":
            equal(counts["drafted"], counts["drafter_calls"])
            kept = counts["deferred"] == 0
            equal(np.where(kept, counts["drafted"], counts["target_calls"]), lengths)
            assert not counts["target_calls"][kept].any()
            assert counts["drafted"][~kept].all()  # the work is not taken back
        case "bild":
            equal(counts["deferred"], counts["resampled"])
            assert np.all(decided <= counts["drafted"])
            # A run that does not end its row takes one call more than tokens.
            beyond = counts["drafter_calls"] - counts["drafted"]
            assert np.all((beyond >= 0) & (beyond <= counts["target_calls"]))


@pytest.mark.parametrize("setting", CASES)
def test_both_models_shape_the_law(setting):
    counters = toys.simulated(setting).generation.counters
    if counters["deferred"] is not None:
        decisions = {
            "token_cascade": counters["drafter_calls"],
            "oracle_cascade": counters["alone"],
            "sequence_cascade": np.ones_like(counters["alone"]),
            "bild": counters["accepted"] + counters["resampled"],
        }[setting.kind]
        assert 0.1 < counters["deferred"].sum() / decisions.sum() < 0.9


@pytest.mark.parametrize("setting", CASES)
def test_at_temperature_0_the_output_is_the_enumerated_one(setting):
    low, high = RULES[setting.rule].alpha_range
    low, high = max(low, -0.5), min(high, 2.5)
    written = checks.is_enumerated_at_temperature_0(setting, low, high)
    assert setting.rule == "lossless" or len(written) > len(toys.PROMPTS)


def test_an_oracle_cascade_has_the_law_of_speculative_execution():
    # Of the enumerations themselves, at every temperature.
    for temperature in (0.0, *toys.TEMPERATURES):
        one = dataclasses.replace(oracle("opt"), temperature=temperature)
        other = dataclasses.replace(one, kind="speculative", gamma=2)
        laws = [toys.enumeration((3, 0), each).outputs for each in (one, other)]
        assert laws[0] == pytest.approx(laws[1], abs=1e-14)


def test_a_cap_changes_what_a_token_cascade_writes():
    for prompt in toys.PROMPTS[1:]:
        laws = [
            toys.enumeration(prompt, token("chow", cap=cap)).outputs
            for cap in (1, 2, None)
        ]
        assert laws[0] != laws[1] != laws[2]
