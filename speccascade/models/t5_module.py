"""T5 1.0 and 1.1 as Linen modules: an encoder, and a decoder that scores K tokens.

Raffel et al. (2020). Version 1.0 has a ReLU feed-forward and ties the output to the
embedding, scaled by D^-1/2; version 1.1 has a gated GELU and an output of its own. The
parameter tree is T5X's minimal one.

The decoder's cache of a layer has S slots for self-attention, written as tokens come,
and L slots of cross-attention keys and values, computed once from the encoder. One
mask serves everything: a query at slot s sees slots 0..s.

    slots fed  3 4 5        slot  0 1 2 3 4 5 6 7
    (K = 3)                  3    x x x x . . . .
                             4    x x x x x . . .
                             5    x x x x x x . .     6, 7: stale or empty, unseen
"""

import dataclasses
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from speccascade.errors import UserError
from speccascade.models import kv_cache
from speccascade.models.layers import (
    Dense,
    FeedForward,
    RMSNorm,
    mask_bias,
    weights_first,
)
from speccascade.models.t5_layers import Attention, RelativeBias


@dataclasses.dataclass(frozen=True, kw_only=True)
class T5Config:
    """Everything that fixes a T5's shape.

    Attributes:
      vocab_size: V, width of the logits.
      emb_dim: D.
      num_heads: N.
      head_dim: H; N * H need not equal D.
      mlp_dim: width of the feed-forward.
      num_encoder_layers: layers of the encoder.
      num_decoder_layers: layers of the decoder.
      per_layer_bias: whether every layer has a table of relative positions, as umT5 and
        T5X's scanned model have; else a stack's layers share one.
      version: "1.0" (ReLU, tied and scaled output) or "1.1" (gated GELU, untied).
      dtype: of activations and caches, "float32" or "bfloat16"; parameters and logits
        are float32 in both.
    """

    vocab_size: int
    emb_dim: int
    num_heads: int
    head_dim: int
    mlp_dim: int
    num_encoder_layers: int
    num_decoder_layers: int
    per_layer_bias: bool = False
    version: str = "1.1"
    dtype: str = "float32"

    def __post_init__(self) -> None:
        if self.version not in ("1.0", "1.1"):
            raise UserError(
                f"A T5's version must be the text '1.0' or '1.1', not {self.version!r}."
            )
        if self.dtype not in ("float32", "bfloat16"):
            raise UserError(
                f"A T5's dtype must be 'float32' or 'bfloat16', not {self.dtype!r}."
            )
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if type(value) is int and value < 1:
                raise UserError(f"A T5's {field.name} must be at least 1, not {value}.")

    @property
    def activations(self) -> tuple[str, ...]:
        """One a branch of the feed-forward; two branches are multiplied."""
        return ("relu",) if self.version == "1.0" else ("gelu", "linear")

    @property
    def tied(self) -> bool:
        """Whether logits come from the embedding itself."""
        return self.version == "1.0"


def _attention(config: T5Config) -> Attention:
    return Attention(
        num_heads=config.num_heads,
        head_dim=config.head_dim,
        width=config.emb_dim,
        dtype=jnp.dtype(config.dtype),
    )


def _feed_forward(config: T5Config) -> FeedForward:
    return FeedForward(
        mlp_dim=config.mlp_dim,
        activations=config.activations,
        dtype=jnp.dtype(config.dtype),
    )


def _norm(config: T5Config) -> RMSNorm:
    return RMSNorm(dtype=jnp.dtype(config.dtype))


def _relative_bias(config: T5Config, bidirectional: bool) -> RelativeBias:
    return RelativeBias(config.num_heads, bidirectional=bidirectional)


def _biases(
    stack: Any,
    queries: Int[Array, "#B K"],
    keys: Int[Array, " S"],
    mask: Float[Array, "#B 1 #K S"],
) -> list[Float[Array, "B N K S"]]:
    """What each layer of a stack adds to its logits: positions and mask."""
    if stack.config.per_layer_bias:
        return [layer.own_bias(queries, keys) + mask for layer in stack.layers]
    return [stack.relpos_bias(queries, keys) + mask] * len(stack.layers)


class EncoderLayer(nn.Module):
    """Self-attention over the prompt, then feed-forward, each on a normed residual."""

    config: T5Config

    def setup(self) -> None:
        if self.config.per_layer_bias:
            self.relpos_bias = _relative_bias(self.config, bidirectional=True)
        self.pre_attention_layer_norm = _norm(self.config)
        self.attention = _attention(self.config)
        self.pre_mlp_layer_norm = _norm(self.config)
        self.mlp = _feed_forward(self.config)

    def own_bias(
        self, queries: Int[Array, "B L"], keys: Int[Array, " L"]
    ) -> Float[Array, "B N L L"]:
        """With `per_layer_bias`: this layer's relative positions."""
        return self.relpos_bias(queries, keys)

    def __call__(
        self, x: Float[Array, "B L D"], bias: Float[Array, "B N L L"]
    ) -> Float[Array, "B L D"]:
        normed = self.pre_attention_layer_norm(x)
        cache = kv_cache.of_sequences(*self.attention.keys_values(normed))
        x = x + self.attention.attend(self.attention.queries(normed), cache, bias)
        return x + self.mlp(self.pre_mlp_layer_norm(x))


class Encoder(nn.Module):
    """Reads whole prompts in both directions."""

    config: T5Config

    def setup(self) -> None:
        if not self.config.per_layer_bias:
            self.relpos_bias = _relative_bias(self.config, bidirectional=True)
        self.layers = [
            EncoderLayer(self.config) for _ in range(self.config.num_encoder_layers)
        ]
        self.encoder_norm = _norm(self.config)

    def __call__(
        self, x: Float[Array, "B L D"], valid: Bool[Array, "B L"]
    ) -> Float[Array, "B L D"]:
        positions = jnp.arange(x.shape[1], dtype=jnp.int32)
        biases = _biases(
            self, positions[None, :], positions, mask_bias(valid)[:, None, None, :]
        )
        for layer, bias in zip(self.layers, biases, strict=True):
            x = layer(x, bias)
        return self.encoder_norm(x)


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention, feed-forward, each on a normed residual."""

    config: T5Config

    def setup(self) -> None:
        if self.config.per_layer_bias:
            self.relpos_bias = _relative_bias(self.config, bidirectional=False)
        self.pre_self_attention_layer_norm = _norm(self.config)
        self.self_attention = _attention(self.config)
        self.pre_cross_attention_layer_norm = _norm(self.config)
        self.encoder_decoder_attention = _attention(self.config)
        self.pre_mlp_layer_norm = _norm(self.config)
        self.mlp = _feed_forward(self.config)

    def own_bias(
        self, queries: Int[Array, "B K"], keys: Int[Array, " S"]
    ) -> Float[Array, "B N K S"]:
        """With `per_layer_bias`: this layer's relative positions."""
        return self.relpos_bias(queries, keys)

    def read_prompt(self, encoded: Float[Array, "B L D"]) -> kv_cache.LayerCache:
        """Cross-attention keys and values of the encoded prompt."""
        return kv_cache.of_sequences(
            *self.encoder_decoder_attention.keys_values(encoded)
        )

    def __call__(
        self,
        x: Float[Array, "B K D"],
        bias: Float[Array, "B N K S"],
        cache: kv_cache.LayerCache | None,
        slots: Int[Array, "B K"],
        prompt: kv_cache.LayerCache,
        prompt_bias: Float[Array, "B 1 1 L"],
    ) -> tuple[Float[Array, "B K D"], kv_cache.LayerCache]:
        normed = self.pre_self_attention_layer_norm(x)
        keys, values = self.self_attention.keys_values(normed)
        if cache is None:  # whole sequences at once, as in training
            cache = kv_cache.of_sequences(keys, values)
        else:
            cache = kv_cache.write(cache, keys, values, slots)
        queries = self.self_attention.queries(normed)
        x = x + self.self_attention.attend(queries, cache, bias)
        normed = self.pre_cross_attention_layer_norm(x)
        queries = self.encoder_decoder_attention.queries(normed)
        x = x + self.encoder_decoder_attention.attend(queries, prompt, prompt_bias)
        return x + self.mlp(self.pre_mlp_layer_norm(x)), cache


class Decoder(nn.Module):
    """Scores embedded tokens at given slots.

    The output is the normed residual stream, from which the module makes logits, and
    the caches with the tokens' own keys and values written. `caches` None means that
    the K tokens are whole sequences from slot 0 on: they attend to each other only.
    """

    config: T5Config

    def setup(self) -> None:
        if not self.config.per_layer_bias:
            self.relpos_bias = _relative_bias(self.config, bidirectional=False)
        self.layers = [
            DecoderLayer(self.config) for _ in range(self.config.num_decoder_layers)
        ]
        self.decoder_norm = _norm(self.config)
        if not self.config.tied:
            # Logits are float32 whatever the activations are.
            self.logits_dense = Dense(self.config.vocab_size, jnp.dtype("float32"))

    def read_prompt(
        self, encoded: Float[Array, "B L D"]
    ) -> tuple[kv_cache.LayerCache, ...]:
        """Cross-attention keys and values, one cache a layer."""
        return tuple(layer.read_prompt(encoded) for layer in self.layers)

    def __call__(
        self,
        x: Float[Array, "B K D"],
        slots: Int[Array, "B K"],
        caches: tuple[kv_cache.LayerCache, ...] | None,
        prompt: tuple[kv_cache.LayerCache, ...],
        prompt_bias: Float[Array, "B 1 1 L"],
    ) -> tuple[Float[Array, "B K D"], tuple[kv_cache.LayerCache, ...]]:
        capacity = x.shape[1] if caches is None else caches[0].keys.shape[-1]
        key_slots = jnp.arange(capacity, dtype=slots.dtype)
        seen = key_slots[None, None, :] <= slots[:, :, None]
        biases = _biases(self, slots, key_slots, mask_bias(seen)[:, None])
        written = []
        for index, layer in enumerate(self.layers):
            cache = None if caches is None else caches[index]
            x, cache = layer(x, biases[index], cache, slots, prompt[index], prompt_bias)
            written.append(cache)
        return self.decoder_norm(x), tuple(written)

    def untied_logits(self, x: Float[Array, "B K D"]) -> Float[Array, "B K V"]:
        """Version 1.1's output matrix, in float32."""
        return self.logits_dense(x.astype(jnp.float32))


class T5Module(nn.Module):
    """The Linen module; `T5` is the model that the engine sees."""

    config: T5Config

    def setup(self) -> None:
        self.token_embedder = nn.Embed(
            self.config.vocab_size,
            self.config.emb_dim,
            embedding_init=nn.initializers.normal(1.0),
            dtype=jnp.dtype(self.config.dtype),
        )
        self.encoder = Encoder(self.config)
        self.decoder = Decoder(self.config)

    def encode(
        self, tokens: Int[Array, "B L"], valid: Bool[Array, "B L"]
    ) -> Float[Array, "B L D"]:
        """The encoder's output; at padding (`valid` False) it means nothing."""
        return self.encoder(self.token_embedder(tokens), valid)

    def read_prompt(
        self, tokens: Int[Array, "B L"], valid: Bool[Array, "B L"]
    ) -> tuple[tuple[kv_cache.LayerCache, ...], Float[Array, "B 1 1 L"]]:
        """Cross-attention caches of the prompts, and the bias that hides padding."""
        encoded = self.encode(tokens, valid)
        return self.decoder.read_prompt(encoded), mask_bias(valid)[:, None, None, :]

    def decode(
        self,
        tokens: Int[Array, "B K"],
        slots: Int[Array, "B K"],
        caches: tuple[kv_cache.LayerCache, ...] | None,
        prompt: tuple[kv_cache.LayerCache, ...],
        prompt_bias: Float[Array, "B 1 1 L"],
    ) -> tuple[Float[Array, "B K V"], tuple[kv_cache.LayerCache, ...]]:
        """Logits float32[B, K, V] after each token, and the written caches."""
        x = self.token_embedder(tokens)
        x, caches = self.decoder(x, slots, caches, prompt, prompt_bias)
        if not self.config.tied:
            return self.decoder.untied_logits(x), caches
        wide = x.astype(jnp.float32) * self.config.emb_dim**-0.5
        embedding = self.token_embedder.embedding.astype(jnp.float32)
        return weights_first(embedding, wide), caches

    def __call__(
        self,
        tokens: Int[Array, "B L"],
        valid: Bool[Array, "B L"],
        decoder_tokens: Int[Array, "B T"],
    ) -> Float[Array, "B T V"]:
        """Teacher-forced logits: whole target sequences at once, for training."""
        prompt, prompt_bias = self.read_prompt(tokens, valid)
        slots = jnp.broadcast_to(
            jnp.arange(decoder_tokens.shape[1], dtype=jnp.int32), decoder_tokens.shape
        )
        return self.decode(decoder_tokens, slots, None, prompt, prompt_bias)[0]
