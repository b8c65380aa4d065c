"""A trace is the engine's own run, and its numbers are the models'."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution, watch
from speccascade.errors import UserError
from speccascade.rules import RULES
from speccascade.traces import Origin, record
from tests.engine import small_pairs, toys
from tests.traces.letters import Letters

LIMIT, EOS = small_pairs.LIMIT, small_pairs.EOS
WORDS = Letters(small_pairs.VOCAB)
EXAMPLES = range(3)


def executions(pair):
    """Name -> what runs, and a threshold at which both models write."""
    found = {
        name: (
            Execution(kind="speculative", rule=RULES[name], gamma=3, bonus=bonus),
            toys.MIDDLE[name],
        )
        for name, bonus in (
            ("lossless", "law"),
            ("opt", "target"),
            ("token_v3", "law"),
            ("cactus", "law"),
        )
    }
    for name in ("adaptive", "token_cascade", "sequence_cascade"):
        found[name] = pair.cascades[name], sum(pair.alphas[name]) / 2
    found["target"] = Execution(kind="target"), 0.0
    found["drafter"] = Execution(kind="drafter"), 0.0
    return found


CASES = {name: (name,) for name in executions(small_pairs.PAIRS["t5"])}
# One model alone, drafts, and runs of the drafter's, each in one family.
FAST = {"t5": {"lossless", "target"}, "gemma": {"token_cascade"}}


def rows(alpha, temperature, example):
    return toys.make_rows(1, alpha=alpha, temperature=temperature, example=[example])


def traced(pair, asked, alpha, temperature, example):
    """(steps, counters) of one row."""
    return record(
        asked,
        watch(
            asked,
            pair.model,
            pair.model,
            pair.params,
            small_pairs.prompts(1),
            rows(alpha, temperature, example),
            max_new_tokens=LIMIT,
            eos_id=EOS,
        ),
        WORDS,
        alpha=alpha,
        greedy=temperature == 0,
    )


@pytest.mark.parametrize(("pair", "name"), small_pairs.each_with(CASES, FAST))
def test_a_trace_writes_what_the_engine_writes(pair, name):
    asked, alpha = executions(pair)[name]
    answers = set()
    for temperature in (0.0, 1.0):
        for example in EXAMPLES:
            at = rows(alpha, temperature, example)
            written = pair.decode(asked, small_pairs.prompts(1), at)
            steps, counters = traced(pair, asked, alpha, temperature, example)
            stand = [step for step in steps if step.origin.stands]
            length = int(written.lengths[0])
            tokens = tuple(step.token for step in stand)
            assert tokens == tuple(written.tokens[0, :length].tolist())
            assert [step.position for step in stand] == list(range(length))
            # The steps add up to the engine's counters.
            for origin in (Origin.ACCEPTED, Origin.RESAMPLED, Origin.BONUS):
                found = sum(step.origin is origin for step in steps)
                assert found == counters[origin.value]
            for key, values in written.counters.items():
                expected = None if values is None else int(values[0])
                assert counters[key] == expected, key
            answers.add(tokens)
    # Equality would say little of answers that are all the same.
    assert len(answers) > 1


@small_pairs.EACH
def test_probabilities_are_those_of_the_models(pair):
    asked = Execution(kind="speculative", rule=RULES["token_v3"], gamma=3)
    steps, _ = traced(pair, asked, 0.5, 1.0, 0)
    stand = [step for step in steps if step.origin.stands]
    answer = jnp.array([[step.token for step in stand]], jnp.int32)
    for name, params in (("q", pair.params.drafter), ("p", pair.params.target)):
        logits = jax.jit(pair.model.answer_logits)(
            params, small_pairs.prompts(1), answer
        )
        expected = np.asarray(jax.nn.softmax(logits[0], axis=-1))
        looks = [getattr(step, name) for step in stand]
        found = np.array([look.x for look in looks])
        np.testing.assert_allclose(
            found, expected[np.arange(len(stand)), answer[0]], atol=1e-5
        )
        np.testing.assert_allclose(
            [look.top for look in looks], expected.max(axis=1), atol=1e-5
        )
        tops = [WORDS.piece(int(token)) for token in expected.argmax(axis=1)]
        assert [look.top_piece for look in looks] == tops


@small_pairs.EACH
def test_drafts_are_decided_by_the_numbers_that_are_shown(pair):
    asked = Execution(kind="speculative", rule=RULES["opt"], gamma=3)
    rejected = 0
    for example in EXAMPLES:
        steps, _ = traced(pair, asked, toys.MIDDLE["opt"], 1.0, example)
        for step, after in zip(steps, (*steps[1:], None), strict=True):
            if step.origin is Origin.ACCEPTED:
                assert step.u < step.keep
            if step.origin is Origin.REJECTED:
                rejected += 1
                assert step.u >= step.keep and step.deferred
                assert "asks the target" in step.why and "× TV" in step.why
                assert after.origin in (Origin.DROPPED, Origin.RESAMPLED)
            if step.origin in (Origin.ACCEPTED, Origin.REJECTED):
                assert (" < max p" in step.why) == step.deferred
    assert rejected


def test_an_answer_that_is_left_to_the_target_is_shown_as_thrown_away():
    pair = small_pairs.PAIRS["t5"]
    asked = pair.cascades["sequence_cascade"]
    steps, counters = traced(pair, asked, -1.0, 1.0, 0)
    thrown = [step for step in steps if step.origin is Origin.DROPPED]
    assert len(thrown) == counters["drafted"] > 0
    assert thrown[-1].why.startswith("score 0.")
    assert thrown[-1].why.endswith("< 1 - -1: the answer asks the target")
    assert {step.origin for step in steps[len(thrown) :]} == {Origin.TARGET}


def test_an_execution_that_cannot_be_watched_is_refused():
    pair = small_pairs.PAIRS["t5"]
    asked = pair.cascades["bild"]
    with pytest.raises(UserError, match="bild cannot be watched"):
        traced(pair, asked, 1.0, 1.0, 0)
    batch = dataclasses.replace(toys.make_rows(2), active=jnp.array([True, True]))
    with pytest.raises(UserError, match="one row"):
        watch(
            pair.cascades["token_cascade"],
            pair.model,
            pair.model,
            pair.params,
            small_pairs.prompts(2),
            batch,
            max_new_tokens=LIMIT,
            eos_id=EOS,
        )
