"""Comparison: defer where the target model is surer than the drafter. Diff and DiffLog.

Each is the plug-in form of Lemma 1, which defers where the drafter's expected loss
exceeds the target model's by more than alpha. A sequential cascade would have to call
the target model at every position to decide (Remark 1); under speculative execution its
distribution is there anyway (Remark 2).
"""

import dataclasses

import jax.numpy as jnp

from speccascade.numerics import entropy
from speccascade.rules.base import Distribution, Flag, Threshold
from speccascade.rules.prefix import PrefixRule
from speccascade.rules.slot import Sides, Slot, number


@dataclasses.dataclass(frozen=True, kw_only=True)
class Diff(PrefixRule):
    """r = 1 iff max q < max p - alpha, Eq. (5).

    alpha = -1 always defers, alpha = 1 never. At alpha = 0 the drafter is kept wherever
    it is at least as sure as the target model, right or wrong.

    Example:
        The target model is surer by 0.25; a threshold of 0.25 ties and keeps q:

        >>> q, p = jnp.array([0.5, 0.5]), jnp.array([0.25, 0.75])
        >>> for alpha in (0.25, 0.2):
        ...     print(Diff().measure(q, p, q, p, jnp.array(alpha), jnp.array(False)))
        [0.5 0.5]
        [0.25 0.75]
    """

    name = "diff"
    condition = r"\max q < \max p - \alpha"
    source = "Eq. (5)"
    alpha_range = (-1.0, 1.0)
    lossless_end = -1.0
    drafter_end = 1.0
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
        return jnp.max(gate_q, axis=-1) < jnp.max(gate_p, axis=-1) - alpha

    def sides(self, at: Slot) -> Sides:
        return Sides(at.max_q, "<", f"{at.max_p} {at.less_alpha}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DiffLog(PrefixRule):
    """r = 1 iff H(p) < H(q) - alpha, Eq. (25): Diff for the log loss; H in nats.

    An alpha of minus infinity always defers, one of plus infinity never.
    """

    name = "diff_log"
    condition = r"H(p) < H(q) - \alpha"
    source = "Eq. (25)"
    alpha_range = (float("-inf"), float("inf"))
    lossless_end = float("-inf")
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
        return entropy(gate_p) < entropy(gate_q) - alpha

    def sides(self, at: Slot) -> Sides:
        h_p, h_q = number(entropy(at.gate_p)), number(entropy(at.gate_q))
        return Sides(f"H(p) {h_p}", "<", f"H(q) {h_q} {at.less_alpha}")
