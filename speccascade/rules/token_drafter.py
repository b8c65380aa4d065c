"""Confidence, token by token: a token-specific rule that reads the drafter alone."""

import dataclasses

from jaxtyping import Array, Bool

from speccascade.rules.base import Distribution, Threshold, per_slot
from speccascade.rules.slot import Sides, Slot
from speccascade.rules.token_specific import TokenRule


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenDrafter(TokenRule):
    """r(v) = 1 iff q(v) < 1 - alpha: Chow for single tokens.

    Not in the paper, whose token-specific rules all need p. This is the member of their
    family that can decide before the target model is called. A token cascade (Alg. 2)
    could run it: draw from q, and where the token is deferred draw again from p, which
    has the law of Eq. (11) as well. But this engine's token cascade takes prefix rules
    only; here the rule runs speculatively or under the oracle.

    alpha = -1 keeps none, alpha = 1 all.

    Example:
        >>> import jax.numpy as jnp
        >>> q, p = jnp.array([0.5, 0.25, 0.25]), jnp.array([0.25, 0.75, 0.0])
        >>> print(TokenDrafter().r(q, p, jnp.array(0.5)))
        [False  True  True]
    """

    name = "token_drafter"
    condition = r"q(v) < 1 - \alpha"
    alpha_range = (-1.0, 1.0)
    lossless_end = -1.0
    drafter_end = 1.0
    gates = frozenset({"q"})

    def r(
        self, gate_q: Distribution, gate_p: Distribution, alpha: Threshold
    ) -> Bool[Array, "... V"]:
        return gate_q < per_slot(1 - alpha, gate_q)

    def sides(self, at: Slot) -> Sides:
        return Sides(at.q_x, "<", f"1 {at.less_alpha}")
