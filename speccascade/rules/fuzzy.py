"""Divergence: keep the drafter's distribution where it is close to the target's."""

import dataclasses

from speccascade.numerics import jensen_shannon
from speccascade.rules.base import Distribution, Flag, Threshold
from speccascade.rules.prefix import PrefixRule
from speccascade.rules.slot import Sides, Slot, number


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fuzzy(PrefixRule):
    """r = 1 iff JS(p, q) > alpha, the Jensen-Shannon divergence in nats.

    After fuzzy speculative decoding, FSD (Holsman, Huang and Dhingra, "Fuzzy
    Speculative Decoding for a Tunable Accuracy-Runtime Tradeoff", Findings of ACL
    2025), arXiv 2502.20704, whose threshold T is alpha. Like `bild` the rule asks how
    far the drafter strays and not which model is better, but its discrepancy is
    symmetric and bounded: JS lies in [0, log 2] = [0, 0.693].

    FSD follows the same law where drafts are drawn from q, with more rejections. It
    accepts a draft iff the divergence is at most T, and else draws from p itself: a
    deferred draft is always rejected, here with probability D_TV(p, q). FSD as printed
    is `kind: bild, rule: fuzzy, fallback: 1`. And what its code (`fsd_utils.py`) calls
    `js_div` is another divergence, not bounded: KL(m || p)/2 + KL(m || q)/2 with
    m = (p + q)/2.

    alpha = 0 defers unless the gates are equal; alpha = -1 defers always, and alpha = 1
    never does. The gates decide at temperature 0 as well.

    Example:
        JS = 0.0338 here:

        >>> import jax.numpy as jnp
        >>> q, p = jnp.array([0.5, 0.5]), jnp.array([0.25, 0.75])
        >>> for alpha in (0.034, 0.033):
        ...     print(Fuzzy().measure(q, p, q, p, jnp.array(alpha), jnp.array(False)))
        [0.5 0.5]
        [0.25 0.75]
    """

    name = "fuzzy"
    condition = r"\mathrm{JS}(p, q) > \alpha"
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
        return jensen_shannon(gate_p, gate_q) > alpha

    def sides(self, at: Slot) -> Sides:
        found = number(jensen_shannon(at.gate_p, at.gate_q))
        return Sides(f"JS(p, q) {found}", ">", number(at.alpha))
