"""Membership: keep the target model's k most probable tokens."""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Bool

from speccascade.numerics import largest_threshold
from speccascade.rules.base import Distribution, Threshold, per_slot
from speccascade.rules.slot import Sides, Slot, number
from speccascade.rules.token_specific import TokenRule


@dataclasses.dataclass(frozen=True, kw_only=True)
class TopKMembership(TokenRule):
    """r(v) = 1 iff rank_p(v) > k, with alpha as k.

    The fourth check of the authors' blog post (Google Research, September 2025): is the
    drafted token among the target model's top-ranked ones? TokenV3 is the form of it
    that counts probability instead of ranks.

    A token's rank is 1 plus the number of tokens that are more probable, so tokens that
    tie are kept or deferred together, and there can be more than k. A k that is no
    integer acts like the integer below. **Every k < 1 keeps none and is lossless**; 0
    stands for them all. A k of the vocabulary's size or above, infinity included, keeps
    all.

    Example:
        >>> q, p = jnp.array([0.25, 0.25, 0.25, 0.25]), jnp.array([0.5, 0.1, 0.2, 0.2])
        >>> print(TopKMembership().r(q, p, jnp.array(1.0)))
        [False  True  True  True]
        >>> print(TopKMembership().r(q, p, jnp.array(2.0)))
        [False  True False False]
    """

    name = "top_k_membership"
    condition = r"\mathrm{rank}_p(v) > k"
    alpha_range = (0.0, float("inf"))
    lossless_end = 0.0
    drafter_end = float("inf")
    gates = frozenset({"p"})

    def r(
        self, gate_q: Distribution, gate_p: Distribution, alpha: Threshold
    ) -> Bool[Array, "... V"]:
        k = jnp.minimum(jnp.floor(alpha), gate_p.shape[-1]).astype(jnp.int32)
        k = per_slot(k, gate_p)

        def enough(top: Bool[Array, "... V"]) -> Bool[Array, "... 1"]:
            return jnp.sum(top, axis=-1, keepdims=True, dtype=jnp.int32) >= k

        return ~largest_threshold(gate_p, enough) | (k < 1)

    def sides(self, at: Slot) -> Sides:
        rank = 1 + int(jnp.sum(at.gate_p > at.gate_p[at.token]))
        return Sides(f"rank of x in p {rank}", ">", f"k {number(at.alpha)}")
