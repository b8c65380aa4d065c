"""Head free pass: keep the target model's head, test the tail without loss."""

import dataclasses

import jax.numpy as jnp

from speccascade.rules.base import Distribution, Flag, Rule, Threshold, Token
from speccascade.rules.slot import Sides, Slot
from speccascade.rules.token_specific import TokenV3


@dataclasses.dataclass(frozen=True, kw_only=True)
class HeadFreePass(Rule):
    """m = max(q, p) where p(v) >= (1 - alpha) max p, and m = p elsewhere.

    A simplification of TokenV3 that re-implementations run: its head passes freely, but
    a token of the tail takes the ordinary lossless test, and a rejected one is replaced
    from norm((p - q)+). TokenV3's test of the tail is stricter, by the factor eta, and
    follows a law that was chosen; here the law is whatever comes of it. r is TokenV3's.

    **The measure does not sum to 1**: it is a record of the test, as that of `lossy`.

    **Every alpha < 0 has an empty head and is lossless**; the end -1 stands for them
    all. alpha = 1 keeps everything: m = max(q, p) >= q. With one-hot q and p the
    measure needs no greedy branch: the drafter's argmax is kept if it is in the head.

    Example:
        The head is the first token, which q gives more than p does; m sums to 1.125:

        >>> q, p = jnp.array([0.625, 0.25, 0.125]), jnp.array([0.5, 0.125, 0.375])
        >>> alpha, greedy = jnp.array(0.0), jnp.array(False)
        >>> print(HeadFreePass().measure(q, p, q, p, alpha, greedy))
        [0.625 0.125 0.375]
    """

    name = "head_free_pass"
    alpha_range = (-1.0, 1.0)
    lossless_end = -1.0
    drafter_end = 1.0
    gates = frozenset({"p"})

    def measure(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Distribution:
        tail = TokenV3().r(gate_q, gate_p, alpha)
        return jnp.where(tail, p, jnp.maximum(q, p))

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
        arguments = (q, p, gate_q, gate_p, alpha, greedy)
        return TokenV3().defers(*arguments, token)

    def sides(self, at: Slot) -> Sides:
        return TokenV3().sides(at)
