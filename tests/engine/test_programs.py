"""What is compiled: how many programs, and what is not in them."""

import itertools
import re

import jax
import pytest

from speccascade.engine import Execution, generate
from speccascade.rules import RULES
from tests.engine import small_pairs, toys
from tests.engine.exact import Setting


def test_a_grid_of_thresholds_temperatures_and_seeds_is_one_program():
    asked = toys.execution(Setting(rule="opt", gamma=1))
    grid = itertools.product(
        [-float("inf"), -0.3, 0.0, 0.7, float("inf")], [0.0, 0.1, 1.0], [0, 1, 99]
    )
    decode = toys.fresh_generate()
    for alpha, temperature, seed in grid:
        rows = toys.make_rows(6, alpha=alpha, temperature=temperature, seed=seed)
        toys.decode(asked, rows, decode_with=decode)
        # Values for a truncation that is off are data as well.
        rows = toys.make_rows(6, alpha=alpha, top_k=seed, top_p=0.9, active=False)
        toys.decode(asked, rows, decode_with=decode)
    assert decode._cache_size() == 1


def test_truncation_is_a_second_program_whatever_its_values():
    decode = toys.fresh_generate()
    plain = Execution(kind="drafter")
    truncated = Execution(kind="drafter", truncate=True)
    for top_k, top_p, min_p in [(0, 1.0, 0.0), (2, 1.0, 0.0), (0, 0.5, 0.2)]:
        rows = toys.make_rows(6, top_k=top_k, top_p=top_p, min_p=min_p)
        toys.decode(plain, rows, decode_with=decode)
        toys.decode(truncated, rows, decode_with=decode)
    assert decode._cache_size() == 2


def test_equal_executions_are_one_program():
    def build():
        return Execution(kind="speculative", rule=type(RULES["chow"])(), gamma=2)

    assert build() == build()
    assert hash(build()) == hash(build())
    assert build() != Execution(kind="speculative", rule=RULES["diff"], gamma=2)


def program(asked, model, params, prompts, rows):
    jaxpr = jax.make_jaxpr(
        lambda *arrays: generate(
            asked, model, model, *arrays, max_new_tokens=4, eos_id=toys.EOS
        )
    )
    return str(jaxpr(params, prompts, rows))


@pytest.mark.parametrize("bonus", ["law", "target"])
@pytest.mark.parametrize("rule", RULES)
def test_no_sort_and_no_host_call_is_compiled(rule, bonus):
    asked = Execution(kind="speculative", rule=RULES[rule], gamma=2, bonus=bonus)
    rows = toys.make_rows(3)
    text = program(asked, toys.TOY, toys.pair_params(), toys.prompts(3), rows)
    assert re.search(r"\bwhile\[", text)
    # The one exception is written down: what Cactus replaces depends on the draft, and
    # the law of that is a sum over drafts.
    sorts = re.search(r"\b(sort|top_k|approx_top_k)\[", text) is not None
    assert sorts == ((rule, bonus) == ("cactus", "law"))
    assert not re.search(r"callback|infeed|outfeed", text)


@pytest.mark.parametrize("score", ["probability", "mean", "quantile"])
def test_no_sort_and_no_host_call_is_compiled_for_a_score(score):
    asked = Execution(kind="sequence_cascade", rule=RULES["chow"], score=score)
    rows = toys.make_rows(3)
    text = program(asked, toys.TOY, toys.pair_params(), toys.prompts(3), rows)
    assert not re.search(r"\b(sort|top_k|approx_top_k)\[|callback|infeed|outfeed", text)


@small_pairs.EACH
@pytest.mark.parametrize("kind", ["drafter", "target"])
def test_no_sort_and_no_host_call_is_compiled_on_either_family(pair, kind):
    rows, prompts = toys.make_rows(3), small_pairs.prompts(3)
    text = program(Execution(kind=kind), pair.model, pair.params, prompts, rows)
    assert re.search(r"\bwhile\[", text)
    assert not re.search(r"\b(sort|top_k|approx_top_k)\[|callback|infeed|outfeed", text)


IN_A_BATCH = {
    f"{kind}-{batch}": (kind, batch)
    for kind in ("target", "speculative")
    for batch in (1, 3)
}


@pytest.mark.parametrize(
    ("pair", "kind", "batch"),
    small_pairs.each_with(
        IN_A_BATCH, {"t5": IN_A_BATCH, "gemma": {"target-1", "speculative-1"}}
    ),
)
def test_no_cache_is_copied_in_the_loop_of_a_batch(pair, kind, batch):
    # One row that feeds one token, the shape that latency is measured at, was copied
    # three times a call: see `kv_cache.write`.
    rule = RULES["chow"] if kind == "speculative" else None
    asked = Execution(kind=kind, rule=rule, gamma=2)
    arguments = (small_pairs.prompts(batch), toys.make_rows(batch))
    assert small_pairs.cache_copies(pair, generate, asked, batch, *arguments) == []


CASCADES = {name: (name,) for name in small_pairs.CASCADES}


@pytest.mark.parametrize(
    ("pair", "name"),
    small_pairs.each_with(
        CASCADES,
        {"t5": {"token_cascade"}, "gemma": {"sequence_cascade"}},
    ),
)
def test_no_cache_is_copied_in_the_loop_of_a_cascade(pair, name):
    # Their models are called in loops and branches of their own.
    arguments = (small_pairs.prompts(1), toys.make_rows(1))
    asked = pair.cascades[name]
    assert small_pairs.cache_copies(pair, generate, asked, 1, *arguments) == []
