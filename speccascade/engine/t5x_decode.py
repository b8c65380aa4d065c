"""The engine as `decode_fn` of a model that T5X trains; T5X itself is not imported.

    model = t5x.models.EncoderDecoderModel(
        ..., decode_fn=decode_function(target, drafter, drafter_params, execution)
    )
    model.predict_batch(params, batch, rng=key)

T5X hands a `decode_fn` a function from one token a row to the model's logits. To verify
takes several tokens at once, so that function is not called. It is a partial function
that holds the parameters of the model, which are the target's, and the prompts: they
are taken from it. Run with T5X of April 2026.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from speccascade.engine.generate import generate
from speccascade.engine.request import Execution, PairParams, Rows
from speccascade.errors import UserError
from speccascade.models import START_ID, T5, Model, Params, Prompts
from speccascade.sampling import Sampling

Decoded = tuple[Int[Array, "B 1 T"], Float[Array, "B 1"]]


def decode_function(
    target: T5,
    drafter: Model,
    drafter_params: Params,
    execution: Execution,
    *,
    alpha: float = 0.0,
    temperature: float = 1.0,
) -> Callable[..., Decoded]:
    """A `t5x.models.DecodeFnCallable` that decodes with a pair.

    Args:
      target: our model of the shape that T5X trains (`examples/t5`).
      drafter: the small model, with the same vocabulary.
      drafter_params: its parameters.
      execution: rule, gamma and all else that is static.
      alpha: the rule's threshold.
      temperature: 0 is greedy.

    Returns:
      The function. It gives int32[B, 1, T] tokens, 0 after the end, and float32[B, 1],
      the log-likelihood of what it wrote under the target at temperature 1. It refuses
      more than one decode a row. Decoder prompts (`prompt_with_targets`) are not read.
    """

    def decode(
        *,
        inputs: Int[Array, "B T"],
        cache: Any,
        tokens_to_logits: Callable[..., Any],
        eos_id: int,
        num_decodes: int = 1,
        decode_rng: Array | None = None,
        cache_offset: int = 0,
    ) -> Decoded:
        del cache, cache_offset  # the engine has caches of its own
        if num_decodes != 1:
            raise UserError(
                f"One decode a row, not {num_decodes}: set num_decodes = 1."
            )
        params, tokens = _held(tokens_to_logits, target)
        batch, length = inputs.shape
        lengths = (tokens > 0).sum(1, dtype=jnp.int32)
        seed = jnp.zeros((), jnp.int32)
        if decode_rng is not None:
            seed = jax.random.randint(decode_rng, (), 0, 2**31 - 1, jnp.int32)
        whole = functools.partial(jnp.full, (batch,))
        generation = generate(
            execution,
            drafter,
            target,
            PairParams(drafter=drafter_params, target=params),
            Prompts(tokens=tokens, lengths=lengths),
            Rows(
                alpha=whole(alpha, jnp.float32),
                sampling=Sampling(
                    temperature=whole(temperature, jnp.float32),
                    top_k=whole(0, jnp.int32),
                    top_p=whole(1.0, jnp.float32),
                    min_p=whole(0.0, jnp.float32),
                ),
                seed=jnp.broadcast_to(seed, (batch,)),
                example=jnp.arange(batch, dtype=jnp.int32),
                active=jnp.ones((batch,), bool),
            ),
            max_new_tokens=length,
            eos_id=eos_id,
        )
        written = generation.tokens
        fed = jnp.pad(written[:, :-1], ((0, 0), (1, 0)), constant_values=START_ID)
        logits: Any = target.module.apply({"params": params}, tokens, tokens > 0, fed)
        each = jnp.take_along_axis(
            jax.nn.log_softmax(logits), written[:, :, None], axis=-1
        )[:, :, 0]
        own = jnp.arange(length)[None, :] < generation.lengths[:, None]
        scores = jnp.where(own, each, 0.0).sum(1)
        return written[:, None, :], scores[:, None]

    return decode


def _held(
    tokens_to_logits: Callable[..., Any], target: T5
) -> tuple[Params, Int[Array, "B L"]]:
    """The target's parameters and the prompts, from T5X's partial."""
    held = getattr(tokens_to_logits, "keywords", {})
    if not {"params", "raw_inputs"} <= held.keys():
        raise UserError(
            "tokens_to_logits does not hold params and raw_inputs: this T5X's "
            "EncoderDecoderModel is not the one that we know."
        )
    params = held["params"]
    expected = jax.eval_shape(target.init, jax.random.key(0))
    if jax.tree.map(jnp.shape, params) != jax.tree.map(jnp.shape, expected):
        raise UserError(
            "The parameters that T5X decodes with are not those of the target: it must "
            "be examples/t5, not scanned, and of the target's size."
        )
    return params, held["raw_inputs"].astype(jnp.int32)
