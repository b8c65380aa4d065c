"""Plain speculative decoding: the output follows the target model, exactly."""

import dataclasses

from speccascade.rules.base import Distribution, Flag, Rule, Threshold


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lossless(Rule):
    """m = p (Alg. 1). Keep x with min(1, p(x)/q(x)), else draw from norm((p - q)+).

    The rule has no threshold: its only alpha is 0, and is not read.
    """

    name = "lossless"
    formula = "p(v)"
    source = "Alg. 1"
    alpha_range = (0.0, 0.0)
    lossless_end = 0.0
    drafter_end = None
    gates = frozenset()

    def measure(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Distribution:
        return p
