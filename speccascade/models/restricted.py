"""A model of some ids among many, whose logits are spread over the whole vocabulary.

A drafter need not know every word: one that writes 8,192 of Gemma's 262,144 ids has a
thirty-second of the output matrix. Elsewhere q(x) = 0, and the target's own words come
from what verification draws in place of a refused draft.

    ids     [0  2  5]           the ids that it has, of V = 6
    logits  [2.0  0.5  1.1]  -> [2.0  -1e9  0.5  -1e9  -1e9  1.1]
    reads   5 2 4            -> its ids 2 1 0

An id that it does not have is read as its first.
"""

import dataclasses
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from speccascade.models.gemma import Gemma, GemmaCache
from speccascade.models.interface import Params, Prefilled, Prompts
from speccascade.models.layers import MASKED


@dataclasses.dataclass(frozen=True, kw_only=True)
class Restricted:
    """`model` behind the model interface, as a model of `width` ids.

    Its parameters are those of `restricted_params`.

    Attributes:
      model: the narrow model; its vocab_size R is the number of ids that it has.
      width: V.
    """

    model: Gemma
    width: int

    @property
    def vocab_size(self) -> int:
        return self.width

    @property
    def config(self) -> Any:
        return self.model.config

    def init(self, key: Array) -> Params:
        """Random parameters of a model of the first R ids."""
        ids = jnp.arange(self.model.vocab_size, dtype=jnp.int32)
        return restricted_params(self.model.init(key), ids, self.width)

    def for_decoding(self, params: Params) -> Params:
        return params | {"model": self.model.for_decoding(params["model"])}

    def prefill(self, params: Params, prompts: Prompts, decode_slots: int) -> Prefilled:
        read = self.model.prefill(
            params["model"], _narrow(params, prompts), decode_slots
        )
        token = params["ids"][read.token]
        return Prefilled(cache=read.cache, token=token, slot=read.slot)

    def score(
        self,
        params: Params,
        cache: GemmaCache,
        tokens: Int[Array, "B K"],
        slots: Int[Array, " B"],
    ) -> tuple[Float[Array, "B K V"], GemmaCache]:
        narrow = params["places"][tokens]
        logits, cache = self.model.score(params["model"], cache, narrow, slots)
        return self._spread(params, logits), cache

    def answer_logits(
        self, params: Params, prompts: Prompts, answers: Int[Array, "B T"]
    ) -> Float[Array, "B T V"]:
        logits = self.model.answer_logits(
            params["model"], _narrow(params, prompts), params["places"][answers]
        )
        return self._spread(params, logits)

    def prefill_flops(self, prompt_slots: int) -> int:
        return self.model.prefill_flops(prompt_slots)

    def score_flops(self, tokens: int, decode_slots: int, prompt_slots: int) -> int:
        return self.model.score_flops(tokens, decode_slots, prompt_slots)

    def _spread(
        self, params: Params, logits: Float[Array, "B K R"]
    ) -> Float[Array, "B K V"]:
        wide = jnp.full((*logits.shape[:2], self.width), MASKED, logits.dtype)
        return wide.at[:, :, params["ids"]].set(logits)


def restricted_params(params: Params, ids: Int[Array, " R"], width: int) -> Params:
    """The parameters of a `Restricted`.

    Args:
      params: of the narrow model.
      ids: int32[R], ascending: which of the `width` ids each of its own is.
      width: V.

    Returns:
      `model`, `ids`, and `places`: int32[V], where each id stands among `ids`, 0 where
      it does not.
    """
    own = jnp.arange(len(ids), dtype=jnp.int32)
    places = jnp.zeros(width, jnp.int32).at[ids].set(own)
    return {"model": params, "ids": ids, "places": places}


def _narrow(params: Params, prompts: Prompts) -> Prompts:
    return Prompts(tokens=params["places"][prompts.tokens], lengths=prompts.lengths)
