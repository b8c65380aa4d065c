"""What a call of a decoder-only model costs in floating-point operations, for one row.

As in `models.t5_flops`, only matrix products count, and attention over whole caches: a
masked slot costs what others do, in local layers too. With J = N H, M = K H, T tokens
fed and S slots:

    score    2 T [layers (2DJ + 2DM + 3DF + 2JS) + DV]
    prefill  2 L layers (2DJ + 2DM + 3DF + 2JL)            (L the padded prompt)

The last layer of a prefill needs its keys and values alone; it counts 2DM only.
"""

from speccascade.models.gemma_config import GemmaConfig


def score_flops(config: GemmaConfig, *, tokens: int, cache_slots: int) -> int:
    """FLOPs of feeding `tokens` tokens, padding included, to a row of S slots.

    Example:
        >>> tiny = GemmaConfig(vocab_size=10, emb_dim=2, num_layers=1, num_heads=2,
        ...     num_kv_heads=1, head_dim=4, mlp_dim=5)
        >>> score_flops(tiny, tokens=1, cache_slots=3)  # 2 * (32 + 16 + 30 + 48 + 20)
        292
    """
    layer = _layer(config) + _attention(config, cache_slots)
    logits = config.emb_dim * config.vocab_size
    return 2 * tokens * (config.num_layers * layer + logits)


def prefill_flops(config: GemmaConfig, *, prompt_slots: int) -> int:
    """FLOPs of reading one prompt, padded to `prompt_slots`."""
    layer = _layer(config) + _attention(config, prompt_slots)
    last = 2 * config.emb_dim * config.num_kv_heads * config.head_dim
    return 2 * prompt_slots * ((config.num_layers - 1) * layer + last)


def _layer(config: GemmaConfig) -> int:
    """Weights of one layer."""
    heads = config.num_heads + config.num_kv_heads
    return config.emb_dim * (2 * heads * config.head_dim + 3 * config.mlp_dim)


def _attention(config: GemmaConfig, slots: int) -> int:
    """Multiplications of one token's attention."""
    return 2 * config.num_heads * config.head_dim * slots
