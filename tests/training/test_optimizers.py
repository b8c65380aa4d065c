"""The schedule, and optimisers that step relative to a tensor's size."""

import jax
import jax.numpy as jnp
import optax
import pytest

from speccascade.errors import UserError
from speccascade.training import optimizers


def test_the_rate_warms_up_stays_and_cools_down_to_nothing():
    rate = optimizers.schedule(0.1, steps=100, warmup_steps=10, cooldown_steps=20)
    values = [float(rate(step)) for step in (0, 5, 10, 79, 90, 100)]
    assert values == pytest.approx([0, 0.05, 0.1, 0.1, 0.05, 0])


def test_prolonging_a_training_leaves_its_constant_stretch_alone():
    short = optimizers.schedule(0.1, steps=100, warmup_steps=10, cooldown_steps=20)
    long = optimizers.schedule(0.1, steps=500, warmup_steps=10, cooldown_steps=20)
    assert [float(short(step)) for step in range(80)] == [
        float(long(step)) for step in range(80)
    ]


@pytest.mark.parametrize("name", ["adamw", "adafactor"])
def test_a_step_is_relative_to_the_size_of_the_tensor(name):
    optimizer = optimizers.make(name, optax.constant_schedule(0.01))
    params = {"large": jnp.full((256, 256), 10.0), "small": jnp.full((256, 256), 0.1)}
    gradient = jax.tree.map(jnp.ones_like, params)
    updates, _ = optimizer.update(gradient, optimizer.init(params), params)
    ratio = jnp.mean(updates["large"]) / jnp.mean(updates["small"])
    assert 90 < float(ratio) < 110


def test_the_scales_of_norms_take_absolute_steps():
    # Gemma's begin at 0: a step relative to that would leave them there.
    optimizer = optimizers.make("adamw", optax.constant_schedule(0.01))
    params = {"norm": {"scale": jnp.zeros(8)}, "kernel": jnp.full((8, 8), 0.1)}
    gradient = jax.tree.map(jnp.ones_like, params)
    updates, _ = optimizer.update(gradient, optimizer.init(params), params)
    assert float(updates["norm"]["scale"][0]) == pytest.approx(-0.01, rel=0.01)
    assert float(updates["kernel"][0, 0]) == pytest.approx(-0.001, rel=0.02)


def test_an_unknown_optimizer_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match="adafactor or adamw"):
        optimizers.make("sgd", optax.constant_schedule(0.1))
