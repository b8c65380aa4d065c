"""A decoder-only model as the engine sees it: the prompt is the cache's beginning.

The network, and a picture of what it sees, are in `models.gemma_module`.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from speccascade.models import gemma_flops, kv_cache
from speccascade.models.gemma_config import GemmaConfig
from speccascade.models.gemma_module import GemmaModule
from speccascade.models.interface import Params, Prefilled, Prompts
from speccascade.models.layers import transposed_kernels

GemmaCache = tuple[kv_cache.LayerCache, ...]  # one a layer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gemma:
    """A decoder-only model behind the model interface (`models.interface.Model`).

    The prompt takes the first slots, and its last token is the first one fed: at slot
    length - 1, which `prefill` has written already and the first call writes again. The
    capacity of a row is the padded prompt and `decode_slots`.
    """

    config: GemmaConfig

    @property
    def vocab_size(self) -> int:
        return self.config.vocab_size

    @property
    def module(self) -> GemmaModule:
        return GemmaModule(self.config)

    def init(self, key: Array) -> Params:
        """Random parameters, float32."""
        return self.module.init(key, jnp.zeros((1, 2), jnp.int32))["params"]

    def for_decoding(self, params: Params) -> Params:
        """The same parameters, the kernels held as decoding reads them best."""
        return transposed_kernels(params)

    def prefill(self, params: Params, prompts: Prompts, decode_slots: int) -> Prefilled:
        read: Any = self.module.apply(
            {"params": params}, prompts.tokens, method="read_prompt"
        )
        room = ((0, 0), (0, 0), (0, 0), (0, decode_slots))
        last = prompts.lengths - 1
        return Prefilled(
            cache=jax.tree.map(lambda array: jnp.pad(array, room), read),
            token=jnp.take_along_axis(prompts.tokens, last[:, None], axis=1)[:, 0],
            slot=last,
        )

    def score(
        self,
        params: Params,
        cache: GemmaCache,
        tokens: Int[Array, "B K"],
        slots: Int[Array, " B"],
    ) -> tuple[Float[Array, "B K V"], GemmaCache]:
        offsets = jnp.arange(tokens.shape[1], dtype=slots.dtype)
        positions = slots[:, None] + offsets[None, :]
        scored: Any = self.module.apply(
            {"params": params}, tokens, positions, cache, method="decode"
        )
        return scored

    def answer_logits(
        self, params: Params, prompts: Prompts, answers: Int[Array, "B T"]
    ) -> Float[Array, "B T V"]:
        """Answers follow their prompts without a gap, then come the logits before each.

        prompt a b . .   answer x y   ->   fed a b x y . .   read after b, x
        """
        width, length = prompts.tokens.shape[1], answers.shape[1]
        positions = jnp.arange(width + length, dtype=prompts.lengths.dtype)[None, :]
        own = jnp.pad(prompts.tokens, ((0, 0), (0, length)))
        following = jnp.clip(positions - prompts.lengths[:, None], 0, length - 1)
        fed = jnp.where(
            positions < prompts.lengths[:, None],
            own,
            jnp.take_along_axis(answers, following, axis=1),
        )
        read = prompts.lengths[:, None] - 1 + positions[:, :length]
        logits: Any = self.module.apply({"params": params}, fed, read)
        return logits

    def prefill_flops(self, prompt_slots: int) -> int:
        return gemma_flops.prefill_flops(self.config, prompt_slots=prompt_slots)

    def score_flops(self, tokens: int, decode_slots: int, prompt_slots: int) -> int:
        return gemma_flops.score_flops(
            self.config, tokens=tokens, cache_slots=prompt_slots + decode_slots
        )
