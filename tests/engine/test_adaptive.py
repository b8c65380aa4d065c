"""Drafts of adaptive length: the law is that of a fixed length, the calls are fewer."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution, adaptive
from speccascade.engine.distributions import Sampler
from speccascade.engine.draft import DrafterState
from speccascade.engine.state import Output
from speccascade.models.toy import Toy
from speccascade.rules import RULES
from speccascade.sampling import Uniforms, row_key
from tests.engine import checks, small_pairs, toys
from tests.engine.exact import Setting
from tests.engine.test_cascade_rounds import MODEL, SURE, cells, numbered, scenarios
from tests.engine.test_ends import on_toy
from tests.engine.test_greedy import plain
from tests.engine.test_rounds import BATCH, ENDS, SPAN, scripted

SLOW = pytest.mark.slow


def by_rule(rule, gamma, **fields):
    fields = {"alpha": toys.MIDDLE[rule]} | fields
    return Setting(rule=rule, adaptive="rule", gamma=gamma, **fields)


def by_confidence(rule, gamma, fallback=0.4, **fields):
    fields = {"alpha": toys.MIDDLE[rule]} | fields
    return Setting(
        rule=rule, adaptive="confidence", gamma=gamma, fallback=fallback, **fields
    )


FAST = {
    "chow-rule-gamma2": by_rule("chow", 2),
    "chow_log-rule-gamma4": by_rule("chow_log", 4),
    "lossless-gamma4": by_confidence("lossless", 4),
    "opt-gamma2": by_confidence("opt", 2),
    "token_v1-gamma1": by_confidence("token_v1", 1),
    "lossy-gamma2": by_confidence("lossy", 2),
}
EVERY = FAST | {
    "chow-rule-processed": by_rule("chow", 2, gate="processed", alpha=0.3),
    "lossless-sure": by_confidence("lossless", 2, fallback=0.55),
    "lossless-unsure": by_confidence("lossless", 2, fallback=0.25),
    # Less cautious than the rule: at a fallback of alpha both would say the same.
    "chow-gamma2": by_confidence("chow", 2, fallback=0.55),
    "cactus-gamma2": by_confidence("cactus", 2),
    "lossy_star-gamma4": by_confidence("lossy_star", 4),
    "token_v3-redrawn": by_confidence("token_v3", 4, alpha=0.75, redraw=True),
    "top-p": by_confidence("opt", 2, top_p=0.8),
    **{
        f"{rule}-rule-gamma{gamma}": by_rule(rule, gamma)
        for rule in ("chow", "chow_log")
        for gamma in (1, 2, 4)
    },
    **{
        f"{rule}-gamma{gamma}": by_confidence(rule, gamma)
        for rule in ("lossless", "opt", "token_v1", "lossy")
        for gamma in (1, 2, 4)
    },
}
CASES = [
    pytest.param(setting, id=name, marks=() if name in FAST else SLOW)
    for name, setting in EVERY.items()
]


def of_fixed_length(setting):
    return dataclasses.replace(setting, adaptive="never")


@pytest.mark.parametrize("setting", CASES)
def test_the_output_follows_the_enumerated_law(setting):
    checks.follows_its_law(setting)


@pytest.mark.parametrize("setting", CASES)
def test_mean_counters_are_the_expected_ones(setting):
    counts = toys.enumeration(toys.PROMPTS[0], setting).counts
    assert {"drafted", "drafter_calls", "accepted", "bonus"} <= counts.keys()
    checks.counts_as_expected(setting, counts.keys())


@pytest.mark.parametrize("setting", CASES)
def test_counters_add_up_in_every_row(setting):
    generation = toys.simulated(setting).generation
    counts = generation.counters
    rounds, drafted = counts["target_calls"], counts["drafted"]
    decided = counts["accepted"] + counts["resampled"]
    np.testing.assert_array_equal(decided + counts["bonus"], generation.lengths)
    assert np.all(decided <= drafted)
    assert np.all(drafted <= setting.gamma * rounds)
    # A draft that does not end in an end token, or at the limit, takes one call more
    # than tokens.
    beyond = counts["drafter_calls"] - drafted
    assert np.all((beyond >= 0) & (beyond <= rounds))
    # Drafts are cut short, and not all to nothing.
    assert 0.1 < drafted.sum() / (setting.gamma * rounds.sum()) < 0.9
    if counts["deferred"] is not None:
        assert np.all(counts["resampled"] <= counts["deferred"])
        assert np.all(counts["deferred"] <= decided)
        # A rule that says where to stop defers nothing that was drafted,
        assert counts["deferred"].any() == (setting.adaptive == "confidence")
    if setting.adaptive == "rule":  # so that each q is looked at once.
        assert not counts["resampled"].any()
        np.testing.assert_array_equal(counts["drafter_calls"], generation.lengths)


@pytest.mark.parametrize("setting", CASES)
def test_at_temperature_0_the_output_is_the_enumerated_one(setting):
    low, high = np.clip((-1.5, 2.5), *RULES[setting.rule].alpha_range)
    written = checks.is_enumerated_at_temperature_0(setting, low, high)
    assert setting.rule == "lossless" or len(written) > len(toys.PROMPTS)


@pytest.mark.parametrize("setting", EVERY.values(), ids=EVERY)
def test_stopping_changes_the_calls_and_not_the_law(setting):
    # Of the enumerations, at every temperature.
    for temperature in (0.0, *toys.TEMPERATURES):
        at = dataclasses.replace(setting, temperature=temperature)
        found, expected = (
            toys.enumeration((3, 0), each) for each in (at, of_fixed_length(at))
        )
        assert found.outputs == pytest.approx(expected.outputs, abs=1e-14)
        assert found.counts["target_calls"] >= expected.counts["target_calls"]
        if temperature:
            calls = setting.gamma + 1  # a round of fixed length
            fixed = calls * expected.counts["target_calls"]
            assert found.counts["drafter_calls"] < fixed


def assert_writes(found, expected):
    np.testing.assert_array_equal(found.tokens, expected.tokens)
    np.testing.assert_array_equal(found.lengths, expected.lengths)


@pytest.mark.parametrize("name", ["opt-gamma2", "token_v1-gamma1", "lossy-gamma2"])
def test_the_lossless_end_is_lossless_with_the_same_stops(name):
    setting = EVERY[name]
    asked = toys.execution(setting)
    lossless = dataclasses.replace(asked, rule=RULES["lossless"])
    found = on_toy(asked, RULES[setting.rule].lossless_end)
    expected = on_toy(lossless, 0.0)
    assert_writes(found, expected)
    for counter in ("target_calls", "drafter_calls", "drafted", "accepted", "bonus"):
        np.testing.assert_array_equal(
            found.counters[counter], expected.counters[counter]
        )


@pytest.mark.parametrize(
    "name", ["chow-rule-gamma2", "chow_log-rule-gamma4", "opt-gamma2", "lossy-gamma2"]
)
def test_the_drafter_end_is_the_drafter_alone_wherever_it_stops(name):
    setting = EVERY[name]
    found = on_toy(toys.execution(setting), RULES[setting.rule].drafter_end)
    assert_writes(found, on_toy(Execution(kind="drafter"), 0.0))
    assert not found.counters["resampled"].any()


def test_a_rule_that_always_defers_drafts_nothing():
    found = on_toy(toys.execution(by_rule("chow", 2)), RULES["chow"].lossless_end)
    assert not found.counters["drafted"].any()
    for name in ("bonus", "target_calls", "drafter_calls"):
        np.testing.assert_array_equal(found.counters[name], found.lengths)


ON_PAIRS = {
    f"gamma{gamma}-batch{batch}": (gamma, batch)
    for gamma, batch in ((1, 3), (2, 8), (5, 1), (5, 8))
}


@pytest.mark.parametrize(
    ("pair", "gamma", "batch"),
    small_pairs.each_with(
        ON_PAIRS,
        {"t5": {"gamma5-batch1"}, "gemma": {"gamma2-batch8"}},
    ),
)
def test_on_either_family_lossless_speculation_equals_plain_decoding(
    pair, gamma, batch
):
    asked = Execution(
        kind="speculative",
        rule=RULES["lossless"],
        gamma=gamma,
        adaptive="confidence",
        fallback=pair.unsure,
    )
    found = pair.decode(
        asked,
        small_pairs.prompts(batch, first=8 - batch),
        toys.make_rows(batch, temperature=0.0),
    )
    assert_writes(found, plain(pair, batch))
    if batch == 8:
        counts = found.counters
        assert min(counts["accepted"].sum(), counts["resampled"].sum()) >= 5
        stopped = gamma * counts["target_calls"].sum() - counts["drafted"].sum()
        assert stopped >= 5 and counts["drafted"].sum() >= 10


def test_a_grid_of_thresholds_is_one_program():
    decode = toys.fresh_generate()
    asked = toys.execution(by_rule("chow", 2))
    for alpha in (-1.0, 0.0, 0.4, 1.0):
        for temperature in (0.0, 0.7):
            rows = toys.make_rows(6, alpha=alpha, temperature=temperature)
            toys.decode(asked, rows, decode_with=decode)
    assert decode._cache_size() == 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Noting(Toy):
    """A toy that notes its calls, outside of `jit`."""

    calls: list = dataclasses.field(default_factory=list, hash=False, compare=False)

    def score(self, *arguments):
        self.calls.append(None)
        return super().score(*arguments)


def drafted(asked, model, params, rows):
    """(the draft, the drafter's cache after it) of scenarios at their beginning."""
    prefilled = model.prefill(params, scenarios(), SPAN)
    state = DrafterState(
        cache=prefilled.cache,
        first_slot=prefilled.slot,
        previous=prefilled.token,
        lags=jnp.zeros((BATCH,), bool),
    )
    proposal, state = adaptive.draft_adaptively(
        asked,
        model,
        params,
        state,
        Output.start(prefilled.token, rows.active, limit=6),
        Sampler.of(asked, rows, None),
        Uniforms.ahead(row_key(rows.seed, rows.example), 6),
        rows,
        ENDS,
    )
    return proposal, state.cache


def test_the_worked_example_of_an_adaptive_draft_is_right():
    table = list(cells(adaptive.__doc__, "row"))
    assert len(table) == 4
    ids = numbered(word for row in table for word in f"{row[1]} {row[2]}".split())
    params = scripted(*([ids[word] for word in row[2].split()] for row in table))
    asked = Execution(
        kind="speculative",
        rule=RULES["lossless"],
        gamma=3,
        adaptive="confidence",
        fallback=1 - SURE,
    )
    rows = toys.make_rows(BATCH, active=np.arange(BATCH) < len(table))
    found, cache = drafted(asked, MODEL, params, rows)
    for index, (_, fed, q, written, calls, extra) in enumerate(table):
        tokens = [ids[word] for word in written.split() if word != "-"]
        assert found.tokens[index, : len(tokens)].tolist() == tokens
        assert int(found.lengths[index]) == len(tokens)
        assert int(found.calls[index]) == int(calls) == len(fed.split())
        first = SPAN * index
        held = cache[index, first : first + int(calls)].tolist()
        assert held == [ids[word] for word in fed.split()]
        # The q of the slot that the next token comes from was looked at.
        open_row = extra.startswith(f"from the law of slot {len(tokens)}")
        assert open_row == (q.split()[-1] in "!.")
        if open_row:
            largest = float(jnp.max(found.gate_q[index, len(tokens)]))
            assert (largest < SURE) == (q.split()[-1] == "!")
    assert not any(leaf[len(table) :].any() for leaf in (found.lengths, found.calls))


@pytest.mark.parametrize(
    ("alphas", "calls"), [([1.0], 4), ([0.4, -1.0], 3), ([-1.0, -1.0], 1)]
)
def test_the_drafter_is_called_until_the_last_row_stops(alphas, calls):
    # Two letters of which q is sure, then none: thresholds stop at once, there, or not.
    model = Noting(vocab_size=MODEL.vocab_size)
    asked = Execution(kind="speculative", rule=RULES["chow"], gamma=3, adaptive="rule")
    active = np.arange(BATCH) < len(alphas)
    alpha = np.resize(alphas, BATCH)
    rows = toys.make_rows(BATCH, alpha=alpha, active=active)
    params = scripted(*[[3, 4, -1, 5]] * len(alphas))
    with jax.disable_jit():
        found, _ = drafted(asked, model, params, rows)
    assert len(model.calls) == calls == int(jnp.max(found.calls))
