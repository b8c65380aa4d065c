"""The formula against the compiler's own count."""

import jax
import jax.numpy as jnp
import pytest

from speccascade.models import T5, CountsFlops, Prompts, T5Config


def of_the_compiler(function, *arguments):
    """FLOPs of everything that the compiled program does, elementwise work included."""
    # Leaves: what `lower` makes of typed containers is not of their types.
    leaves, structure = jax.tree.flatten(arguments)

    def run(leaves):
        return function(*jax.tree.unflatten(structure, leaves))

    return jax.jit(run).lower(leaves).compile().cost_analysis()["flops"]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("tokens", [1, 4])
def test_a_call_costs_what_the_compiler_counts(version, tokens):
    slots, prompt = 84, 40
    model = T5(
        config=T5Config(
            vocab_size=2048,
            emb_dim=192,
            num_heads=5,
            head_dim=48,
            mlp_dim=512,
            num_encoder_layers=2,
            num_decoder_layers=3,
            version=version,
        )
    )
    assert isinstance(model, CountsFlops)
    prompts = Prompts(
        tokens=jnp.zeros((1, prompt), jnp.int32), lengths=jnp.ones((1,), jnp.int32)
    )
    params = model.for_decoding(jax.jit(model.init)(jax.random.key(0)))

    def prefill(params, prompts):
        return model.prefill(params, prompts, slots)

    cache = jax.jit(prefill)(params, prompts).cache
    fed, slot = jnp.zeros((1, tokens), jnp.int32), jnp.zeros((1,), jnp.int32)
    # What the formula leaves out is never negative, and 2 % at most in such a model.
    for ours, theirs in (
        (model.prefill_flops(prompt), of_the_compiler(prefill, params, prompts)),
        (
            model.score_flops(tokens, slots, prompt),
            of_the_compiler(model.score, params, cache, fed, slot),
        ),
    ):
        assert 1 <= theirs / ours < 1.02
