"""The exact toy: a model small enough that the law of its outputs can be enumerated.

Its next-token distribution is a table looked up by slot and by the last two tokens,
which it *reads from its cache* like any other model: a cache that was not rolled back,
or that lacks a token, gives the wrong distribution. It is the ground truth of the
engine; T5 and Gemma come after it.

It is a decoder without encoder: prompt tokens occupy the first slots, and the prompt's
last token is fed first.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from speccascade.models.interface import Params, Prefilled, Prompts

# `before` is V + 1: every token, or none.
Table = Float[Array, "slots before V V"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Toy:
    """A toy behind the model interface; its parameters are one table of logits.

    `table[s, a, b]` are the logits float[V] after token b at slot s that follows token
    a; a = V stands for "nothing before" at slot 0. Slots beyond the table use its last
    entry.

    Attributes:
      vocab_size: V.
    """

    vocab_size: int

    def init(self, key: Array, num_slots: int, spread: float = 1.5) -> Params:
        """A random table; logits of standard deviation `spread` at every slot."""
        size = self.vocab_size
        return spread * jax.random.normal(key, (num_slots, size + 1, size, size))

    def prefill(self, params: Params, prompts: Prompts, decode_slots: int) -> Prefilled:
        length = prompts.tokens.shape[1]
        last = prompts.lengths - 1
        # The cache is the tokens themselves, int32[B, S].
        cache = jnp.pad(prompts.tokens, ((0, 0), (0, decode_slots)))
        kept = jnp.arange(length + decode_slots)[None, :] < last[:, None]
        cache = jnp.where(kept, cache, 0)
        token = jnp.take_along_axis(prompts.tokens, last[:, None], axis=1)[:, 0]
        return Prefilled(cache=cache, token=token, slot=last)

    def score(
        self,
        params: Table,
        cache: Int[Array, "B S"],
        tokens: Int[Array, "B K"],
        slots: Int[Array, " B"],
    ) -> tuple[Float[Array, "B K V"], Int[Array, "B S"]]:
        positions = slots[:, None] + jnp.arange(tokens.shape[1])[None, :]
        rows = jnp.arange(tokens.shape[0])[:, None]
        cache = cache.at[rows, positions].set(tokens, mode="drop")
        # Rows fed out of range read anything: nobody looks at their logits.
        current = jnp.minimum(positions, cache.shape[1] - 1)
        token = jnp.take_along_axis(cache, current, axis=1)
        before = jnp.take_along_axis(cache, jnp.maximum(current - 1, 0), axis=1)
        before = jnp.where(current == 0, self.vocab_size, before)
        entry = jnp.minimum(current, params.shape[0] - 1)
        return params[entry, before, token], cache
