"""T5 as the engine sees it: prompts become a cache, K tokens a row are scored.

The network, and a picture of its cache, are in `models.t5_module`.
"""

import dataclasses
from typing import Any

import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from speccascade.models import kv_cache, t5_flops
from speccascade.models.interface import Params, Prefilled, Prompts
from speccascade.models.layers import transposed_kernels
from speccascade.models.t5_module import T5Config, T5Module

START_ID = 0  # T5 starts decoding from the padding id.


@flax.struct.dataclass
class T5Cache:
    """What the decoder keeps between calls.

    Attributes:
      self_attention: one `LayerCache` a layer, S slots.
      cross_attention: one `LayerCache` a layer, L slots; never written again.
      prompt_bias: float32[B, 1, 1, L], 0 on the prompt and very negative on padding.
    """

    self_attention: tuple[kv_cache.LayerCache, ...]
    cross_attention: tuple[kv_cache.LayerCache, ...]
    prompt_bias: Float[Array, "B 1 1 L"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class T5:
    """A T5 behind the model interface (`models.interface.Model`).

    The first token fed is the start token at slot 0; the prompt takes no slot of the
    decoder, so the capacity of a row is `decode_slots`.
    """

    config: T5Config

    @property
    def vocab_size(self) -> int:
        return self.config.vocab_size

    @property
    def module(self) -> T5Module:
        return T5Module(self.config)

    def init(self, key: Array) -> Params:
        """Random parameters, T5X's initialisers; float32."""
        tokens = jnp.zeros((1, 2), jnp.int32)
        valid = jnp.ones((1, 2), bool)
        return self.module.init(key, tokens, valid, tokens)["params"]

    def for_decoding(self, params: Params) -> Params:
        """The same parameters, the decoder's kernels held as decoding reads them best.

        For decoding only: what is stored and trained keeps T5X's layout.
        """
        return {**params, "decoder": transposed_kernels(params["decoder"])}

    def prefill(self, params: Params, prompts: Prompts, decode_slots: int) -> Prefilled:
        config = self.config
        batch = prompts.tokens.shape[0]
        read: Any = self.module.apply(
            {"params": params}, prompts.tokens, _inside(prompts), method="read_prompt"
        )
        prompt, prompt_bias = read
        empty = tuple(
            kv_cache.empty(
                batch,
                config.num_heads,
                config.head_dim,
                decode_slots,
                jnp.dtype(config.dtype),
            )
            for _ in range(config.num_decoder_layers)
        )
        return Prefilled(
            cache=T5Cache(
                self_attention=empty, cross_attention=prompt, prompt_bias=prompt_bias
            ),
            token=jnp.full((batch,), START_ID, jnp.int32),
            slot=jnp.zeros((batch,), jnp.int32),
        )

    def score(
        self,
        params: Params,
        cache: T5Cache,
        tokens: Int[Array, "B K"],
        slots: Int[Array, " B"],
    ) -> tuple[Float[Array, "B K V"], T5Cache]:
        offsets = jnp.arange(tokens.shape[1], dtype=slots.dtype)
        positions = slots[:, None] + offsets[None, :]
        logits, written = self.module.apply(
            {"params": params},
            tokens,
            positions,
            cache.self_attention,
            cache.cross_attention,
            cache.prompt_bias,
            method="decode",
        )
        return logits, dataclasses.replace(cache, self_attention=written)

    def answer_logits(
        self, params: Params, prompts: Prompts, answers: Int[Array, "B T"]
    ) -> Float[Array, "B T V"]:
        fed = jnp.pad(answers[:, :-1], ((0, 0), (1, 0)), constant_values=START_ID)
        valid = _inside(prompts)
        logits: Any = self.module.apply({"params": params}, prompts.tokens, valid, fed)
        return logits

    def prefill_flops(self, prompt_slots: int) -> int:
        return t5_flops.prefill_flops(self.config, prompt_slots=prompt_slots)

    def score_flops(self, tokens: int, decode_slots: int, prompt_slots: int) -> int:
        return t5_flops.score_flops(
            self.config,
            tokens=tokens,
            cache_slots=decode_slots,
            prompt_slots=prompt_slots,
        )


def _inside(prompts: Prompts) -> Bool[Array, "B L"]:
    """False at padding."""
    positions = jnp.arange(prompts.tokens.shape[1], dtype=prompts.lengths.dtype)
    return positions[None, :] < prompts.lengths[:, None]
