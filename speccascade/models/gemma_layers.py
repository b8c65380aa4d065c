"""Rotary positions and grouped attention, the parts that T5 does not have.

Su et al. (2021); Ainslie et al. (2023) for heads that share keys and values. Gemma 2
adds soft caps (Gemma Team, 2024), Gemma 3 the norms of queries and keys (2025).

Axes: B rows, T queries, S keys, N heads, K key-value heads, R = N / K heads that share
one, H head dimension, D model dimension.
"""

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from speccascade.models import kv_cache
from speccascade.models.gemma_config import GemmaConfig
from speccascade.models.layers import Dense, RMSNorm


@flax.struct.dataclass
class Rotation:
    """Angles of rotary positions; float32[B, T, 1, H / 2] each."""

    cos: Float[Array, "B T 1 half"]
    sin: Float[Array, "B T 1 half"]


def rotation(
    positions: Int[Array, "B T"], head_dim: int, base: float, scale: float = 1.0
) -> Rotation:
    """The angles position / scale * base^(-2i / H), i = 0..H/2 - 1."""
    exponents = jnp.arange(0, head_dim, 2, dtype=jnp.float32) / head_dim
    frequencies = 1.0 / (base**exponents * scale)
    turns = positions[..., None, None].astype(jnp.float32)
    angles = turns * frequencies[None, None, None]
    return Rotation(cos=jnp.cos(angles), sin=jnp.sin(angles))


def rotate(x: Float[Array, "B T N H"], by: Rotation) -> Float[Array, "B T N H"]:
    """Turns the pairs (x[i], x[i + H/2]) by their angles ("half-split")."""
    cos, sin = by.cos.astype(x.dtype), by.sin.astype(x.dtype)
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate(
        [first * cos - second * sin, second * cos + first * sin], axis=-1
    )


def soft_cap(x: Float[Array, "..."], cap: float | None) -> Float[Array, "..."]:
    """cap * tanh(x / cap): the identity for small x, never beyond +-cap."""
    return x if cap is None else cap * jnp.tanh(x / cap)


class GroupedAttention(nn.Module):
    """Attention whose N heads share K heads of keys and values.

    `queries` and `keys_values` project, norm and turn; `attend` mixes values; kept
    apart because keys and values go through a cache between the two.
    """

    config: GemmaConfig

    def setup(self) -> None:
        config = self.config
        dtype = jnp.dtype(config.dtype)

        def projection(heads: int) -> Dense:
            return Dense(heads * config.head_dim, dtype, use_bias=config.qkv_bias)

        self.query = projection(config.num_heads)
        self.key = projection(config.num_kv_heads)
        self.value = projection(config.num_kv_heads)
        self.out = Dense(config.emb_dim, dtype)
        if config.qk_norm:
            self.query_norm = norm(config)
            self.key_norm = norm(config)

    def _split(self, x: Float[Array, "B T J"]) -> Float[Array, "B T heads H"]:
        return x.reshape(*x.shape[:2], -1, self.config.head_dim)

    def queries(
        self, x: Float[Array, "B T D"], by: Rotation
    ) -> Float[Array, "B T N H"]:
        config = self.config
        queries = self._split(self.query(x))
        if config.qk_norm:
            queries = self.query_norm(queries)
        scale = config.query_scale
        scale = config.head_dim**-0.5 if scale is None else scale
        return rotate(queries, by) * jnp.asarray(scale, queries.dtype)

    def keys_values(
        self, x: Float[Array, "B T D"], by: Rotation
    ) -> tuple[Float[Array, "B T K H"], Float[Array, "B T K H"]]:
        keys, values = self._split(self.key(x)), self._split(self.value(x))
        if self.config.qk_norm:
            keys = self.key_norm(keys)
        return rotate(keys, by), values

    def attend(
        self,
        queries: Float[Array, "B T N H"],
        cache: kv_cache.LayerCache,
        bias: Float[Array, "B T S"],
    ) -> Float[Array, "B T D"]:
        """Values mixed by softmax(queries . keys + bias); `bias` masks."""
        config = self.config
        batch, length = queries.shape[:2]
        grouped = queries.reshape(
            batch, length, config.num_kv_heads, -1, config.head_dim
        )
        logits = jnp.einsum("btkrh,bkhs->bkrts", grouped, cache.keys)
        logits = soft_cap(logits.astype(jnp.float32), config.attention_cap)
        weights = jax.nn.softmax(logits + bias[:, None, None], axis=-1)
        mixed = jnp.einsum(
            "bkrts,bkhs->btkrh", weights.astype(queries.dtype), cache.values
        )
        return self.out(mixed.reshape(batch, length, -1))


def norm(config: GemmaConfig) -> RMSNorm:
    """A norm as the whole model has it."""
    return RMSNorm(
        dtype=jnp.dtype(config.dtype),
        epsilon=config.norm_epsilon,
        zero_centred=config.zero_centred_norms,
    )
