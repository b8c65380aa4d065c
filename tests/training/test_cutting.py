"""A cut model is the large one with less of it."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.errors import UserError
from speccascade.models import Gemma, GemmaConfig, Prompts
from speccascade.training import cutting

CONFIG = GemmaConfig(
    vocab_size=10,
    emb_dim=8,
    num_layers=6,
    num_heads=2,
    num_kv_heads=1,
    head_dim=4,
    mlp_dim=16,
    window=3,
    global_every=3,
)
MODEL = Gemma(config=CONFIG)
IDS = np.array([0, 2, 3, 7], np.int32)


@pytest.fixture(scope="module")
def params():
    return jax.jit(MODEL.init)(jax.random.key(2))


def logits(model, params, tokens):
    prompts = Prompts(
        tokens=jnp.array([tokens[:1]], jnp.int32), lengths=jnp.array([1], jnp.int32)
    )
    return model.answer_logits(params, prompts, jnp.array([tokens[1:]], jnp.int32))


@pytest.mark.parametrize("tied", [True, False])
def test_fewer_ids_leave_the_distribution_given_that_one_of_them_comes(tied):
    whole = Gemma(config=dataclasses.replace(CONFIG, tied=tied))
    params = jax.jit(whole.init)(jax.random.key(3))
    narrow, kept = cutting.cut_vocabulary(whole, params, IDS)
    said = np.asarray(logits(whole, params, [2, 7, 3, 2]))[..., IDS]
    found = np.asarray(logits(narrow, kept, [1, 3, 2, 1]))
    np.testing.assert_allclose(found, said, atol=1e-6)
    assert jax.tree.map(jnp.shape, kept) == jax.tree.map(
        jnp.shape, jax.eval_shape(narrow.init, jax.random.key(0))
    )


def test_fewer_layers_are_those_layers_in_their_order(params):
    model, kept = cutting.cut_layers(MODEL, params, (0, 4, 5))
    assert (model.config.num_layers, model.config.global_every) == (3, 3)
    for new, old in enumerate((0, 4, 5)):
        jax.tree.map(
            np.testing.assert_array_equal,
            kept[f"layers_{new}"],
            params[f"layers_{old}"],
        )
    assert jax.tree.map(jnp.shape, kept) == jax.tree.map(
        jnp.shape, jax.eval_shape(model.init, jax.random.key(0))
    )


def test_all_layers_are_the_model_itself(params):
    model, kept = cutting.cut_layers(MODEL, params, range(6))
    assert model == MODEL
    jax.tree.map(np.testing.assert_array_equal, kept, params)


@pytest.mark.parametrize(
    ("layers", "every"), [((0, 2), 2), ((0, 1), 3), ((2, 5), 1), ((0, 2, 3, 5), 2)]
)
def test_local_layers_stay_local_and_global_ones_global(params, layers, every):
    config = cutting.cut_layers(MODEL, params, layers)[0].config
    assert config.global_every == every
    kept = [config.window_of(index) for index in range(len(layers))]
    assert kept == [CONFIG.window_of(layer) for layer in layers]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((), "must ascend and be among 0..5"),
        ((3, 1), "must ascend"),
        ((1, 1), "must ascend"),
        ((0, 6), "among 0..5"),
        ((-1, 2), "among 0..5"),
        ((0, 1, 2, 5), r"are LLGG \(local, global\)"),
    ],
)
def test_layers_that_cannot_be_kept_are_refused(params, layers, message):
    with pytest.raises(UserError, match=message):
        cutting.cut_layers(MODEL, params, layers)


def test_the_most_frequent_ids_are_taken_the_lower_of_equal_ones_first():
    assert cutting.frequent_ids([[7, 7, 9, 4, 4]], 3).tolist() == [0, 4, 7]
    assert cutting.frequent_ids([[9, 8], [5]], 3, also=[6]).tolist() == [0, 5, 6]
    assert cutting.frequent_ids([[4]], 9).tolist() == [0, 4]
    assert cutting.frequent_ids([[9, 8, 7]], 1, also=[6]).tolist() == [0, 6]


def test_what_a_cut_model_lacks_becomes_padding():
    pairs = [([2, 5], [7, 3, 9])]
    assert cutting.narrowed(pairs, IDS) == [([1, 0], [3, 2, 0])]
