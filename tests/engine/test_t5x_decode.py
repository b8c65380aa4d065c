"""The engine as a decode function of T5X, called as T5X calls it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution
from speccascade.engine.t5x_decode import decode_function
from speccascade.errors import UserError
from speccascade.models import T5, T5Config
from speccascade.rules import Lossless

SIZES = {"vocab_size": 13, "head_dim": 4, "mlp_dim": 8, "num_encoder_layers": 1}
TARGET = T5(config=T5Config(**SIZES, emb_dim=8, num_heads=2, num_decoder_layers=2))
DRAFTER = T5(config=T5Config(**SIZES, emb_dim=6, num_heads=1, num_decoder_layers=1))
PROMPTS = jnp.array([[3, 7, 9, 1], [5, 1, 0, 0]])
LENGTH = 9


def random_params(model, seed):
    rng = np.random.default_rng(seed)
    return jax.tree.map(
        lambda leaf: jnp.array(rng.normal(size=leaf.shape), jnp.float32),
        jax.eval_shape(model.init, jax.random.key(0)),
    )


TRAINED = random_params(TARGET, 0)


def one_token(*_, **__):
    raise AssertionError("T5X's function of one token is not called")


def predict(execution, params=TRAINED, seed=0, **options):
    """What `EncoderDecoderModel.predict_batch_with_aux` does, compiled."""
    decode = decode_function(
        TARGET, DRAFTER, random_params(DRAFTER, 1), execution, **options
    )

    @jax.jit
    def call(params, prompts, key):
        return decode(
            inputs=jnp.zeros((2, LENGTH), jnp.int32),
            cache={},
            tokens_to_logits=functools.partial(
                one_token,
                params=params,
                encoded_inputs=None,
                raw_inputs=prompts,
                max_decode_length=LENGTH,
            ),
            num_decodes=1,
            cache_offset=0,
            eos_id=1,
            decode_rng=key,
        )

    decodes, scores = call(params, PROMPTS, jax.random.key(seed))
    assert (decodes.shape, scores.shape) == ((2, 1, LENGTH), (2, 1))
    return np.array(decodes[:, 0]), np.array(scores[:, 0])


SPECULATIVE = Execution(kind="speculative", rule=Lossless(), gamma=3)


def test_lossless_speculation_at_temperature_0_writes_the_target_s_argmaxes():
    written, scores = predict(SPECULATIVE, temperature=0.0)
    alone, its_scores = predict(Execution(kind="target"), temperature=0.0)
    np.testing.assert_array_equal(written, alone)
    np.testing.assert_allclose(scores, its_scores, rtol=1e-5)
    fed = np.pad(written[:, :-1], ((0, 0), (1, 0)))
    forced = jax.jit(TARGET.module.apply)(
        {"params": TRAINED}, PROMPTS, PROMPTS > 0, jnp.array(fed)
    )
    logs = np.array(jax.nn.log_softmax(forced))
    for row, log, score in zip(written, logs, scores, strict=True):
        length = list(row).index(1) + 1 if 1 in row else LENGTH
        assert len(set(row[:length])) > 1  # a constant output would prove nothing
        np.testing.assert_array_equal(row[:length], log[:length].argmax(-1))
        own = log[np.arange(length), row[:length]]
        np.testing.assert_allclose(score, own.sum(), rtol=1e-4)


def test_the_random_key_decides_what_is_drawn():
    first, again, other = (predict(SPECULATIVE, seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_parameters_of_another_model_are_refused():
    with pytest.raises(UserError, match=r"must be examples/t5, not scanned"):
        predict(SPECULATIVE, params=random_params(DRAFTER, 0))


def test_another_t5x_and_several_decodes_are_refused():
    decode = decode_function(TARGET, DRAFTER, TRAINED, SPECULATIVE)
    call = {"inputs": jnp.zeros((2, 3), jnp.int32), "cache": {}, "eos_id": 1}
    with pytest.raises(UserError, match="does not hold params and raw_inputs"):
        decode(tokens_to_logits=one_token, **call)
    with pytest.raises(UserError, match="One decode a row, not 4"):
        decode(tokens_to_logits=one_token, num_decodes=4, **call)
