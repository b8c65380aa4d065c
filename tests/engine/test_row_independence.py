"""At one batch shape a row is the same, bit for bit, whatever stands around it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution
from speccascade.rules import RULES
from tests.engine import small_pairs, toys

BATCH = small_pairs.BATCH
ASKED = Execution(kind="speculative", rule=RULES["opt"], gamma=2)
TEMPERATURES = np.array([0.0, 1.0] * (BATCH // 2))
ALPHAS = np.linspace(-0.5, 0.5, BATCH)


def batch(first=0, active=True):
    """Every row with settings of its own; `first` also moves seeds and examples."""
    return small_pairs.prompts(first=first), toys.make_rows(
        BATCH,
        temperature=TEMPERATURES,
        alpha=ALPHAS,
        seed=np.arange(BATCH) % 3 + first,
        example=np.arange(BATCH) * 7 + first,
        active=active,
    )


def pick(tree, order):
    return jax.tree.map(lambda leaf: leaf[np.asarray(order)], tree)


def join(inside, outside, row):
    """`outside` with its row `row` taken from `inside`."""
    return jax.tree.map(
        lambda ours, theirs: theirs.at[row].set(ours[row]), inside, outside
    )


def assert_same(found, expected):
    assert_equal = np.testing.assert_array_equal
    jax.tree.map(assert_equal, found, expected)  # tokens, lengths and every counter


@pytest.fixture(
    scope="module", params=small_pairs.PAIRS.values(), ids=list(small_pairs.PAIRS)
)
def pair(request):
    return request.param


@pytest.fixture(scope="module")
def expected(pair):
    return pair.decode(ASKED, *batch())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_order_of_rows_is_irrelevant(pair, expected, seed):
    order = np.random.default_rng(seed).permutation(BATCH)
    found = pair.decode(ASKED, *pick(batch(), order))
    assert_same(found, pick(expected, order))


@pytest.mark.parametrize("row", [0, 3, 7])
def test_a_row_among_strangers_is_the_same(pair, expected, row):
    found = pair.decode(ASKED, *join(batch(), batch(first=100), row))
    assert_same(pick(found, [row]), pick(expected, [row]))
    others = [other for other in range(BATCH) if other != row]
    assert (found.tokens[others] != expected.tokens[others]).any()


CASCADES = {name: (name,) for name in small_pairs.CASCADES}


@pytest.mark.parametrize(
    ("pair", "name"),
    small_pairs.each_with(
        CASCADES,
        {"t5": CASCADES.keys() - {"token_cascade"}, "gemma": {"token_cascade"}},
    ),
)
def test_a_row_of_a_cascade_among_strangers_is_the_same(pair, name):
    asked, alphas = pair.cascades[name], pair.alphas[name]
    ours, theirs = (
        (prompts, rows.replace(alpha=jnp.linspace(*alphas, BATCH)))
        for prompts, rows in (batch(), batch(first=100))
    )
    expected = pair.decode(asked, *ours)
    deferred = expected.counters["deferred"]
    assert 0 < deferred.sum() < expected.lengths.sum()
    for row in (1, 6):
        found = pair.decode(asked, *join(ours, theirs, row))
        assert_same(pick(found, [row]), pick(expected, [row]))


@pytest.mark.parametrize("row", [0, 3, 7])
def test_a_row_among_dummies_is_the_same(pair, expected, row):
    # As row `row` alone: what pads a unit that is not full.
    active = np.arange(BATCH) == row
    found = pair.decode(ASKED, *batch(active=active))
    assert_same(pick(found, [row]), pick(expected, [row]))


def test_a_row_among_rows_that_are_finished_is_the_same(pair, expected):
    # The last row to finish has had finished neighbours for a while; here are only
    # neighbours that finish after it.
    slowest = int(np.argmax(expected.counters["target_calls"]))
    assert (
        expected.counters["target_calls"][slowest]
        > expected.counters["target_calls"].min()
    )
    copies = pick(batch(), [slowest] * BATCH)
    found = pair.decode(ASKED, *copies)
    for row in range(BATCH):
        assert_same(pick(found, [row]), pick(expected, [slowest]))


def test_the_padding_of_prompts_is_irrelevant(pair, expected):
    prompts, rows = batch()
    beyond = np.arange(prompts.tokens.shape[1])[None, :] >= prompts.lengths[:, None]
    other = jnp.where(beyond, 17, prompts.tokens)
    found = pair.decode(ASKED, prompts.replace(tokens=other), rows)
    assert_same(found, expected)


def test_dummy_rows_write_and_count_nothing(pair):
    found = pair.decode(ASKED, *batch(active=np.arange(BATCH) < 5))
    for leaf in jax.tree.leaves(pick(found, [5, 6, 7])):
        assert not leaf.any()


def test_a_batch_of_dummies_ends_at_once(pair):
    found = pair.decode(ASKED, *batch(active=False))
    for leaf in jax.tree.leaves(found):
        assert not leaf.any()
