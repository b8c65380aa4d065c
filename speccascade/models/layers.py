"""The blocks that all families share: matrices, normalisation, feed-forward, masks."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

# Added to the logits of forbidden keys: so far down that their weight is exactly 0 in
# float32, whatever they hold. Finite, so that a query with no allowed key would attend
# uniformly and not give NaN.
MASKED = -1e9
TRANSPOSED = "kernel_t"

ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "relu": jax.nn.relu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=True),
    "linear": lambda x: x,
    "silu": jax.nn.silu,
}
KERNEL_INIT = nn.initializers.variance_scaling(1.0, "fan_in", "truncated_normal")


class Dense(nn.Module):
    """A matrix, computing in `dtype`; with a bias where asked for.

    Its parameter is `kernel`, [in, out], as in T5X. Where the tree holds `kernel_t`,
    [out, in], in its place (`transposed_kernels`), the weights are the left operand of
    the product. For the few tokens of a verification XLA's CPU backend is then faster:
    it reads the weights as they lie, and does not pack them anew for every call.
    """

    width: int
    dtype: jnp.dtype
    kernel_init: Callable[..., jax.Array] = KERNEL_INIT
    use_bias: bool = False

    @nn.compact
    def __call__(self, x: Float[Array, "... D"]) -> Float[Array, "... F"]:
        x = x.astype(self.dtype)
        if self.has_variable("params", TRANSPOSED):
            kernel = self.get_variable("params", TRANSPOSED)
            product = weights_first(kernel.astype(self.dtype), x)
        else:
            kernel = self.param("kernel", self.kernel_init, (x.shape[-1], self.width))
            product = x @ kernel.astype(self.dtype)
        if not self.use_bias:
            return product
        bias = self.param("bias", nn.initializers.zeros, (self.width,))
        bias = jnp.expand_dims(bias.astype(self.dtype), range(product.ndim - 1))
        return product + bias


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
    """Root-mean-square normalisation without mean or bias, in float32.

    Attributes:
      dtype: of the output.
      epsilon: added to the mean square.
      zero_centred: whether `scale` is held as its difference to 1, as Gemma does.
    """

    dtype: jnp.dtype
    epsilon: float = 1e-6
    zero_centred: bool = False

    @nn.compact
    def __call__(self, x: Float[Array, "... D"]) -> Float[Array, "... D"]:
        init = nn.initializers.zeros if self.zero_centred else nn.initializers.ones
        scale = self.param("scale", init, (x.shape[-1],)).astype(jnp.float32)
        if self.zero_centred:
            scale = 1 + scale
        scale = jnp.expand_dims(scale, range(x.ndim - 1))
        wide = x.astype(jnp.float32)
        mean_square = jnp.mean(jnp.square(wide), axis=-1, keepdims=True)
        normed = wide * jax.lax.rsqrt(mean_square + self.epsilon)
        return (normed * scale).astype(self.dtype)


class FeedForward(nn.Module):
    """One branch (T5 1.0: ReLU of `wi`) or two multiplied (`wi_0`, `wi_1`), then `wo`.

    Two are gelu(x wi_0) * (x wi_1) in T5 1.1 and Gemma, with the tanh approximation,
    and the same with silu in Llama and Qwen2.
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


def mask_bias(allowed: Bool[Array, "..."]) -> Float[Array, "..."]:
    """0 where attention is allowed, `MASKED` elsewhere; float32."""
    return jnp.where(allowed, 0.0, MASKED).astype(jnp.float32)
