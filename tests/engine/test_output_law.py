"""What the engine writes on the toy pair follows the enumerated law, to chi-square.

`checks` says with how many rows, and how often that fails by chance.
"""

import dataclasses

import numpy as np
import pytest

from speccascade.rules import RULES
from tests.engine import checks, toys
from tests.engine.exact import Setting
from tests.rules.variants import WITHOUT_R

# Every rule of the paper at one gamma under `law`, and each gamma also under `target`,
# so that each pair of a bonus policy and a gamma meets several rules; and three other
# kinds of rule once. The rest, variants in logarithms among them, is marked slow.
FAST = {
    ("lossless", 1, "law"),
    ("lossy", 2, "law"),
    ("chow", 2, "law"),
    ("diff", 4, "law"),
    ("opt", 1, "law"),
    ("bild", 2, "law"),
    ("token_v1", 1, "law"),
    ("token_v2", 4, "law"),
    ("token_v3", 2, "law"),
    ("mentored", 1, "law"),
    ("head_free_pass", 2, "law"),
    ("cactus", 2, "law"),
    ("lossy", 4, "target"),
    ("chow", 2, "target"),
    ("diff", 1, "target"),
    ("token_v3", 4, "target"),
}

ASKED = {rule: Setting(rule=rule, alpha=alpha) for rule, alpha in toys.MIDDLE.items()}
ASKED["token_v3 redrawn"] = Setting(rule="token_v3", alpha=0.75, redraw=True)

CROSS = [
    pytest.param(
        dataclasses.replace(asked, gamma=gamma, bonus=bonus),
        marks=() if (name, gamma, bonus) in FAST else pytest.mark.slow,
        id=f"{name}-gamma{gamma}-{bonus}",
    )
    for name, asked in ASKED.items()
    for gamma in (1, 2, 4)
    for bonus in ("law", "target")
]


@pytest.mark.parametrize("setting", CROSS)
def test_the_output_follows_the_enumerated_law(setting):
    checks.follows_its_law(setting)


@pytest.mark.parametrize("setting", CROSS)
def test_mean_counters_are_the_expected_ones(setting):
    names = ["target_calls", "accepted", "resampled", "bonus"]
    names += ["deferred"] * (setting.rule not in WITHOUT_R)
    checks.counts_as_expected(setting, names)


@pytest.mark.parametrize("setting", CROSS)
def test_the_identities_of_counters_hold_in_every_row(setting):
    generation = toys.simulated(setting).generation
    counts = generation.counters
    decided = counts["accepted"] + counts["resampled"]
    written = decided + counts["bonus"] + counts["alone"]
    np.testing.assert_array_equal(written, generation.lengths)
    assert not counts["alone"].any()
    rounds = counts["target_calls"]
    np.testing.assert_array_equal(counts["drafted"], setting.gamma * rounds)
    calls = setting.gamma + (setting.bonus == "law")
    np.testing.assert_array_equal(counts["drafter_calls"], calls * rounds)
    assert np.all(decided <= counts["drafted"])
    # A round gives at most one token that was not drafted.
    assert np.all(counts["resampled"] + counts["bonus"] <= rounds)
    assert np.all(counts["prefills"] == 2)
    if setting.rule in WITHOUT_R:
        assert counts["deferred"] is None
    else:
        assert np.all(counts["resampled"] <= counts["deferred"])
        assert np.all(counts["deferred"] <= decided)
        # Deferral is rejection under the coupling "redraw", and under no other.
        assert np.any(counts["resampled"] < counts["deferred"]) != setting.redraw
    # Nothing stands after the end.
    after = np.arange(toys.LIMIT)[None, :] >= generation.lengths[:, None]
    assert not generation.tokens[after].any()


@pytest.mark.parametrize("setting", CROSS)
def test_thresholds_are_in_their_interesting_middle(setting):
    # A law that both models shape: some slots defer and some do not.
    counters = toys.simulated(setting).generation.counters
    decided = counters["accepted"].sum() + counters["resampled"].sum()
    assert 0.05 < counters["resampled"].sum() / decided < 0.6
    if setting.rule not in WITHOUT_R:
        assert 0.2 < counters["deferred"].sum() / decided < 0.8


@pytest.mark.parametrize("alone", ["drafter", "target"])
@pytest.mark.parametrize("truncation", [{}, {"top_p": 0.8}], ids=["whole", "top-p"])
def test_one_model_alone_follows_its_own_law(alone, truncation):
    setting = Setting(rule=None, alone=alone, **truncation)
    for p_value in toys.p_values(setting, toys.simulated(setting)).values():
        assert p_value > toys.LEVEL


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "rule",
    [
        "chow",
        "opt",
        pytest.param("lossy", marks=SLOW),
        pytest.param("token_v1", marks=SLOW),
    ],
)
def test_processed_gates_give_their_own_law(rule):
    # At temperature 0.5 distributions are sharper: the threshold moves with them.
    alpha = {"chow": 0.3}.get(rule, toys.MIDDLE[rule])
    setting = Setting(rule=rule, alpha=alpha, gamma=2, gate="processed")
    simulation = toys.simulated(setting)
    for p_value in toys.p_values(setting, simulation).values():
        assert p_value > toys.LEVEL
    if rule == "chow":
        untempered = dataclasses.replace(setting, gate="untempered")
        wrong = toys.p_values(untempered, simulation)
        assert wrong[0.5] < 1e-12  # the two gates differ here,
        assert wrong[1.0] > toys.LEVEL  # and not here


@pytest.mark.parametrize(
    ("rule", "truncation"),
    [
        pytest.param(
            rule,
            truncation,
            id=f"{rule}-{' and '.join(truncation)}",
            # Every truncation is tried in time, with one rule or the other.
            marks=SLOW if (rule == "opt") == (len(truncation) == 2) else (),
        )
        for rule in ("opt", "token_v3")
        for truncation in (
            {"top_k": 2},
            {"top_p": 0.7},
            {"min_p": 0.3},
            {"top_k": 3, "top_p": 0.9},
        )
    ],
)
def test_truncation_cuts_both_models_and_no_gate(rule, truncation):
    # One program a rule: the values are data.
    setting = Setting(rule=rule, alpha=toys.MIDDLE[rule], gamma=2, **truncation)
    for p_value in toys.p_values(setting, toys.simulated(setting)).values():
        assert p_value > toys.LEVEL


@pytest.mark.parametrize("setting", CROSS)
def test_at_temperature_0_the_output_is_the_enumerated_one(setting):
    # Over the rule's whole range or the part that matters.
    low, high = np.clip((-1.5, 2.5), *RULES[setting.rule].alpha_range)
    written = checks.is_enumerated_at_temperature_0(setting, low, high)
    assert setting.rule == "lossless" or len(written) > len(toys.PROMPTS)


def test_blocks_leave_no_trace_under_bonus_law():
    # Of the enumeration itself: the law is a product over positions, whatever gamma.
    laws = [
        toys.enumeration((2,), Setting(rule="chow", alpha=0.4, gamma=gamma)).outputs
        for gamma in (1, 2, 4)
    ]
    for law in laws:
        assert abs(sum(law.values()) - 1) < 1e-12
        assert law == pytest.approx(laws[0], abs=1e-15)


def test_the_lossless_enumeration_is_the_target_alone():
    alone = toys.enumeration((3, 0), Setting(rule=None)).outputs
    for bonus in ("law", "target"):
        lossless = Setting(rule="lossless", gamma=2, bonus=bonus)
        law = toys.enumeration((3, 0), lossless).outputs
        assert law == pytest.approx(alone, abs=1e-14)


def test_merging_rare_cells_keeps_every_count():
    observed = np.array([40, 1, 0, 2, 9])
    expected = np.array([40.0, 2.0, 1.0, 3.0, 6.0])
    merged, sums = toys.merge_rare(observed, expected)
    assert merged.tolist() == [3, 9, 40]
    assert sums.tolist() == [6.0, 6.0, 40.0]
