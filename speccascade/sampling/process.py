"""From logits to the distribution that a token is drawn from.

One function serves drafter and target alike, so that q and p went through the same
steps:

1. the hard mask takes tokens out for good (padding ids of the vocabulary);
2. the temperature sharpens or flattens; at 0 the distribution is the argmax, one-hot;
3. where truncation is on: top-k, then top-p on what top-k left, renormalised, then
   min-p relative to the most probable token; what is left is renormalised.

Rules compare their thresholds with the `gate` instead: step 1 alone.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Num

from speccascade.numerics import largest_threshold, one_hot_argmax
from speccascade.sampling.settings import Sampling


def processed(
    logits: Float[Array, " B *slots V"],
    sampling: Sampling,
    mask: Bool[Array, " V"] | None = None,
    truncate: bool = False,
) -> Float[Array, " B *slots V"]:
    """Next-token probabilities after mask, temperature and truncation.

    Args:
        logits: finite or -inf, in any float dtype, which is also that of the result.
        sampling: one value a row, the same for all slots of the row.
        mask: True where a token is allowed; None allows all. At least one token must be
            left.
        truncate: static. If False, top-k, top-p and min-p are ignored and not compiled.

    Returns:
        Rows that sum to 1, exactly 0 at every masked or truncated token. A row of which
        truncation cuts nothing is the same, bit for bit, as with `truncate=False`.

    Example:
        At temperature 1, then at temperature 0:

        >>> logits = jnp.log(jnp.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]))
        >>> settings = Sampling(
        ...     temperature=jnp.array([1.0, 0.0]),
        ...     top_k=jnp.array([0, 0]),
        ...     top_p=jnp.array([1.0, 1.0]),
        ...     min_p=jnp.array([0.0, 0.0]),
        ... )
        >>> print(processed(logits, settings, mask=jnp.array([False, True, True])))
        [[0.  0.5 0.5]
         [0.  1.  0. ]]
    """
    masked = _masked(logits, mask)
    temperature = _per_row(sampling.temperature, logits)
    greedy = temperature == 0
    sampled = _softmax(masked, jnp.where(greedy, 1, temperature))
    p = jnp.where(greedy, one_hot_argmax(masked), sampled)
    return _truncated(p, sampling) if truncate else p


def gate(
    logits: Float[Array, "... V"], mask: Bool[Array, " V"] | None = None
) -> Float[Array, "... V"]:
    """The distribution that thresholds look at: masked, not tempered, not truncated.

    At temperature 1 and without truncation it equals `processed`.

    Example:
        >>> logits = jnp.log(jnp.array([1.0, 3.0, 4.0]))
        >>> print(gate(logits, jnp.array([True, True, False])).round(4))
        [0.25 0.75 0.  ]
    """
    return _softmax(_masked(logits, mask), 1)


def _masked(
    logits: Float[Array, "... V"], mask: Bool[Array, " V"] | None
) -> Float[Array, "... V"]:
    if mask is None:
        return logits
    return jnp.where(jnp.broadcast_to(mask, logits.shape), logits, -jnp.inf)


def _softmax(
    logits: Float[Array, "... V"], temperature: Float[Array, "..."] | int
) -> Float[Array, "... V"]:
    # The maximum is subtracted before the division, so that no temperature above 0,
    # however small, overflows: the largest exponent stays 0, the others fall to -inf.
    below = logits - jnp.max(logits, axis=-1, keepdims=True)
    weights = jnp.exp(below / temperature)
    return weights / jnp.sum(weights, axis=-1, keepdims=True)


def _truncated(
    p: Float[Array, " B *slots V"], sampling: Sampling
) -> Float[Array, " B *slots V"]:
    """Top-k, top-p and min-p in this order; tokens tied at a threshold stay together.

    So top-k can leave more than k tokens, and top-p more than the fewest that reach the
    mass: which of several equal tokens goes would otherwise depend on their ids.
    """
    vocabulary = p.shape[-1]
    top_k = _per_row(sampling.top_k, p, dtype=jnp.int32)
    top_p = _per_row(sampling.top_p, p)
    min_p = _per_row(sampling.min_p, p)

    at_least = jnp.where(top_k > 0, jnp.minimum(top_k, vocabulary), vocabulary)
    kept = largest_threshold(p, lambda top: _count(top) >= at_least)

    goal = top_p * _mass(p, kept)
    # Some mass must remain, also for top-p 0: the most probable token always stays. And
    # 1 is off by its own test, since a sum reaches 1 before its last, tiny, terms.
    nucleus = largest_threshold(
        jnp.where(kept, p, 0),
        lambda top: (_mass(p, kept & top) >= goal) & (_mass(p, kept & top) > 0),
    )
    kept &= nucleus | (top_p >= 1)

    kept &= p >= min_p * jnp.max(p, axis=-1, keepdims=True)

    # Dividing by a sum that should be 1 would change the last bit of untouched rows.
    cut = jnp.any((p > 0) & ~kept, axis=-1, keepdims=True)
    return jnp.where(cut, jnp.where(kept, p, 0) / _mass(p, kept), p)


def _count(tokens: Bool[Array, "... V"]) -> Num[Array, "... 1"]:
    return jnp.sum(tokens, axis=-1, keepdims=True, dtype=jnp.int32)


def _mass(
    p: Float[Array, "... V"], tokens: Bool[Array, "... V"]
) -> Num[Array, "... 1"]:
    return jnp.sum(jnp.where(tokens, p, 0), axis=-1, keepdims=True)


def _per_row(value: Num[Array, " B"], like: Float[Array, " B *slots V"], dtype=None):
    """`value` with an axis of length 1 for each axis of `like` after the first."""
    return value.reshape(-1, *[1] * (like.ndim - 1)).astype(dtype or like.dtype)
