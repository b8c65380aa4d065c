"""Rounds whose every token is known: worked examples, end tokens, limits, counters.

The models are scripted: their distributions are one-hot and depend on the slot alone.
Each scenario is a row of one batch and has slots of its own, which its prompt's length
leads to, so that a few programs serve all of them.
"""

import dataclasses
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution, PairParams, generate, speculative
from speccascade.engine.distributions import Sampler
from speccascade.engine.draft import DrafterState, after_commit, draft
from speccascade.engine.state import Ends, Output, commit
from speccascade.models.interface import Prompts
from speccascade.models.toy import Toy
from speccascade.rules import RULES
from speccascade.sampling import Uniforms, row_key
from tests.engine import toys
from tests.engine.exact import Setting

VOCAB = 16
EOS = 1
ENDS = Ends(eos_id=EOS)
START = 2
# Scenarios of a batch, and slots of each: enough for 6 tokens and a block beyond.
BATCH, SPAN = 8, 12


def scripted(*scripts):
    """A table that writes `scripts[i][t]` at slot `SPAN * i + t`, almost surely."""
    padded = [[*script, *[START] * (SPAN - len(script))] for script in scripts]
    padded += [[START] * SPAN] * (BATCH - len(scripts))
    table = 100.0 * jax.nn.one_hot(jnp.array(padded).reshape(-1), VOCAB)
    shape = (len(table), VOCAB + 1, VOCAB, VOCAB)
    return jnp.broadcast_to(table[:, None, None, :], shape)


def play(*scenarios, gamma, bonus, limit=6, rule="lossless", alpha=0.0):
    """Decodes (drafter's script, target's script) pairs: [(tokens, counts)]."""
    asked = Execution(kind="speculative", rule=RULES[rule], gamma=gamma, bonus=bonus)
    model, number = Toy(vocab_size=VOCAB), len(scenarios)
    drafted, wanted = zip(*scenarios, strict=True)
    generation = generate(
        asked,
        model,
        model,
        PairParams(drafter=scripted(*drafted), target=scripted(*wanted)),
        Prompts(
            tokens=jnp.full((BATCH, SPAN * BATCH), START, jnp.int32),
            lengths=SPAN * jnp.arange(BATCH, dtype=jnp.int32) + 1,
        ),
        toys.make_rows(BATCH, alpha=alpha, active=np.arange(BATCH) < number),
        max_new_tokens=limit,
        eos_id=EOS,
    )
    written = toys.on_host(generation)
    counts = [
        {
            name: values[row]
            for name, values in written.counters.items()
            if values is not None
        }
        for row in range(number)
    ]
    tokens = [list(output) for output in toys.outputs(written)]
    return list(zip(tokens[:number], counts, strict=True))


def same(script):
    """A scenario in which both models want the same."""
    return script, script


def lines_under(docstring, header):
    """The lines of an indented table whose first heading is `header`."""
    lines = inspect.cleandoc(docstring).splitlines()
    start = next(i for i, line in enumerate(lines) if line.split()[:1] == [header])
    for line in lines[start + 1 :]:
        if not line.strip():
            return
        yield line


@pytest.mark.parametrize("bonus", ["law", "target"])
def test_the_round_by_example_of_speculative_is_right(bonus):
    rounds = []
    for line in lines_under(speculative.__doc__, "round"):
        words = line.replace("(bonus)", "").replace("(residual)", "").split()
        number, last, drafted, kept = int(words[0]), words[1], words[2:4], int(words[4])
        rounds.append((number, last, drafted, kept, words[5], words[6:]))
    assert [number for number, *_ in rounds] == [1, 2, 3]

    output = rounds[-1][-1]
    letters = {*output, *(letter for _, _, drafted, *_ in rounds for letter in drafted)}
    ids = {letter: 3 + index for index, letter in enumerate(sorted(letters))}
    proposal, position = {}, 0
    for _, last, drafted, kept, extra, after in rounds:
        # The table agrees with itself.
        assert last == ("^" if position == 0 else output[position - 1])
        assert [*drafted[:kept], extra] == after[position:]
        assert after == output[: len(after)]
        proposal |= {position + offset: ids[x] for offset, x in enumerate(drafted)}
        position = len(after)
    drafter = [proposal.get(t, START) for t in range(SPAN)]
    target = [ids[letter] for letter in output]

    # One scenario a round: the last token of that round is the end token instead.
    scenarios = [(drafter, [*target[: len(after) - 1], EOS]) for *_, after in rounds]
    played = play(*scenarios, gamma=2, bonus=bonus)
    accepted = 0
    for (number, *_, kept, _, after), (tokens, counts) in zip(
        rounds, played, strict=True
    ):
        accepted += kept
        assert tokens == [*target[: len(after) - 1], EOS]
        assert counts["target_calls"] == number
        assert counts["accepted"] == accepted
        assert counts["bonus"] == 1
        assert counts["resampled"] == number - 1


def test_the_example_of_commit_is_right():
    for line in lines_under(commit.__doc__, "tokens"):
        numbers = [int(word) for word in line.split() if word != "finished"]
        tokens, [length], block = numbers[:6], numbers[6:7], numbers[7:10]
        [count], after, [taken] = numbers[10:11], numbers[11:17], numbers[17:]
        output = Output(
            tokens=jnp.array([tokens], jnp.int32),
            length=jnp.array([length], jnp.int32),
            last=jnp.array([tokens[length - 1]], jnp.int32),
            finished=jnp.array([False]),
        )
        output, found = commit(
            output, jnp.array([block], jnp.int32), jnp.array([count], jnp.int32), ENDS
        )
        assert output.tokens.tolist() == [after]
        assert found.tolist() == [taken]
        assert output.finished.tolist() == ["finished" in line]
        assert output.length.tolist() == [length + taken]
        assert output.last.tolist() == [after[length + taken - 1]]


def test_a_finished_row_commits_nothing():
    output = Output(
        tokens=jnp.array([[7, 1, 0, 0]], jnp.int32),
        length=jnp.array([2], jnp.int32),
        last=jnp.array([1], jnp.int32),
        finished=jnp.array([True]),
    )
    block, count = jnp.array([[5, 6]], jnp.int32), jnp.array([2], jnp.int32)
    after, taken = commit(output, block, count, ENDS)
    for found, expected in zip(
        jax.tree.leaves(after), jax.tree.leaves(output), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    assert taken.tolist() == [0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recording(Toy):
    """Writes down what it is fed, outside of `jit`: [(slot, token)] a call."""

    fed: list = dataclasses.field(default_factory=list, hash=False, compare=False)

    def score(self, params, cache, tokens, slots):
        [block], [first] = tokens.tolist(), slots.tolist()
        self.fed.append([(first + offset, token) for offset, token in enumerate(block)])
        return super().score(params, cache, tokens, slots)


@pytest.mark.parametrize(
    ("bonus", "lags", "fed"),
    [
        # The example of `draft`: G = 3, the last token c = 9 at slot 2, after b = 8.
        ("law", False, [[(2, 9)], [(3, 10)], [(4, 11)], [(5, 12)]]),
        ("target", False, [[(2, 9), (3, 0)], [(3, 10)], [(4, 11)]]),
        ("target", True, [[(1, 8), (2, 9)], [(3, 10)], [(4, 11)]]),
    ],
)
def test_the_drafter_is_fed_what_its_docstring_says(bonus, lags, fed):
    model = Recording(vocab_size=VOCAB)
    asked = Execution(kind="speculative", rule=RULES["lossless"], gamma=3, bonus=bonus)
    rows = toys.make_rows(1)
    output = Output(
        tokens=jnp.array([[8, 9, 0, 0, 0, 0]], jnp.int32),
        length=jnp.array([2], jnp.int32),
        last=jnp.array([9], jnp.int32),
        finished=jnp.array([False]),
    )
    state = DrafterState(
        cache=jnp.array([[START, 8, 0, 0, 0, 0, 0, 0]], jnp.int32),
        first_slot=jnp.array([0], jnp.int32),
        previous=jnp.array([8], jnp.int32),
        lags=jnp.array([lags]),
    )
    with jax.disable_jit():
        proposal, _ = draft(
            asked,
            model,
            scripted([8, 9, 10, 11, 12, 13]),
            state,
            output,
            Sampler.of(asked, rows, None),
            Uniforms.ahead(row_key(rows.seed, rows.example), 8),
        )
    assert model.fed == fed
    assert proposal.tokens.tolist() == [[10, 11, 12]]
    assert proposal.q.shape[1] == len(fed)


def test_the_drafter_lags_after_a_block_that_was_accepted_whole():
    output = Output(
        tokens=jnp.array([[7, 8, 9, 0]] * 2, jnp.int32),
        length=jnp.array([3, 3], jnp.int32),
        last=jnp.array([9, 9], jnp.int32),
        finished=jnp.array([False, False]),
    )
    state = DrafterState(
        cache=None,
        first_slot=jnp.zeros((2,), jnp.int32),
        previous=jnp.zeros((2,), jnp.int32),
        lags=jnp.array([False, True]),
    )
    whole = jnp.array([True, False])
    asked = Execution(kind="speculative", rule=RULES["lossless"], gamma=2)
    assert after_commit(asked, state, output, whole) is state
    asked = dataclasses.replace(asked, bonus="target")
    after = after_commit(asked, state, output, whole)
    assert after.lags.tolist() == [True, False]
    assert after.previous.tolist() == [8, 8]


@pytest.mark.parametrize(
    ("rule", "gamma", "bonus"),
    [("chow", 2, "law"), ("chow", 2, "target"), ("diff", 1, "target")],
)
def test_a_drafter_equal_to_the_target_is_never_rejected(rule, gamma, bonus):
    # Every block is accepted whole, so every next draft follows a bonus token: the
    # drafter's cache must then hold the token before it. Were it to lack that token,
    # q would differ from p and drafts be rejected. (Lossless ends: the programs are
    # those of `test_output_law`.)
    table = toys.pair_params().target
    params = PairParams(drafter=table, target=table)
    arguments = toys.TOY, toys.TOY, params, toys.prompts()
    limits = dict(max_new_tokens=toys.LIMIT, eos_id=toys.EOS)
    asked = toys.execution(Setting(rule=rule, gamma=gamma, bonus=bonus))
    rows = toys.make_rows(alpha=RULES[rule].lossless_end)
    found = generate(asked, *arguments, rows, **limits)
    alone = generate(Execution(kind="drafter"), *arguments, rows, **limits)
    assert not np.any(found.counters.resampled)
    np.testing.assert_array_equal(found.tokens, alone.tokens)
    assert int(np.max(found.counters.target_calls)) == 2


@pytest.mark.parametrize("bonus", ["law", "target"])
def test_ends_and_limits_cut_a_block_where_they_should(bonus):
    # Names of what ends the output -> scenario, output, accepted, resampled, bonus.
    cases = {
        "an end token inside the block": (same([5, EOS, 7, 8]), [5, EOS], 2, 0, 0),
        "an end token first": (same([EOS, 5]), [EOS], 1, 0, 0),
        "the residual's end token": (
            ([5, 6, 7, 8], [5, EOS, 7, 8]),
            [5, EOS],
            1,
            1,
            0,
        ),
        "the bonus end token": (
            same([5, 6, 7, 8, EOS]),
            [5, 6, 7, 8, EOS],
            4,
            0,
            1,
        ),
        "not a rejected end token": (
            ([5, EOS, 7, 8], [5, 6, 7, EOS]),
            [5, 6, 7, EOS],
            2,
            2,
            0,
        ),
        "the limit after a whole block": (same([5, 6, 7, 8, 9, 10]), None, 5, 0, 1),
        "the limit inside a block": (
            ([5, 6, 7, 8, 9, 10], [5, 6, 3, 8, 9, 10]),
            [5, 6, 3, 8, 9, 10],
            5,
            1,
            0,
        ),
        # The second round decides three tokens and rejects the fourth, unseen.
        "the limit before a rejection": (
            ([5, 6, 7, 8, 9, 10, 11], [5, 6, 3, 8, 9, 10, 12]),
            [5, 6, 3, 8, 9, 10],
            5,
            1,
            0,
        ),
    }
    played = play(*(case[0] for case in cases.values()), gamma=4, bonus=bonus)
    for (name, case), (tokens, counts) in zip(cases.items(), played, strict=True):
        (_, wanted), output, *expected = case
        assert tokens == (wanted if output is None else output), name
        found = [counts[key] for key in ("accepted", "resampled", "bonus")]
        assert found == expected, name
        assert counts["drafted"] == 4 * counts["target_calls"], name
        calls = 5 if bonus == "law" else 4
        assert counts["drafter_calls"] == calls * counts["target_calls"], name


def test_one_new_token_is_one_decided_slot():
    scenarios = same([5, 6, 7]), ([5, 6, 7], [8, 6, 7])
    # Lossless, and then Chow at 0, which keeps what the drafter is sure of.
    lossless = play(*scenarios, gamma=2, bonus="law", limit=1, rule="chow", alpha=-1.0)
    kept = play(*scenarios, gamma=2, bonus="law", limit=1, rule="chow", alpha=0.0)
    names = ("target_calls", "accepted", "resampled", "bonus", "deferred")
    assert [tokens for tokens, _ in lossless] == [[5], [8]]
    found = [[counts[name] for name in names] for _, counts in lossless]
    assert found == [[1, 1, 0, 0, 1], [1, 0, 1, 0, 1]]
    assert [tokens for tokens, _ in kept] == [[5], [5]]
    found = [[counts[name] for name in names] for _, counts in kept]
    assert found == [[1, 1, 0, 0, 0]] * 2


def test_a_batch_whose_rows_all_end_at_once_takes_one_round():
    played = play(*[same([EOS])] * BATCH, gamma=4, bonus="law")
    for tokens, counts in played:
        assert tokens == [EOS]
        assert counts["target_calls"] == 1


def test_at_temperature_0_processed_gates_are_untempered_ones():
    # In one program with rows at temperature 0.5, where the two differ.
    temperature = np.array([0.0, 0.5] * (toys.BATCH // 2))
    rows = toys.make_rows(temperature=temperature, alpha=0.4)
    untempered, processed = (
        toys.decode(toys.execution(Setting(rule="chow", gamma=2, gate=gate)), rows)
        for gate in ("untempered", "processed")
    )
    for one, other in zip(
        jax.tree.leaves(untempered), jax.tree.leaves(processed), strict=True
    ):
        np.testing.assert_array_equal(one[::2], other[::2])
    assert np.any(untempered.tokens[1::2] != processed.tokens[1::2])
    assert untempered.counters["deferred"][::2].any()


def test_a_masked_token_is_never_written():
    mask = jnp.array([True, True, False, True])
    asked = Execution(kind="speculative", rule=RULES["token_v1"], gamma=1)
    generation = generate(
        asked,
        toys.TOY,
        toys.TOY,
        toys.pair_params(),
        toys.prompts(),
        toys.make_rows(alpha=0.3),
        mask,
        max_new_tokens=toys.LIMIT,
        eos_id=toys.EOS,
    )
    assert set(np.unique(generation.tokens).tolist()) == {0, 1, 3}


@pytest.mark.parametrize("kind", ["target", "speculative", "token_cascade", "bild"])
def test_an_answer_stops_at_a_stop_as_at_the_end_token(kind):
    rules = {"target": None, "token_cascade": "chow", "bild": "bild"}
    rule = rules.get(kind, "opt")
    asked = Execution(kind=kind, rule=rule and RULES[rule], gamma=2, cap=2)
    alpha = toys.MIDDLE.get(rule, 0.0)
    stops = jnp.array([False, False, False, True])
    plain, stopped = (
        toys.outputs(
            toys.on_host(
                generate(
                    asked,
                    toys.TOY,
                    toys.TOY,
                    toys.pair_params(),
                    toys.prompts(300),
                    toys.make_rows(300, alpha=alpha),
                    stops=one,
                    max_new_tokens=toys.LIMIT,
                    eos_id=toys.EOS,
                )
            )
        )
        for one in (None, stops)
    )
    # Draws are keyed by position, so that what is written before the stop is the same.
    cut = [one[: one.index(3) + 1] if 3 in one else one for one in plain]
    assert stopped == cut
    assert stopped != plain
