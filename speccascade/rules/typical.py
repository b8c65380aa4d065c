"""Typical acceptance: keep what is not surprising, given how unsure the target is."""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Bool

from speccascade.numerics import entropy
from speccascade.rules.base import Distribution, Threshold, per_slot
from speccascade.rules.slot import Sides, Slot, number
from speccascade.rules.token_specific import TokenRule


@dataclasses.dataclass(frozen=True, kw_only=True)
class Typical(TokenRule):
    """r(v) = 1 iff p(v) < min(eps, sqrt(eps) exp(-H(p))), with eps = 1 - alpha.

    The typical acceptance of Medusa (Cai et al. 2024), arXiv 2401.10774, whose two
    constants eps and delta are tied as they are there, delta = sqrt(eps); its default,
    0.09 and 0.3, is alpha = 0.91.

    **Only the test is Medusa's.** After a rejection its code (`medusa/model/utils.py`)
    goes on, by default, with the argmax of p, accepted without a test; here the law is
    Eq. (11), under either coupling. Its test reads the tempered p, so `gate: processed`
    is the faithful gate, and keeps only what lies above the threshold, not what lies on
    it. At temperature 0 it keeps the argmax of p alone, where this rule stays lenient.

    **Every alpha < 0 keeps none and is lossless**; the end -1 stands for them all.
    alpha = 0 already keeps each v with p(v) >= exp(-H(p)), up to rounding at least one:
    of a uniform p over 10 tokens, float32 keeps none. alpha = 1 keeps all.

    Example:
        exp(-H(p)) = 1/4, so the threshold is min(0.25, 0.5 / 4) = 0.125:

        >>> q, p = jnp.array([0.25] * 4 + [0.0]), jnp.array([0.25] * 4 + [0.0])
        >>> print(Typical().r(q, p, jnp.array(0.75)))
        [False False False False  True]
    """

    name = "typical"
    condition = r"p(v) < \min(\epsilon, \sqrt{\epsilon} \exp(-H(p)))"
    alpha_range = (-1.0, 1.0)
    lossless_end = -1.0
    drafter_end = 1.0
    gates = frozenset({"p"})

    def r(
        self, gate_q: Distribution, gate_p: Distribution, alpha: Threshold
    ) -> Bool[Array, "... V"]:
        epsilon = 1 - alpha
        typical = jnp.sqrt(epsilon) * jnp.exp(-entropy(gate_p))
        threshold = jnp.minimum(epsilon, typical)
        return (gate_p < per_slot(threshold, gate_p)) | per_slot(alpha < 0, gate_p)

    def sides(self, at: Slot) -> Sides:
        if at.alpha < 0:
            return Sides(f"alpha {number(at.alpha)}", "<", "0")
        epsilon = 1 - at.alpha
        typical = f"{number(epsilon**0.5)} × exp(-H(p) {number(entropy(at.gate_p))})"
        return Sides(at.p_x, "<", f"min({number(epsilon)}, {typical})")
