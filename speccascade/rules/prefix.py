"""Rules that decide for a whole slot, before they look at the drafted token."""

import abc
import dataclasses

import jax.numpy as jnp

from speccascade.rules.base import Distribution, Flag, Rule, Threshold, Token


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrefixRule(Rule):
    """One bit r a slot: m = q where r = 0, m = p where r = 1, Eq. (6).

    With r = 0 the drafted token is kept without a test. With r = 1 it takes the
    lossless test, and is rejected with probability D_TV(p, q) (Lemma 3).
    """

    formula = r"(1 - r)\, q(v) + r\, p(v)"

    @abc.abstractmethod
    def r(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Flag:
        """Whether the slot is deferred. A tie does not defer: it keeps the drafter."""

    def measure(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Distribution:
        deferred = self.r(q, p, gate_q, gate_p, alpha, greedy)
        return jnp.where(deferred[..., None], p, q)

    def defers(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
        token: Token,
    ) -> Flag:
        return self.r(q, p, gate_q, gate_p, alpha, greedy)
