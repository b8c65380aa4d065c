"""A model of some ids says what the narrow model says of them, and nothing else."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.models import Gemma, GemmaConfig, Prompts, Restricted
from speccascade.models.restricted import restricted_params

WIDTH = 12
IDS = (0, 2, 3, 7, 11)
NARROW = Gemma(
    config=GemmaConfig(
        vocab_size=len(IDS),
        emb_dim=8,
        num_layers=2,
        num_heads=2,
        num_kv_heads=1,
        head_dim=4,
        mlp_dim=16,
    )
)
WIDE = Restricted(model=NARROW, width=WIDTH)


@pytest.fixture(scope="module")
def params():
    narrow = jax.jit(NARROW.init)(jax.random.key(1))
    return restricted_params(narrow, jnp.array(IDS, jnp.int32), WIDTH)


def of(tokens):
    """Prompts of one row."""
    row = jnp.array([tokens], jnp.int32)
    return Prompts(tokens=row, lengths=jnp.array([len(tokens)], jnp.int32))


def probabilities(logits):
    return np.asarray(jax.nn.softmax(logits, axis=-1))


def test_teacher_forcing_is_the_narrow_models_and_zero_elsewhere(params):
    answer = [7, 2, 11, 3]
    wide = WIDE.answer_logits(params, of([3, 7]), jnp.array([answer], jnp.int32))
    places = jnp.array([[IDS.index(token) for token in answer]], jnp.int32)
    narrow = NARROW.answer_logits(params["model"], of([2, 3]), places)
    found, others = probabilities(wide), sorted(set(range(WIDTH)) - set(IDS))
    np.testing.assert_array_equal(found[..., others], 0)
    np.testing.assert_allclose(found[..., IDS], probabilities(narrow), atol=1e-6)


def test_decoding_from_the_cache_is_teacher_forcing(params):
    prompts, answer = of([3, 5, 7]), jnp.array([[7, 2, 9, 3]], jnp.int32)
    forced = WIDE.answer_logits(params, prompts, answer)
    held = WIDE.for_decoding(params)
    first = WIDE.prefill(held, prompts, 4)
    assert first.token.tolist() == [7]
    cache, slot = first.cache, first.slot
    fed = jnp.concatenate([first.token[:, None], answer[:, :-1]], axis=1)
    for start, end in ((0, 1), (1, 4)):
        logits, cache = WIDE.score(held, cache, fed[:, start:end], slot + start)
        np.testing.assert_allclose(logits, forced[:, start:end], atol=2e-5)


def test_an_id_that_it_does_not_have_is_read_as_the_first(params):
    answers = [jnp.array([[token, 2]], jnp.int32) for token in (0, 5, 2)]
    logits = [WIDE.answer_logits(params, of([3]), one)[:, 1] for one in answers]
    np.testing.assert_array_equal(logits[1], logits[0])
    assert np.abs(logits[2] - logits[0]).max() > 1e-3


def test_without_parameters_it_has_the_first_ids():
    found = jax.eval_shape(WIDE.init, jax.random.key(0))
    assert found["ids"].shape == (len(IDS),)
    assert found["places"].shape == (WIDTH,)
