"""A decoder-only transformer as a Linen module: it scores K tokens at given slots.

Gemma Team (2024, 2024, 2025); by configuration Llama and Qwen2 too (`gemma_config`).
The names of its parameters follow those of our T5 (T5X's): `layers_0/attention/query/
kernel` [D, N H], `layers_0/mlp/wi_0/kernel` [D, F], with heads joined in one axis.

A prompt takes the first slots of the cache, what is written the next. A query at slot s
sees slots 0..s, in a local layer with window W slots s - W + 1..s:

    slots fed  3 4 5      slot  0 1 2 3 4 5 6 7        W = 3    0 1 2 3 4 5 6 7
    (T = 3)                3    x x x x . . . .                 . x x x . . . .
                           4    x x x x x . . .                 . . x x x . . .
                           5    x x x x x x . .                 . . . x x x . .

Local layers keep full-length caches: rolling back across a window's edge is then
nothing but feeding an earlier slot.
"""

import math
from typing import NamedTuple

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from speccascade.models import kv_cache
from speccascade.models.gemma_config import GemmaConfig
from speccascade.models.gemma_layers import (
    GroupedAttention,
    Rotation,
    norm,
    rotation,
    soft_cap,
)
from speccascade.models.layers import Dense, FeedForward, mask_bias, weights_first


class View(NamedTuple):
    """What the layers of one kind see, and how they turn queries and keys."""

    bias: Float[Array, "B T S"]
    by: Rotation


class DecoderLayer(nn.Module):
    """Attention, then feed-forward, each on a normed residual."""

    config: GemmaConfig

    def setup(self) -> None:
        config = self.config
        self.pre_attention_norm = norm(config)
        self.attention = GroupedAttention(config)
        self.pre_mlp_norm = norm(config)
        self.mlp = FeedForward(
            mlp_dim=config.mlp_dim,
            activations=(config.activation, "linear"),
            dtype=jnp.dtype(config.dtype),
        )
        if config.post_norms:
            self.post_attention_norm = norm(config)
            self.post_mlp_norm = norm(config)

    def __call__(
        self,
        x: Float[Array, "B T D"],
        view: View,
        cache: kv_cache.LayerCache | None,
        slots: Int[Array, "B T"],
    ) -> tuple[Float[Array, "B T D"], kv_cache.LayerCache]:
        normed = self.pre_attention_norm(x)
        keys, values = self.attention.keys_values(normed, view.by)
        if cache is None:  # whole sequences at once
            cache = kv_cache.of_sequences(keys, values)
        else:
            cache = kv_cache.write(cache, keys, values, slots)
        queries = self.attention.queries(normed, view.by)
        mixed = self.attention.attend(queries, cache, view.bias)
        x = x + (self.post_attention_norm(mixed) if self.config.post_norms else mixed)
        hidden = self.mlp(self.pre_mlp_norm(x))
        x = x + (self.post_mlp_norm(hidden) if self.config.post_norms else hidden)
        return x, cache


class GemmaModule(nn.Module):
    """The Linen module; `Gemma` is the model that the engine sees."""

    config: GemmaConfig

    def setup(self) -> None:
        config = self.config
        self.token_embedder = nn.Embed(
            config.vocab_size,
            config.emb_dim,
            embedding_init=nn.initializers.normal(config.emb_dim**-0.5),
            dtype=jnp.dtype(config.dtype),
        )
        self.layers = [DecoderLayer(config) for _ in range(config.num_layers)]
        self.final_norm = norm(config)
        if not config.tied:
            self.logits_dense = Dense(config.vocab_size, jnp.dtype(config.dtype))

    def _view(
        self, slots: Int[Array, "B T"], capacity: int, window: int | None
    ) -> View:
        config = self.config
        keys = jnp.arange(capacity, dtype=slots.dtype)
        distance = slots[:, :, None] - keys[None, None, :]
        seen = distance >= 0
        base, scale = config.rope_base, config.rope_scale
        if window is not None:
            seen &= distance < window
            local = config.local_rope_base
            base, scale = base if local is None else local, 1.0
        return View(
            bias=mask_bias(seen), by=rotation(slots, config.head_dim, base, scale)
        )

    def run(
        self,
        tokens: Int[Array, "B T"],
        slots: Int[Array, "B T"],
        caches: tuple[kv_cache.LayerCache, ...] | None,
    ) -> tuple[Float[Array, "B T D"], tuple[kv_cache.LayerCache, ...]]:
        """The residual stream after the last layer, and the written caches.

        `caches` None means that the tokens are whole sequences from slot 0 on: they
        attend to each other only.
        """
        config = self.config
        x = self.token_embedder(tokens)
        if config.scaled_embedding:
            x = x * jnp.asarray(math.sqrt(config.emb_dim), x.dtype)
        capacity = x.shape[1] if caches is None else caches[0].keys.shape[-1]
        windows = [config.window_of(index) for index in range(config.num_layers)]
        views = {window: self._view(slots, capacity, window) for window in set(windows)}
        written = []
        for index, layer in enumerate(self.layers):
            cache = None if caches is None else caches[index]
            x, cache = layer(x, views[windows[index]], cache, slots)
            written.append(cache)
        return x, tuple(written)

    def logits(self, x: Float[Array, "B T D"]) -> Float[Array, "B T V"]:
        """Float32 logits of the residual stream."""
        config = self.config
        x = self.final_norm(x)
        if config.tied:
            logits = weights_first(self.token_embedder.embedding.astype(x.dtype), x)
        else:
            logits = self.logits_dense(x)
        return soft_cap(logits.astype(jnp.float32), config.final_cap)

    def decode(
        self,
        tokens: Int[Array, "B T"],
        slots: Int[Array, "B T"],
        caches: tuple[kv_cache.LayerCache, ...],
    ) -> tuple[Float[Array, "B T V"], tuple[kv_cache.LayerCache, ...]]:
        """Logits float32[B, T, V] after each token, and the written caches."""
        x, caches = self.run(tokens, slots, caches)
        return self.logits(x), caches

    def read_prompt(self, tokens: Int[Array, "B L"]) -> tuple[kv_cache.LayerCache, ...]:
        """Caches of whole prompts, L slots; nothing sees the padding on the right."""
        return self.run(tokens, _slots(tokens), None)[1]

    def __call__(
        self, tokens: Int[Array, "B T"], read: Int[Array, "B R"] | None = None
    ) -> Float[Array, "B R V"]:
        """Teacher-forced logits of whole sequences, after the tokens at `read`.

        None reads after every token, and R is T.
        """
        x = self.run(tokens, _slots(tokens), None)[0]
        if read is not None:
            x = jnp.take_along_axis(x, read[..., None], axis=1)
        return self.logits(x)


def _slots(tokens: Int[Array, "B T"]) -> Int[Array, "B T"]:
    return jnp.broadcast_to(jnp.arange(tokens.shape[1], dtype=jnp.int32), tokens.shape)
