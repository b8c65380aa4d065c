"""A table of relative positions for every layer, as umT5 and T5X's scanned model."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.models import T5


def apart(tiny, move):
    """`tiny` with a table a layer: the shared one, plus `move` times its number."""
    params = {}
    for stack in ("encoder", "decoder"):
        layers = dict(tiny.params[stack])
        table = layers.pop("relpos_bias")["rel_embedding"]
        for name in [name for name in layers if name.startswith("layers_")]:
            moved = table + move * int(name.removeprefix("layers_"))
            layers[name] = {**layers[name], "relpos_bias": {"rel_embedding": moved}}
        params[stack] = layers
    config = dataclasses.replace(tiny.model.config, per_layer_bias=True)
    return tiny._replace(model=T5(config=config), params={**tiny.params, **params})


def test_the_parameters_are_those_that_the_model_expects(tiny):
    found = apart(tiny, 0.0)
    shapes = jax.eval_shape(found.model.init, jax.random.key(0))
    assert jax.tree.map(jnp.shape, found.params) == jax.tree.map(jnp.shape, shapes)


def test_equal_tables_are_one_shared_table(tiny, differences_from):
    found = differences_from(apart(tiny, 0.0))
    assert {name for name, value in found.items() if not value < 1e-4} == set()


def test_tables_that_differ_give_the_same_logits_cached_and_at_once(
    tiny, differences_from
):
    # A constant added to a table would leave every softmax as it is.
    slope = jnp.linspace(-2.0, 2.0, 32)[None]
    moved = apart(tiny, slope)
    valid = jnp.array(tiny.valid)
    forced = jax.jit(moved.model.module.apply)(
        {"params": moved.params}, moved.prompts.tokens, valid, moved.targets
    )
    assert np.abs(np.array(forced) - tiny.expected["logits"]).max() > 0.1
    expected = {**tiny.expected, "logits": np.array(forced)}
    assert differences_from(moved._replace(expected=expected))["cached"] < 1e-4


def test_it_is_off_by_default(tiny):
    assert not tiny.model.config.per_layer_bias


@pytest.mark.parametrize("value", [True, False])
def test_a_truth_value_is_no_size(tiny, value):
    config = dataclasses.replace(tiny.model.config, per_layer_bias=value)
    assert config.per_layer_bias is value
