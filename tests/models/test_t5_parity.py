"""Our T5 against golden arrays of `transformers`, and against a checkpoint of T5X."""

import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.checkpoints import load
from speccascade.models import T5, Prompts, T5Config
from speccascade.models.t5_layers import relative_position_bucket

# Float32 sums in another order; the logits' standard deviation is 1 (1.0) or 4 (1.1).
TOLERANCE = 1e-4
FIXTURES = os.environ.get("SPECCASCADE_FIXTURES")


def test_encoder_and_logits_equal_those_of_transformers(tiny, differences_from):
    found = differences_from(tiny)
    assert {name for name, value in found.items() if not value < TOLERANCE} == set()


def test_greedy_output_equals_that_of_transformers_and_varies(tiny, greedy):
    found = greedy(tiny)
    np.testing.assert_array_equal(found, tiny.expected["greedy"])
    # A constant output would prove nothing.
    assert max(len(set(row)) for row in found.tolist()) >= 4


@pytest.mark.parametrize("direction", ["causal", "bidirectional"])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
def test_every_bucket_is_that_of_transformers(golden_buckets, direction, compiled):
    def bucket(relative):
        return relative_position_bucket(relative, direction == "bidirectional")

    found = (jax.jit(bucket) if compiled else bucket)(
        jnp.array(golden_buckets["relative"])
    )
    np.testing.assert_array_equal(found, golden_buckets[direction])


def test_the_buckets_of_the_docstring():
    relative = jnp.array([-300, -128, -127, -16, -15, -1, 0, 1, 15, 16, 300])
    causal = [31, 31, 31, 16, 15, 1, 0, 0, 0, 0, 0]
    both = [15, 15, 15, 10, 9, 1, 0, 17, 25, 26, 31]
    assert relative_position_bucket(relative, False).tolist() == causal
    assert relative_position_bucket(relative, True).tolist() == both


@pytest.mark.checkpoint
@pytest.mark.skipif(FIXTURES is None, reason="SPECCASCADE_FIXTURES is not set")
def test_a_checkpoint_of_t5x_gives_its_logits():
    folder = Path(FIXTURES) / "t5x" / "t5_1_1_tiny"
    checkpoint = load(f"t5x:{folder / 'checkpoint_7'}")
    model, params = checkpoint.model, checkpoint.params
    assert model == T5(
        config=T5Config(
            vocab_size=384,
            emb_dim=32,
            num_heads=2,
            head_dim=16,
            mlp_dim=64,
            num_encoder_layers=2,
            num_decoder_layers=2,
        )
    )
    with np.load(folder / "reference.npz") as arrays:
        reference = dict(arrays)
    tokens = jnp.array(reference["encoder_input_tokens"], jnp.int32)
    targets = jnp.array(reference["decoder_input_tokens"], jnp.int32)
    valid = tokens > 0
    prompts = Prompts(tokens=tokens, lengths=valid.sum(1).astype(jnp.int32))

    @jax.jit
    def run(params):
        variables = {"params": params}
        encoded = model.module.apply(variables, tokens, valid, method="encode")
        forced = model.module.apply(variables, tokens, valid, targets)
        first = model.prefill(params, prompts, targets.shape[1])
        cached, _ = model.score(params, first.cache, targets, first.slot)
        return encoded, forced, cached

    encoded, forced, cached = map(np.array, run(params))
    # T5X masks by target padding, ours does not: compare what is not padding.
    real = reference["decoder_target_tokens"] > 0
    for found in (forced, cached):
        np.testing.assert_allclose(
            found[real], reference["logits"][real], rtol=0, atol=TOLERANCE
        )
    kept = np.array(valid)
    np.testing.assert_allclose(
        encoded[kept], reference["encoded"][kept], rtol=0, atol=TOLERANCE
    )
