"""Divergence: keep the drafter's distribution where it is close to the target's."""

import dataclasses

from speccascade.numerics import jensen_shannon
from speccascade.rules.base import Distribution, Flag, Threshold
from speccascade.rules.prefix import PrefixRule


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fuzzy(PrefixRule):
    """r = 1 iff JS(p, q) > alpha, the Jensen-Shannon divergence in nats.

    Fuzzy speculative decoding (Holsman et al. 2025) with alpha as its threshold T. Like
    `bild` the rule asks how far the drafter strays and not which model is better, but
    its discrepancy is symmetric and bounded: JS lies in [0, log 2] = [0, 0.693].

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
