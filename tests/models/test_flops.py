"""The formulas against the compiler's own count."""

import jax
import jax.numpy as jnp
import pytest

from speccascade.models import (
    T5,
    CountsFlops,
    Gemma,
    GemmaConfig,
    Prompts,
    T5Config,
)


def of_the_compiler(function, *arguments):
    """FLOPs of everything that the compiled program does, elementwise work included."""
    # Leaves: what `lower` makes of typed containers is not of their types.
    leaves, structure = jax.tree.flatten(arguments)

    def run(leaves):
        return function(*jax.tree.unflatten(structure, leaves))

    return jax.jit(run).lower(leaves).compile().cost_analysis()["flops"]


SIZES = {
    "vocab_size": 2048,
    "emb_dim": 192,
    "num_heads": 6,
    "head_dim": 40,
    "mlp_dim": 512,
}
LAYERS = {"num_encoder_layers": 2, "num_decoder_layers": 3}
MODELS = {
    "T5 1.0": T5(config=T5Config(**SIZES, **LAYERS, version="1.0")),
    "T5 1.1": T5(config=T5Config(**SIZES, **LAYERS, version="1.1")),
    "Gemma 1": Gemma(config=GemmaConfig(**SIZES, num_layers=3, num_kv_heads=1)),
    "Gemma 3": Gemma(
        config=GemmaConfig(
            **SIZES,
            num_layers=3,
            num_kv_heads=2,
            window=16,
            global_every=2,
            qk_norm=True,
            post_norms=True,
        )
    ),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("tokens", [1, 4])
def test_a_call_costs_what_the_compiler_counts(name, tokens):
    slots, prompt, model = 84, 40, MODELS[name]
    assert isinstance(model, CountsFlops)
    prompts = Prompts(
        tokens=jnp.zeros((1, prompt), jnp.int32), lengths=jnp.ones((1,), jnp.int32)
    )
    params = model.for_decoding(jax.jit(model.init)(jax.random.key(0)))

    def prefill(params, prompts):
        return model.prefill(params, prompts, slots)

    cache = jax.jit(prefill)(params, prompts).cache
    fed, slot = jnp.zeros((1, tokens), jnp.int32), jnp.zeros((1,), jnp.int32)
    # What the formula leaves out is never negative, and 3 % at most in such a model.
    for ours, theirs in (
        (model.prefill_flops(prompt), of_the_compiler(prefill, params, prompts)),
        (
            model.score_flops(tokens, slots, prompt),
            of_the_compiler(model.score, params, cache, fed, slot),
        ),
    ):
        assert 1 <= theirs / ours < 1.03
