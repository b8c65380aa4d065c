"""What is T5's own: relative positions, and attention without scaling.

Raffel et al. (2020), and T5 1.1, which followed it. Parameter names and shapes are
those of T5X's minimal model, so that published checkpoints map one to one (heads joined
in one axis).

Axes: B rows, K or L queries, S keys, N heads, H head dimension, D model dimension.
"""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from speccascade.models import kv_cache
from speccascade.models.layers import KERNEL_INIT, Dense


def relative_position_bucket(
    relative_position: Int[Array, "..."],
    bidirectional: bool,
    num_buckets: int = 32,
    max_distance: int = 128,
) -> Int[Array, "..."]:
    """Bucket of `key position - query position`, as T5 defines it.

    Half of the buckets are exact distances; the other half grow logarithmically up to
    `max_distance`, beyond which all share the last one. With `bidirectional` the upper
    half of all buckets serves keys after the query; otherwise such keys fall in bucket
    0 (they are masked anyway).

    Example:
      relative_position  -300 -128 -127  -16  -15  -1   0   1  15  16 300
      causal               31   31   31   16   15   1   0   0   0   0   0
      bidirectional        15   15   15   10    9   1   0  17  25  26  31
    """
    offset = jnp.zeros_like(relative_position)
    if bidirectional:
        num_buckets //= 2
        offset = jnp.where(relative_position > 0, num_buckets, 0)
        distance = jnp.abs(relative_position)
    else:
        distance = jnp.maximum(-relative_position, 0)
    exact = num_buckets // 2
    # The logarithm is taken of at least 1: smaller distances use the exact half.
    ratio = jnp.maximum(distance, 1).astype(jnp.float32) / exact
    logarithmic = exact + (
        jnp.log(ratio) / math.log(max_distance / exact) * (num_buckets - exact)
    ).astype(jnp.int32)
    logarithmic = jnp.minimum(logarithmic, num_buckets - 1)
    return offset + jnp.where(distance < exact, distance, logarithmic)


class RelativeBias(nn.Module):
    """The learned bias of attention logits, shared by all layers of a stack.

    It depends on the distance between key and query only, so a query may stand at any
    slot of its row: positions are per row. Float32 whatever the activations are.
    """

    num_heads: int
    bidirectional: bool
    num_buckets: int = 32
    max_distance: int = 128

    @nn.compact
    def __call__(
        self, query_positions: Int[Array, "B K"], key_positions: Int[Array, " S"]
    ) -> Float[Array, "B N K S"]:
        table = self.param(
            "rel_embedding",
            nn.initializers.variance_scaling(1.0, "fan_avg", "uniform"),
            (self.num_heads, self.num_buckets),
        )
        relative = key_positions[None, None, :] - query_positions[:, :, None]
        buckets = relative_position_bucket(
            relative, self.bidirectional, self.num_buckets, self.max_distance
        )
        bias = jnp.take(table.astype(jnp.float32), buckets, axis=1)  # [N, B, K, S]
        return jnp.moveaxis(bias, 0, 1)


class Attention(nn.Module):
    """Multi-head attention without scaling by 1/sqrt(H) (T5 folds it into the init).

    `queries` and `keys_values` project, `attend` mixes values; kept apart because keys
    and values go through a cache between the two.

    Attributes:
      num_heads: N.
      head_dim: H.
      width: D, of the output.
      dtype: of projections and mixing; the softmax is in float32.
    """

    num_heads: int
    head_dim: int
    width: int
    dtype: jnp.dtype

    def setup(self) -> None:
        def query_init(
            key: jax.Array, shape: Sequence[int], dtype: DTypeLike = jnp.float32
        ) -> jax.Array:
            return KERNEL_INIT(key, shape, dtype) / math.sqrt(self.head_dim)

        joined = self.num_heads * self.head_dim
        self.query = Dense(joined, self.dtype, query_init)
        self.key = Dense(joined, self.dtype)
        self.value = Dense(joined, self.dtype)
        self.out = Dense(self.width, self.dtype)

    def _split(self, x: Float[Array, "B K J"]) -> Float[Array, "B K N H"]:
        return x.reshape(*x.shape[:2], self.num_heads, self.head_dim)

    def queries(self, x: Float[Array, "B K D"]) -> Float[Array, "B K N H"]:
        return self._split(self.query(x))

    def keys_values(
        self, x: Float[Array, "B K D"]
    ) -> tuple[Float[Array, "B K N H"], Float[Array, "B K N H"]]:
        return self._split(self.key(x)), self._split(self.value(x))

    def attend(
        self,
        queries: Float[Array, "B K N H"],
        cache: kv_cache.LayerCache,
        bias: Float[Array, "#B #N #K S"],
    ) -> Float[Array, "B K D"]:
        """Values mixed by softmax(queries . keys + bias); `bias` also masks."""
        logits = jnp.einsum("bknh,bnhs->bnks", queries, cache.keys)
        weights = jax.nn.softmax(logits.astype(jnp.float32) + bias, axis=-1)
        mixed = jnp.einsum("bnks,bnhs->bknh", weights.astype(self.dtype), cache.values)
        return self.out(mixed.reshape(*mixed.shape[:2], -1))
