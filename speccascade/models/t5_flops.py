"""What a call of a T5 costs in floating-point operations, for one row.

Counted are the matrix products that the program runs, a multiplication and an addition
being two operations; norms, softmax, activations and the choice of tokens are left out
(by XLA's own count less than 1 % of the pair that ships). With K tokens fed, S slots of
the decoder's cache, a prompt padded to L, and the letters of `models.t5_layers` (J = N
H, b the branches of the feed-forward, so b + 1 matrices):

    score    2 K [layers (4DJ + 2DJ + (b+1)DF + 2J (S + L)) + DV]
                          self  cross  feed-forward  attention  logits

    prefill  2 L [encoder layers (4DJ + (b+1)DF + 2JL) + decoder layers 2DJ]

Attention is counted over whole caches, S and L slots, because that is what the program
multiplies: masked slots cost what others do. Weights are counted once a token, so that
without attention a call is 2 K times the decoder's parameters that a token meets.
"""

from speccascade.models.t5_module import T5Config


def score_flops(
    config: T5Config, *, tokens: int, cache_slots: int, prompt_slots: int
) -> int:
    """FLOPs of feeding `tokens` tokens to one row.

    Args:
      config: of the model.
      tokens: K, those of padding included.
      cache_slots: S, the capacity of the row.
      prompt_slots: L, the padded length of its prompt.

    Example:
        >>> tiny = T5Config(vocab_size=10, emb_dim=2, num_heads=1, head_dim=3,
        ...     mlp_dim=5, num_encoder_layers=1, num_decoder_layers=1, version="1.0")
        >>> score_flops(tiny, tokens=1, cache_slots=4, prompt_slots=6)  # 2 * 136
        272
    """
    width, joined = config.emb_dim, config.num_heads * config.head_dim
    layer = 6 * width * joined + _feed_forward(config)
    layer += 2 * joined * (cache_slots + prompt_slots)
    logits = width * config.vocab_size
    return 2 * tokens * (config.num_decoder_layers * layer + logits)


def prefill_flops(config: T5Config, *, prompt_slots: int) -> int:
    """FLOPs of reading one prompt, padded to `prompt_slots`.

    The encoder, and the keys and values that the decoder's layers attend to.
    """
    width, joined = config.emb_dim, config.num_heads * config.head_dim
    layer = 4 * width * joined + _feed_forward(config) + 2 * joined * prompt_slots
    read = config.num_decoder_layers * 2 * width * joined
    return 2 * prompt_slots * (config.num_encoder_layers * layer + read)


def _feed_forward(config: T5Config) -> int:
    """Weights of one feed-forward."""
    return (len(config.activations) + 1) * config.emb_dim * config.mlp_dim
