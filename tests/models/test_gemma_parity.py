"""Our decoder against golden arrays of `transformers`: Gemma 1 to 3, Llama, Qwen2.

The sequences are longer than the windows of Gemma 2 and 3 (7 slots).
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.models import Gemma

TOLERANCE = 1e-4  # float32 sums in another order; logits are of size 1 to 5


def test_logits_equal_those_of_transformers(tiny_gemma):
    forced = jax.jit(
        lambda params: tiny_gemma.model.module.apply(
            {"params": params}, tiny_gemma.sequences
        )
    )(tiny_gemma.params)
    np.testing.assert_allclose(forced, tiny_gemma.logits, rtol=0, atol=TOLERANCE)
    assert np.std(tiny_gemma.logits) > 0.3  # or closeness proves nothing


def test_logits_from_the_cache_equal_those_of_transformers(tiny_gemma, score_ragged):
    found = score_ragged(tiny_gemma)
    np.testing.assert_allclose(found, tiny_gemma.logits, rtol=0, atol=TOLERANCE)


def test_greedy_output_equals_that_of_transformers_and_varies(
    tiny_gemma, greedy_decoder
):
    found = greedy_decoder(tiny_gemma)
    np.testing.assert_array_equal(found, tiny_gemma.greedy)
    # A constant output would prove nothing.
    assert max(len(set(row)) for row in found.tolist()) >= 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("window", 8),
        ("global_every", 1),
        ("query_scale", None),
        ("rope_scale", 1.0),
        ("rope_base", 10_000.0),
        ("local_rope_base", None),
        ("scaled_embedding", False),
        ("zero_centred_norms", False),
        ("activation", "silu"),
        ("norm_epsilon", 1e-2),
    ],
)
def test_every_choice_of_gemma_3_shows_in_the_logits(gemma3, field, value):
    changed = Gemma(config=dataclasses.replace(gemma3.model.config, **{field: value}))
    logits = changed.module.apply({"params": gemma3.params}, gemma3.sequences)
    assert np.abs(np.array(logits) - gemma3.logits).max() > 10 * TOLERANCE


@pytest.mark.parametrize("field", ["attention_cap", "final_cap"])
def test_both_caps_of_gemma_2_show_in_the_logits(gemma2, field):
    changed = Gemma(config=dataclasses.replace(gemma2.model.config, **{field: None}))
    logits = changed.module.apply({"params": gemma2.params}, gemma2.sequences)
    assert np.abs(np.array(logits) - gemma2.logits).max() > 10 * TOLERANCE


def test_bfloat16_activations_stay_near_float32(gemma3):
    config = dataclasses.replace(gemma3.model.config, dtype="bfloat16")
    logits = Gemma(config=config).module.apply(
        {"params": gemma3.params}, gemma3.sequences
    )
    assert logits.dtype == jnp.float32
    difference = np.abs(np.array(logits) - gemma3.logits)
    assert 1e-4 < difference.mean() < 0.05
