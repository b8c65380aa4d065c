"""Runs, cascades and BiLD where every token is known: their worked examples, by hand.

`test_rounds` says how a script becomes a model.
"""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import (
    Execution,
    PairParams,
    bild,
    generate,
    request,
    run,
    token_cascade,
)
from speccascade.engine.distributions import Sampler
from speccascade.engine.pair import ModelState
from speccascade.engine.state import Ends, Output
from speccascade.models.interface import Prompts
from speccascade.models.toy import Toy
from speccascade.rules import RULES
from speccascade.sampling import Uniforms, row_key
from tests.engine import small_pairs, toys
from tests.engine.test_rounds import (
    BATCH,
    EOS,
    SPAN,
    START,
    VOCAB,
    lines_under,
    scripted,
)

MODEL = Toy(vocab_size=VOCAB)
# What a worked example writes beside letters: `!` is a q that is flat (of a script: no
# token is certain), `.` one that is sure of something that is not written.
MARKS = {"^": START, "$": EOS, "!": -1, ".": START}
SURE = 0.5  # the threshold, or the fallback, that parts them


def cells(docstring, header):
    """The cells of the table, remarks in brackets left out."""
    for line in lines_under(docstring, header):
        yield re.split(r"\s{2,}", re.sub(r"\(.*\)", "", line).strip())


def numbered(words):
    """An id for every word that is no mark."""
    return MARKS | {
        word: 3 + index for index, word in enumerate(sorted({*words} - {*MARKS}))
    }


def example(docstring):
    """(drafter's script, target's script, runs, output) of a table of rounds."""
    rounds = [
        (last, run.split(), rest[-1].split())
        for _, last, run, *rest in cells(docstring, "round")
    ]
    output = rounds[-1][-1]
    ids = numbered([*output, *(word for _, run, _ in rounds for word in run)])
    drafted, position = {}, 0
    for last, written, after in rounds:
        # The table agrees with itself.
        assert last == ("^" if position == 0 else output[position - 1])
        assert after == output[: len(after)]
        drafted |= {position + offset: ids[x] for offset, x in enumerate(written)}
        position = len(after)
    drafter = [drafted.get(place, START) for place in range(SPAN)]
    runs = [run for _, run, _ in rounds]
    return drafter, [ids[word] for word in output], runs


def scenarios():
    """Each row's first slots are those of its own scenario."""
    return Prompts(
        tokens=jnp.full((BATCH, SPAN * BATCH), START, jnp.int32),
        lengths=SPAN * jnp.arange(BATCH, dtype=jnp.int32) + 1,
    )


def play(asked, drafter, target, alpha, limit):
    """One scenario: (tokens, counters)."""
    generation = generate(
        asked,
        MODEL,
        MODEL,
        PairParams(drafter=scripted(drafter), target=scripted(target)),
        scenarios(),
        toys.make_rows(BATCH, alpha=alpha, active=np.arange(BATCH) < 1),
        max_new_tokens=limit,
        eos_id=EOS,
    )
    written = toys.on_host(generation)
    counts = {name: values[0] for name, values in written.counters.items()}
    return list(toys.outputs(written)[0]), counts


def test_the_worked_example_of_a_run_is_right():
    table = list(cells(run.__doc__, "row"))
    assert len(table) == 4
    ids = numbered(word for row in table for word in (row[2] + " " + row[3]).split())
    ids["0"] = 0
    active = jnp.arange(BATCH) < len(table)
    params = scripted(*([ids[word] for word in row[2].split()] for row in table))
    rows = toys.make_rows(BATCH)
    prefilled = MODEL.prefill(params, scenarios(), SPAN)
    output = Output.start(prefilled.token, active, limit=6)
    found, state = run.write_run(
        MODEL,
        params,
        ModelState(cache=prefilled.cache, first_slot=prefilled.slot),
        output,
        Sampler.of(Execution(kind="drafter"), rows, None),
        Uniforms.ahead(row_key(rows.seed, rows.example), 6),
        lambda q, gate_q: jnp.max(gate_q, axis=-1) < SURE,
        longest=3,
        ends=Ends(eos_id=EOS),
    )
    for index, (_, fed, _, tokens, *numbers, calls) in enumerate(table):
        assert found.tokens[index].tolist() == [ids[word] for word in tokens.split()]
        assert int(found.lengths[index]) == int(numbers[0])
        assert bool(found.asked[index]) == (numbers[1] == "yes")
        assert bool(found.open[index]) == (numbers[2] == "yes")
        assert int(found.calls[index]) == int(calls) == len(fed.split())
        first = SPAN * index
        held = state.cache[index, first : first + int(calls)].tolist()
        assert held == [ids[word] for word in fed.split()]
    # Rows that are finished do nothing.
    for leaf in (found.lengths, found.asked, found.open, found.calls, found.tokens):
        assert not leaf[len(table) :].any()


def test_the_rounds_by_example_of_a_token_cascade_are_right():
    drafter, target, runs = example(token_cascade.__doc__)
    asked = Execution(kind="token_cascade", rule=RULES["chow"], cap=3)
    tokens, counts = play(asked, drafter, target, alpha=1 - SURE, limit=10)
    assert tokens == target
    assert counts["alone"] == len(target)
    assert counts["target_calls"] == sum(written[-1] in "!." for written in runs) == 3
    assert counts["drafter_calls"] == sum(map(len, runs))
    assert counts["deferred"] == sum(written[-1] == "!" for written in runs) == 2


def test_the_rounds_by_example_of_bild_are_right():
    drafter, target, runs = example(bild.__doc__)
    asked = Execution(kind="bild", rule=RULES["bild"], gamma=3, fallback=1 - SURE)
    tokens, counts = play(asked, drafter, target, alpha=5.0, limit=len(target))
    assert tokens == target
    written = [[word for word in one if word != "!"] for one in runs]
    assert counts["drafted"] == sum(map(len, written)) == 7
    assert counts["drafter_calls"] == 7 + len(runs)
    assert counts["target_calls"] == len(runs) == 3
    # a b, d and f g h stand, C replaces c, and E and I follow a run.
    found = {name: counts[name] for name in ("accepted", "resampled", "bonus")}
    assert found == {"accepted": 6, "resampled": 1, "bonus": 2}
    assert counts["deferred"] == 1 and counts["alone"] == 0


Q, P = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.5, 0.3])


@pytest.mark.parametrize(
    ("temperature", "alpha", "fallback", "expected"),
    [
        # Cross-entropy: -(0.5 log 0.2 + 0.3 log 0.5 + 0.2 log 0.3) = 1.2534.
        (1.0, 1.26, 1.0, {"drafted": 1, "accepted": 1, "bonus": 1}),
        (1.0, 1.25, 1.0, {"drafted": 2, "resampled": 2}),
        # At temperature 0: -log p(argmax q) = -log 0.2 = 1.6094.
        (0.0, 1.62, 1.0, {"drafted": 1, "accepted": 1, "bonus": 1}),
        (0.0, 1.60, 1.0, {"drafted": 2, "resampled": 2}),
        # Fallback: max q = 0.5 is below 1 - 0.49 and not below 1 - 0.51.
        (1.0, 1.26, 0.51, {"drafted": 1, "accepted": 1, "bonus": 1}),
        (1.0, 1.26, 0.49, {"bonus": 2}),
    ],
)
def test_bild_on_numbers_worked_out_by_hand(temperature, alpha, fallback, expected):
    # Both models say the same at every position; two tokens are written.
    tables = [
        jnp.broadcast_to(jnp.log(jnp.array(x, jnp.float32)), (1, 4, 3, 3))
        for x in (Q, P)
    ]
    asked = Execution(kind="bild", rule=RULES["bild"], gamma=1, fallback=fallback)
    rows = toys.make_rows(64, alpha=alpha, temperature=temperature)
    generation = generate(
        asked,
        Toy(vocab_size=3),
        Toy(vocab_size=3),
        PairParams(drafter=tables[0], target=tables[1]),
        Prompts(
            tokens=jnp.zeros((64, 1), jnp.int32), lengths=jnp.ones((64,), jnp.int32)
        ),
        rows,
        max_new_tokens=2,
        eos_id=3,  # no token's id: nothing ends early
    )
    found = toys.on_host(generation)
    for name in ("drafted", "accepted", "resampled", "bonus", "alone"):
        np.testing.assert_array_equal(found.counters[name], expected.get(name, 0))
    if temperature == 0:  # argmax q where the draft stands, argmax p everywhere else
        first = 0 if "accepted" in expected else 1
        np.testing.assert_array_equal(found.tokens, [[first, 1]] * 64)


def test_bild_does_not_roll_back_to_the_token_that_stands_already():
    # Both models are the same and never sure: -log 0.5 = 0.69 is above alpha, but the
    # target's argmax is what was drafted.
    table = jnp.broadcast_to(jnp.log(jnp.array(Q, jnp.float32)), (1, 4, 3, 3))
    asked = Execution(kind="bild", rule=RULES["bild"], gamma=2, fallback=1.0)
    generation = generate(
        asked,
        Toy(vocab_size=3),
        Toy(vocab_size=3),
        PairParams(drafter=table, target=table),
        Prompts(tokens=jnp.zeros((4, 1), jnp.int32), lengths=jnp.ones(4, jnp.int32)),
        toys.make_rows(4, alpha=0.5, temperature=0.0),
        max_new_tokens=3,
        eos_id=3,
    )
    found = toys.on_host(generation).counters
    expected = {"target_calls": 1, "accepted": 2, "resampled": 0, "deferred": 2}
    for name, number in expected.items():
        np.testing.assert_array_equal(found[name], number)


@pytest.mark.parametrize(
    ("pair", "cap", "width"),
    small_pairs.each_with(
        {"one call": (3, 4), "several calls": (None, 3)},
        {"t5": set(), "gemma": {"one call"}},
    ),
)
def test_on_either_family_a_target_that_absorbed_runs_is_as_if_prefilled_anew(
    monkeypatch, pair, cap, width
):
    monkeypatch.setattr(request, "_WIDTH_WITHOUT_CAP", 3)
    asked = Execution(kind="token_cascade", rule=RULES["chow"], cap=cap)
    assert asked.slots_fed == width
    model, params = pair.model, pair.params
    batch, limit = small_pairs.BATCH, small_pairs.LIMIT
    alpha = np.linspace(*pair.alphas["token_cascade"], batch)
    rows, prompts = toys.make_rows(batch, alpha=alpha), small_pairs.prompts()
    rounds = token_cascade.TokenCascade(
        execution=asked,
        drafter=model,
        target=model,
        params=params,
        mask=None,
        max_new_tokens=limit,
        ends=Ends(eos_id=small_pairs.EOS),
    )
    uniforms = Uniforms.ahead(row_key(rows.seed, rows.example), limit + width)
    play = jax.jit(lambda progress: rounds.play(progress, rows, uniforms))
    progress = rounds.start(prompts, rows.active)
    after_runs = 0
    for number in range(1, 4):
        progress = play(progress)
        output, target = progress.output, progress.memory.target
        absorbed, _ = model.score(
            params.target,
            target.cache,
            output.last[:, None],
            target.first_slot + output.length,
        )
        fresh = model.prefill(params.target, prompts, limit + 1)
        fed = jnp.concatenate([fresh.token[:, None], output.tokens], axis=1)
        anew, _ = model.score(params.target, fresh.cache, fed, fresh.slot)
        for row in np.flatnonzero(~np.asarray(output.finished)):
            expected = anew[row, output.length[row]]
            np.testing.assert_allclose(absorbed[row, 0], expected, atol=2e-5)
            after_runs += int(output.length[row]) > number  # a run was absorbed
    assert after_runs >= batch
    calls = np.asarray(progress.counters.target_calls)
    assert (calls.max() > 3) == (cap is None)  # more than one a round
