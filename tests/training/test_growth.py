"""A deeper model begins where the shallower one stood."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from speccascade.models.t5 import T5, T5Config
from speccascade.training import growth

SMALL = T5Config(
    vocab_size=16,
    emb_dim=8,
    num_heads=2,
    head_dim=4,
    mlp_dim=16,
    num_encoder_layers=1,
    num_decoder_layers=2,
)
MODEL = T5(config=SMALL)
DEEPER = T5(config=dataclasses.replace(SMALL, num_decoder_layers=4))


def logits(model, params):
    tokens = jnp.array([[3, 4, 5, 1]], jnp.int32)
    valid = jnp.ones(tokens.shape, bool)
    return model.module.apply({"params": params}, tokens, valid, tokens)


def test_a_deepened_model_has_the_deeper_models_tree():
    grown = growth.deepen_decoder(MODEL.init(jax.random.key(0)), 4)
    expected = DEEPER.init(jax.random.key(0))
    assert jax.tree.map(jnp.shape, grown) == jax.tree.map(jnp.shape, expected)


def test_without_what_the_new_layers_add_nothing_changes(monkeypatch):
    params = MODEL.init(jax.random.key(0))
    before = logits(MODEL, params)
    nearly = logits(DEEPER, growth.deepen_decoder(params, 4))
    assert 0 < np.abs(nearly - before).max() < np.abs(before).max()
    monkeypatch.setattr(growth, "QUIET", 0.0)
    same = logits(DEEPER, growth.deepen_decoder(params, 4))
    np.testing.assert_allclose(same, before, atol=1e-6)


def test_the_trained_layers_are_taken_over_as_they_are():
    params = MODEL.init(jax.random.key(0))
    grown = growth.deepen_decoder(params, 4)
    for name, part in params["decoder"].items():
        jax.tree.map(np.testing.assert_array_equal, grown["decoder"][name], part)
