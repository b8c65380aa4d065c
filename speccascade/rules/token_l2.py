"""Collision: keep the tokens that are as good as a fresh draw from the target model."""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Bool

from speccascade.rules.base import Distribution, Threshold, per_slot
from speccascade.rules.slot import Sides, Slot, number
from speccascade.rules.token_specific import TokenRule


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenL2(TokenRule):
    """r(v) = 1 iff p(v) < sum p^2 - alpha: TokenV2 with the mean of p for its maximum.

    Our own; the paper leaves the choice of a token-specific rule to heuristics. Let
    a token drawn from the measure m of Eq. (11) be worth p(v), its probability of being
    right by the target model's own estimate, and let redrawing cost alpha eta, an upper
    bound of alpha times the rejection rate. Then

        sum m p - alpha eta = sum q p + sum_v r(v) q(v) (sum p^2 - p(v) - alpha),

    and the r above maximises every term of it. sum p^2 is what a fresh draw from p is
    worth, so alpha = 0 keeps the tokens that are no worse. alpha = -1 keeps none,
    alpha = 1 all.

    Example:
        sum p^2 = 0.375, so the second token is kept at 0.125 and not below:

        >>> q, p = jnp.array([0.25, 0.25, 0.5]), jnp.array([0.5, 0.25, 0.25])
        >>> print(TokenL2().r(q, p, jnp.array(0.125)))
        [False False False]
        >>> print(TokenL2().r(q, p, jnp.array(0.0)))
        [False  True  True]
    """

    name = "token_l2"
    condition = r"p(v) < \sum p^2 - \alpha"
    alpha_range = (-1.0, 1.0)
    lossless_end = -1.0
    drafter_end = 1.0
    gates = frozenset({"p"})

    def r(
        self, gate_q: Distribution, gate_p: Distribution, alpha: Threshold
    ) -> Bool[Array, "... V"]:
        fresh = jnp.sum(gate_p**2, axis=-1)
        return gate_p < per_slot(fresh - alpha, gate_p)

    def sides(self, at: Slot) -> Sides:
        fresh = number(jnp.sum(at.gate_p**2))
        return Sides(at.p_x, "<", f"sum p² {fresh} {at.less_alpha}")
