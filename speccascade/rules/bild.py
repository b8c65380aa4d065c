"""Discrepancy: defer where the drafter strays far from the target model. BiLD*."""

import dataclasses

import jax.numpy as jnp

from speccascade.numerics import argmax, at_token, cross_entropy
from speccascade.rules.base import Distribution, Flag, Threshold
from speccascade.rules.prefix import PrefixRule
from speccascade.rules.slot import Sides, Slot, number


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bild(PrefixRule):
    """r = 1 iff D(q, p) > alpha: BiLD*, that is BiLD (Kim et al. 2023) run by Alg. 4.

    D(q, p) = -sum q log p, in nats, and at temperature 0 D(q, p) = -log p(argmax q)
    (section 5 and appendix E.5 of the paper). Like `lossy`, the rule trusts the drafter
    near the target model, and cannot tell where the drafter would be better.

    At alpha = 0 the rule defers unless p is sure of the drafter's token, up to
    rounding; alpha = -1 defers always. An infinite alpha never defers, not even where D
    is infinite. BiLD proper also ends a draft early (fallback); this rule does not.

    Example:
        D(q, p) = -(0.5 log 0.25 + 0.5 log 0.75) = 0.837:

        >>> q, p = jnp.array([0.5, 0.5]), jnp.array([0.25, 0.75])
        >>> for alpha in (0.84, 0.83):
        ...     print(Bild().measure(q, p, q, p, jnp.array(alpha), jnp.array(False)))
        [0.5 0.5]
        [0.25 0.75]
    """

    name = "bild"
    condition = r"D(q, p) > \alpha"
    source = "Section 5"
    alpha_range = (-1.0, float("inf"))
    lossless_end = -1.0
    drafter_end = float("inf")
    gates = frozenset({"q", "p"})

    def r(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Flag:
        at_zero = -jnp.log(at_token(gate_p, argmax(gate_q)))
        discrepancy = jnp.where(greedy, at_zero, cross_entropy(gate_q, gate_p))
        return discrepancy > alpha

    def sides(self, at: Slot) -> Sides:
        if at.greedy:
            found = -jnp.log(at_token(at.gate_p, argmax(at.gate_q)))
            return Sides(f"-log p(argmax q) {number(found)}", ">", number(at.alpha))
        found = cross_entropy(at.gate_q, at.gate_p)
        return Sides(f"D(q, p) {number(found)}", ">", number(at.alpha))
