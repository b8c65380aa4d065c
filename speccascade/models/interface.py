"""The one interface that T5, Gemma and the exact toy meet.

A model does two things: it makes a cache from the prompts, and it scores K >= 1 tokens
a row at per-row positions. Everything else (drafting, verification, rules) is the
engine's.

The invariant between calls: the cache holds every committed token but the last, and
the first thing a round feeds is that last token. `prefill` therefore returns, next to
the cache, the token that is to be fed first and the slot where it goes: the start
token at slot 0 for T5, the prompt's last token for Gemma.

Rolling back is feeding an earlier slot again: slots beyond the one being fed are
stale, and attention masks them by position.
"""

from typing import Any, Protocol, runtime_checkable

import flax.struct
from jaxtyping import Array, Float, Int

Params = Any
Cache = Any


@flax.struct.dataclass
class Prompts:
    """A batch of prompts, padded on the right.

    Attributes:
      tokens: int32[B, L], `L` being one of the bucket lengths; padding may hold any id
        of the vocabulary, and which one changes nothing.
      lengths: int32[B], at least 1 (a dummy row holds one token).
    """

    tokens: Int[Array, "B L"]
    lengths: Int[Array, " B"]


@flax.struct.dataclass
class Prefilled:
    """What a model knows once it has read the prompts.

    Attributes:
      cache: the model's own pytree.
      token: int32[B], the token to feed first.
      slot: int32[B], the cache slot of that token.
    """

    cache: Cache
    token: Int[Array, " B"]
    slot: Int[Array, " B"]


@runtime_checkable
class Model(Protocol):
    """A decoder, possibly behind an encoder. Hashable: a static argument of `jit`."""

    @property
    def vocab_size(self) -> int:
        """Width V of the logits; drafter and target must agree on it."""
        ...

    def prefill(self, params: Params, prompts: Prompts, decode_slots: int) -> Prefilled:
        """Reads the prompts.

        Args:
          params: the model's parameters.
          prompts: the batch.
          decode_slots: slots a row that generated tokens may occupy (max new tokens
            plus the largest K); the model adds what the prompt itself needs.

        Returns:
          The cache, and the token that the first round feeds with its slot.
        """
        ...

    def score(
        self,
        params: Params,
        cache: Cache,
        tokens: Int[Array, "B K"],
        slots: Int[Array, " B"],
    ) -> tuple[Float[Array, "B K V"], Cache]:
        """Feeds K tokens a row and returns the logits after each of them.

        Args:
          params: the model's parameters.
          cache: as returned by `prefill` or by an earlier call.
          tokens: ids; row b's token k goes to slot `slots[b] + k`.
          slots: first slot of each row, at least 0. Slots beyond the capacity are
            dropped, so a finished row is fed beyond it and changes nothing; its
            logits mean nothing.

        Returns:
          Logits float32[B, K, V] (position k has seen tokens up to and including k),
          and the cache with the K tokens written.
        """
        ...


@runtime_checkable
class Trainable(Model, Protocol):
    """A model with parameters to train: `T5` and `Gemma`, not the exact toy."""

    @property
    def config(self) -> Any:
        """Its shape, a frozen dataclass."""
        ...

    def init(self, key: Array) -> Params:
        """Random parameters, float32."""
        ...

    def for_decoding(self, params: Params) -> Params:
        """The same parameters, held as decoding reads them best.

        For decoding only: what is stored and trained keeps the layout of `init`.
        """
        ...

    def answer_logits(
        self, params: Params, prompts: Prompts, answers: Int[Array, "B T"]
    ) -> Float[Array, "B T V"]:
        """Teacher-forced logits float32[B, T, V]: position t has seen answers[:t].

        What an answer's padding holds changes nothing before it.
        """
        ...


@runtime_checkable
class CountsFlops(Protocol):
    """A model that knows what its calls cost; nothing but tables asks.

    Floating-point operations of the matrix products for one row, a multiplication and
    an addition being two; the arguments are those of `Model`'s functions.
    """

    def prefill_flops(self, prompt_slots: int) -> int:
        """FLOPs of reading one prompt that is padded to `prompt_slots` tokens."""
        ...

    def score_flops(self, tokens: int, decode_slots: int, prompt_slots: int) -> int:
        """FLOPs of feeding `tokens` tokens, padding included, to one row."""
        ...
