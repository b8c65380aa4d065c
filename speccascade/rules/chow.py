"""Confidence: defer where the drafter is unsure of itself. Chow and ChowLog.

These two read q alone, so they could also run where the target model is not called at
every position (the sequential token cascade, Alg. 2).
"""

import dataclasses

import jax.numpy as jnp

from speccascade.numerics import entropy
from speccascade.rules.base import Distribution, Flag, Threshold
from speccascade.rules.prefix import PrefixRule
from speccascade.rules.slot import Sides, Slot, number


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chow(PrefixRule):
    """r = 1 iff max q < 1 - alpha, Eq. (2).

    The drafter is trusted where its own estimate of its error, 1 - max q, is at most
    alpha. At alpha = 0 the rule defers unless max q = 1, which in floating point can
    happen by rounding; alpha = -1 defers always and is the exact lossless end. At
    alpha = 1 it never defers.

    Example:
        max q = 0.6, so the threshold 0.4 keeps the drafter (a tie) and 0.3 does not:

        >>> q, p = jnp.array([0.6, 0.4]), jnp.array([0.1, 0.9])
        >>> for alpha in (0.4, 0.3):
        ...     print(Chow().measure(q, p, q, p, jnp.array(alpha), jnp.array(False)))
        [0.6 0.4]
        [0.1 0.9]
    """

    name = "chow"
    condition = r"\max q < 1 - \alpha"
    source = "Eq. (2)"
    alpha_range = (-1.0, 1.0)
    lossless_end = -1.0
    drafter_end = 1.0
    gates = frozenset({"q"})

    def r(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Flag:
        return jnp.max(gate_q, axis=-1) < 1 - alpha

    def sides(self, at: Slot) -> Sides:
        return Sides(at.max_q, "<", f"1 {at.less_alpha}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChowLog(PrefixRule):
    """r = 1 iff H(q) > alpha, Eq. (24): Chow for the log loss; H in nats.

    At alpha = 0 the rule defers unless q is one-hot; alpha = -1 defers always. An
    infinite alpha never defers.
    """

    name = "chow_log"
    condition = r"H(q) > \alpha"
    source = "Eq. (24)"
    alpha_range = (-1.0, float("inf"))
    lossless_end = -1.0
    drafter_end = float("inf")
    gates = frozenset({"q"})

    def r(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Flag:
        return entropy(gate_q) > alpha

    def sides(self, at: Slot) -> Sides:
        return Sides(f"H(q) {number(entropy(at.gate_q))}", ">", number(at.alpha))
