"""The blocks of T5: normalisation, relative positions, attention, feed-forward.

Raffel et al. (2020), and T5 1.1, which followed it. Parameter names and shapes are
those of T5X's minimal model, so that published checkpoints map one to one (heads joined
in one axis).

Axes: B rows, K or L queries, S keys, N heads, H head dimension, D model dimension.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int

from speccascade.models import kv_cache

# Added to the logits of forbidden keys: so far down that their weight is exactly 0 in
# float32, whatever they hold. Finite, so that a query with no allowed key would attend
# uniformly and not give NaN.
MASKED = -1e9
NORM_EPSILON = 1e-6
TRANSPOSED = "kernel_t"

ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "relu": jax.nn.relu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=True),
    "linear": lambda x: x,
}
_KERNEL_INIT = nn.initializers.variance_scaling(1.0, "fan_in", "truncated_normal")


class Dense(nn.Module):
    """A matrix without bias, computing in `dtype`.

    Its parameter is `kernel`, [in, out], as in T5X. Where the tree holds `kernel_t`,
    [out, in], in its place (`transposed_kernels`), the weights are the left operand of
    the product. For the few tokens of a verification XLA's CPU backend is then faster:
    it reads the weights as they lie, and does not pack them anew for every call.
    """

    width: int
    dtype: jnp.dtype
    kernel_init: Callable[..., jax.Array] = _KERNEL_INIT

    @nn.compact
    def __call__(self, x: Float[Array, "... D"]) -> Float[Array, "... F"]:
        x = x.astype(self.dtype)
        if self.has_variable("params", TRANSPOSED):
            kernel = self.get_variable("params", TRANSPOSED)
            return weights_first(kernel.astype(self.dtype), x)
        kernel = self.param("kernel", self.kernel_init, (x.shape[-1], self.width))
        return x @ kernel.astype(self.dtype)


def weights_first(
    weights: Float[Array, "F D"], x: Float[Array, "... D"]
) -> Float[Array, "... F"]:
    """x times the transpose of the weights, with the weights as the left operand."""
    product = jax.lax.dot_general(weights, x, (((1,), (x.ndim - 1,)), ((), ())))
    return jnp.moveaxis(product, 0, -1)


def transposed_kernels(params: Mapping[str, Any]) -> dict[str, Any]:
    """A tree with every `kernel` [in, out] held as `kernel_t` [out, in]."""
    held: dict[str, Any] = {}
    for name, part in params.items():
        if name == "kernel":
            held[TRANSPOSED] = jnp.swapaxes(part, 0, 1)
        else:
            held[name] = transposed_kernels(part) if isinstance(part, Mapping) else part
    return held


class RMSNorm(nn.Module):
    """Root-mean-square normalisation without bias or mean, in float32."""

    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: Float[Array, "... D"]) -> Float[Array, "... D"]:
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        scale = jnp.expand_dims(scale.astype(jnp.float32), range(x.ndim - 1))
        wide = x.astype(jnp.float32)
        mean_square = jnp.mean(jnp.square(wide), axis=-1, keepdims=True)
        normed = wide * jax.lax.rsqrt(mean_square + NORM_EPSILON)
        return (normed * scale).astype(self.dtype)


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


def mask_bias(allowed: Bool[Array, "..."]) -> Float[Array, "..."]:
    """0 where attention is allowed, `MASKED` elsewhere; float32."""
    return jnp.where(allowed, 0.0, MASKED).astype(jnp.float32)


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
            return _KERNEL_INIT(key, shape, dtype) / math.sqrt(self.head_dim)

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


def as_cache(
    keys: Float[Array, "B S N H"], values: Float[Array, "B S N H"]
) -> kv_cache.LayerCache:
    """Keys and values of whole sequences in the cache's layout."""
    return kv_cache.LayerCache(
        keys=jnp.moveaxis(keys, 1, 3), values=jnp.moveaxis(values, 1, 3)
    )


class FeedForward(nn.Module):
    """ReLU (T5 1.0: `wi`) or gated GELU (T5 1.1: `wi_0`, `wi_1`), then `wo`.

    With two activations the hidden layer is the product of the two branches,
    gelu(x wi_0) * (x wi_1); the GELU is the tanh approximation.
    """

    mlp_dim: int
    activations: tuple[str, ...]
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x: Float[Array, "B K D"]) -> Float[Array, "B K D"]:
        names = ["wi"] if len(self.activations) == 1 else ["wi_0", "wi_1"]
        branches = [
            ACTIVATIONS[activation](Dense(self.mlp_dim, self.dtype, name=name)(x))
            for name, activation in zip(names, self.activations, strict=True)
        ]
        hidden = functools.reduce(jnp.multiply, branches)
        return Dense(x.shape[-1], self.dtype, name="wo")(hidden)
