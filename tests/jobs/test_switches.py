"""Switches of rules whose answer is known in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.switches import _switch, switches
from speccascade.rules import RULES
from tests.jobs import tiny


@pytest.fixture(scope="module")
def slots():
    keys = jax.random.split(jax.random.key(0), 3)
    q = jax.nn.softmax(2 * jax.random.normal(keys[0], (3, 50, 6)))
    p = jax.nn.softmax(2 * jax.random.normal(keys[1], (3, 50, 6)))
    drafted = jax.random.randint(keys[2], (3, 50), 0, 6)
    return q, p, drafted


def at(x: jax.Array, token: jax.Array) -> jax.Array:
    return jnp.take_along_axis(x, token[..., None], axis=-1)[..., 0]


CLOSED_FORMS = {
    "chow": lambda q, p, x: 1 - q.max(-1),
    "diff": lambda q, p, x: p.max(-1) - q.max(-1),
    "token_v1": lambda q, p, x: p.max(-1) - at(q, x),
    "token_v2": lambda q, p, x: p.max(-1) - at(p, x),
    "token_v3": lambda q, p, x: 1 - at(p, x) / p.max(-1),
    "lossy": lambda q, p, x: jnp.maximum(0, 1 - at(p, x) / at(q, x)),
    "opt": lambda q, p, x: (p.max(-1) - q.max(-1)) / (jnp.abs(p - q).sum(-1) / 2),
    "bild": lambda q, p, x: -(q * jnp.log(p)).sum(-1),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_the_switch_is_where_the_formula_says(name, slots):
    q, p, drafted = slots
    greedy = jnp.zeros(drafted.shape, bool)
    found = _switch(RULES[name], q, p, q, p, greedy, drafted)
    np.testing.assert_allclose(found, CLOSED_FORMS[name](q, p, drafted), atol=2e-5)


def test_switches_are_collected_from_the_written_positions_of_a_job(tmp_path):
    job = LoadedJob.of(tiny.job(tmp_path))
    found = switches(job, {name: RULES[name] for name in ("chow", "token_v3")})
    assert found["chow"].shape == found["token_v3"].shape
    assert 20 <= len(found["chow"]) <= 20 * 6
    assert np.all((found["chow"] >= 0) & (found["chow"] <= 1))
