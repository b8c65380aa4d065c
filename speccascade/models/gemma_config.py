"""The shape of a decoder-only transformer: Gemma 1, 2 and 3, Llama and Qwen2.

They differ in a handful of choices, each a field of `GemmaConfig`:

                 gelu/   norm    norms after  norm of  attention  soft caps  windows on
                 silu    scale   each block   q and k  biases                layers
    Gemma 1      gelu    1 + w   no           no       no         none       none
    Gemma 2      gelu    1 + w   yes          no       no         50, 30     every other
    Gemma 3      gelu    1 + w   yes          yes      no         none       5 of 6
    Llama        silu    w       no           no       no         none       none
    Qwen2        silu    w       no           no       q, k, v    none       none

Gemma multiplies embeddings by sqrt(D), the others do not.
"""

import dataclasses

from speccascade.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class GemmaConfig:
    """Everything that fixes a decoder-only model's shape and arithmetic.

    Attributes:
      vocab_size: V, width of the logits.
      emb_dim: D.
      num_layers: of the decoder.
      num_heads: N.
      num_kv_heads: K, heads of keys and values; a divisor of N.
      head_dim: H; even. N * H need not equal D.
      mlp_dim: width of the gated feed-forward.
      query_scale: what queries are multiplied by; None is 1 / sqrt(H).
      rope_base: of the rotary positions of layers that see everything.
      rope_scale: by which their positions are divided (Gemma 3 from 4B on: 8).
      local_rope_base: of layers with a window; None is `rope_base`.
      window: how many slots a local layer sees, its own included; None is all.
      global_every: layer i (from 0) sees everything if i + 1 is a multiple of this, and
        has the window otherwise. 1: no layer has it.
      activation: "gelu" (tanh approximation) or "silu".
      norm_epsilon: of all RMS norms.
      zero_centred_norms: whether scales are held as their difference to 1.
      post_norms: whether blocks are normed before they join the residual, too.
      qk_norm: whether queries and keys are normed head by head, before the positions.
      qkv_bias: whether queries, keys and values have a bias.
      attention_cap: attention logits x become cap * tanh(x / cap); None for Gemma 3.
      final_cap: likewise the output logits.
      scaled_embedding: whether embeddings are multiplied by sqrt(D).
      tied: whether logits come from the embedding itself.
      dtype: of activations and caches, "float32" or "bfloat16"; logits are float32 in
        both.
    """

    vocab_size: int
    emb_dim: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    mlp_dim: int
    query_scale: float | None = None
    rope_base: float = 10_000.0
    rope_scale: float = 1.0
    local_rope_base: float | None = None
    window: int | None = None
    global_every: int = 1
    activation: str = "gelu"
    norm_epsilon: float = 1e-6
    zero_centred_norms: bool = True
    post_norms: bool = False
    qk_norm: bool = False
    qkv_bias: bool = False
    attention_cap: float | None = None
    final_cap: float | None = None
    scaled_embedding: bool = True
    tied: bool = True
    dtype: str = "float32"

    def __post_init__(self) -> None:
        if self.dtype not in ("float32", "bfloat16"):
            raise UserError(
                f"A Gemma's dtype must be 'float32' or 'bfloat16', not {self.dtype!r}."
            )
        if self.activation not in ("gelu", "silu"):
            raise UserError(
                "A Gemma's activation must be 'gelu' or 'silu', not "
                f"{self.activation!r}."
            )
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if type(value) is int and value < 1:
                raise UserError(
                    f"A Gemma's {field.name} must be at least 1, not {value}."
                )
        if self.num_heads % self.num_kv_heads:
            raise UserError(
                f"A Gemma's num_kv_heads ({self.num_kv_heads}) must divide its "
                f"num_heads ({self.num_heads})."
            )
        if self.head_dim % 2:
            raise UserError(
                f"A Gemma's head_dim must be even, not {self.head_dim}: rotary "
                "positions turn pairs of numbers."
            )
        if self.global_every > 1 and self.window is None:
            raise UserError("A Gemma with local layers (global_every) needs a window.")

    def window_of(self, layer: int) -> int | None:
        """The window of layer `layer`, counted from 0; None if it sees everything."""
        return self.window if (layer + 1) % self.global_every else None
