"""A model that reads its prompt when it is first called, or never.

Sequence and token cascades may write an answer without the target. What is timed is one
row by itself; it is not to pay for reading a prompt that the target does not use, which
is a large part of a short answer's time. In a batch some row always defers, and reading
all prompts at once is cheapest: there the target is used as it is.

By example, the calls of a target in one row that defers twice, and what they run:

    call     read before   runs
    first    no            prefill, score
    second   yes           score
"""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from speccascade.models.interface import Cache, Model, Params, Prefilled, Prompts


@flax.struct.dataclass
class LateCache:
    """The cache of a model that may not have read its prompts yet.

    Attributes:
      prompts: what is to be read.
      read: bool[B], whether it was; the same in every row.
      cache: the model's own; zeros until the prompts are read.
    """

    prompts: Prompts
    read: Bool[Array, " B"]
    cache: Cache


@dataclasses.dataclass(frozen=True, kw_only=True)
class Late:
    """`model` behind the model interface, its prefill put off until the first call.

    Attributes:
      model: the model.
      decode_slots: what its prefill is to be told.
    """

    model: Model
    decode_slots: int

    @property
    def vocab_size(self) -> int:
        return self.model.vocab_size

    def prefill(self, params: Params, prompts: Prompts, decode_slots: int) -> Prefilled:
        """Reads nothing: of the model's own prefill only shapes and slots are used.

        What is not used is not compiled.
        """
        prefilled = self.model.prefill(params, prompts, decode_slots)
        cache = LateCache(
            prompts=prompts,
            read=jnp.zeros(prompts.lengths.shape, bool),
            cache=jax.tree.map(jnp.zeros_like, prefilled.cache),
        )
        return dataclasses.replace(prefilled, cache=cache)

    def score(
        self,
        params: Params,
        cache: LateCache,
        tokens: Int[Array, "B K"],
        slots: Int[Array, " B"],
    ) -> tuple[Float[Array, "B K V"], LateCache]:
        def read(_: tuple[jax.Array, Cache]) -> tuple[jax.Array, Cache]:
            own = self.model.prefill(params, cache.prompts, self.decode_slots).cache
            return jnp.array(True), own

        # At most one turn. A branch would copy the cache in every call that does not
        # take it; a loop that is not entered hands its arrays on.
        _, own = jax.lax.while_loop(
            lambda carry: ~carry[0], read, (jnp.all(cache.read), cache.cache)
        )
        logits, own = self.model.score(params, own, tokens, slots)
        return logits, dataclasses.replace(
            cache, read=jnp.ones_like(cache.read), cache=own
        )
