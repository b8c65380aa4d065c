"""Rules that decide for each token: keep some tokens of q, spread the rest over p.

A token-specific rule r(v) splits the vocabulary. Its measure, Eq. (11), is

    m(v) = q(v) (1 - r(v)) + eta p(v),    eta = sum of r(v) q(v):

draw from q and, if the token is a deferred one, draw again from p. eta is the
probability of that, and eta p falls on *all* tokens, kept ones included. So a kept
token always passes (m >= q), while a deferred one passes with min(1, eta p/q), which is
stricter than the lossless test. Under Alg. 4 a draft is rejected with probability
D_TV(m, q) <= eta.

The same law has a second coupling, that of its derivation: keep x iff r(x) = 0, else
draw from p. It rejects eta of the drafts, never fewer than Alg. 4, and is what several
re-implementations run. `coupling: redraw` asks for it, to measure what it costs.

No rule here has a greedy branch of its own. With one-hot q and p the formula already
keeps the drafter's argmax if it is not deferred, and gives the target model's if it is.

Only the deferral set is monotone in alpha. The rejection rate is not: with
q = (.48, .32, .2) and p = (.5, .3, .2), TokenV3 rejects .02 at its lossless end and .26
at alpha = 0.
"""

import abc
import dataclasses
from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, Bool

from speccascade.errors import UserError
from speccascade.numerics import at_token
from speccascade.rules.base import (
    Coupling,
    Distribution,
    Flag,
    Redraw,
    Rule,
    Threshold,
    Token,
)
from speccascade.rules.slot import Sides, Slot


def redistribute(
    q: Distribution, p: Distribution, r: Bool[Array, "... V"]
) -> Distribution:
    """The measure of Eq. (11): the kept part of q, and eta p for what is deferred.

    Computed so that its ends are exact: if no token is kept the result equals p bit for
    bit, and if all tokens that q can draw are kept it equals q.

    Example:
        The last token is deferred, eta = 0.25:

        >>> q, p = jnp.array([0.5, 0.25, 0.25]), jnp.array([1.0, 0.0, 0.0])
        >>> print(redistribute(q, p, jnp.array([False, False, True])))
        [0.75 0.25 0.  ]
    """
    kept = jnp.where(r, 0, q)
    # eta from the kept mass is exactly 1 if nothing is kept. If all is, the kept mass
    # may have rounded to 0.9999999, so that case is asked for instead of computed.
    all_kept = jnp.all(~r | (q == 0), axis=-1, keepdims=True)
    remainder = jnp.clip(1 - jnp.sum(kept, axis=-1, keepdims=True), 0, 1)
    eta = jnp.where(all_kept, 0, remainder)
    return kept + eta * p


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenRule(Rule):
    """A bit r(v) for every token of every slot, and the measure of `redistribute`.

    Attributes:
        coupling: "alg4" gives the measure, "redraw" keeps x iff r(x) = 0 and else draws
            from p. The law is the same. At its drafter end "redraw", too, rejects
            nothing and equals the drafter alone. Its lossless end has the law p but is
            not paired with `lossless`: it rejects every draft, and so writes other
            tokens.
    """

    coupling: Literal["alg4", "redraw"] = "alg4"

    formula = r"q(v)\, (1 - r(v)) + p(v) \sum_{u} r(u)\, q(u)"

    def __post_init__(self) -> None:
        # A misspelt coupling would run as the other one.
        if self.coupling not in ("alg4", "redraw"):
            raise UserError(
                f"coupling of {self.name!r} is alg4 or redraw, not {self.coupling!r}."
            )

    @abc.abstractmethod
    def r(
        self, gate_q: Distribution, gate_p: Distribution, alpha: Threshold
    ) -> Bool[Array, "... V"]:
        """Which tokens are deferred. A token at the threshold is kept."""

    def measure(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Distribution | Coupling:
        r = self.r(gate_q, gate_p, alpha)
        if self.coupling == "redraw":
            return Redraw(keep=(~r).astype(q.dtype), replacement=p)
        return redistribute(q, p, r)

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
        return at_token(self.r(gate_q, gate_p, alpha), token)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenV1(TokenRule):
    """r(v) = 1 iff q(v) < max p - alpha, Eq. (13).

    Keeps the tokens that the drafter is surer of than the target model is of its own
    favourite, up to alpha. alpha = -1 keeps none, alpha = 1 all.

    Example:
        >>> q, p = jnp.array([0.5, 0.25, 0.25]), jnp.array([0.25, 0.75, 0.0])
        >>> print(TokenV1().r(q, p, jnp.array(0.25)))
        [False  True  True]
    """

    name = "token_v1"
    condition = r"q(v) < \max p - \alpha"
    source = "Eq. (13)"
    alpha_range = (-1.0, 1.0)
    lossless_end = -1.0
    drafter_end = 1.0
    gates = frozenset({"q", "p"})

    def r(
        self, gate_q: Distribution, gate_p: Distribution, alpha: Threshold
    ) -> Bool[Array, "... V"]:
        return gate_q < (jnp.max(gate_p, axis=-1) - alpha)[..., None]

    def sides(self, at: Slot) -> Sides:
        return Sides(at.q_x, "<", f"{at.max_p} {at.less_alpha}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenV2(TokenRule):
    """r(v) = 1 iff p(v) < max p - alpha, Eq. (14).

    Keeps the tokens that the target model likes nearly as much as its favourite.
    **Every alpha < 0 keeps none and is lossless**; the end -1 stands for them all. At
    alpha = 0 the rule jumps, and keeps the favourite. alpha = 1 keeps all.

    Example:
        >>> q, p = jnp.array([0.25, 0.25, 0.5]), jnp.array([0.5, 0.375, 0.125])
        >>> print(TokenV2().r(q, p, jnp.array(0.125)))
        [False False  True]
    """

    name = "token_v2"
    condition = r"p(v) < \max p - \alpha"
    source = "Eq. (14)"
    alpha_range = (-1.0, 1.0)
    lossless_end = -1.0
    drafter_end = 1.0
    gates = frozenset({"p"})

    def r(
        self, gate_q: Distribution, gate_p: Distribution, alpha: Threshold
    ) -> Bool[Array, "... V"]:
        return gate_p < (jnp.max(gate_p, axis=-1) - alpha)[..., None]

    def sides(self, at: Slot) -> Sides:
        return Sides(at.p_x, "<", f"{at.max_p} {at.less_alpha}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenV3(TokenRule):
    """r(v) = 1 iff p(v) < (1 - alpha) max p, Eq. (15): the paper's "Token".

    TokenV2 with a relative threshold. **Every alpha < 0 keeps none and is lossless**;
    the end -1 stands for them all. alpha = 0 is lossless at temperature 0, up to ties,
    but not above: it keeps the target model's favourite, and so gives it more than p
    does. alpha = 1 keeps all.

    Example:
        At alpha = 0 only the favourite is kept, and eta = 0.5:

        >>> q, p = jnp.array([0.5, 0.25, 0.25]), jnp.array([0.75, 0.25, 0.0])
        >>> alpha, greedy = jnp.array(0.0), jnp.array(False)
        >>> print(TokenV3().measure(q, p, q, p, alpha, greedy))
        [0.875 0.125 0.   ]
    """

    name = "token_v3"
    condition = r"p(v) < (1 - \alpha) \max p"
    source = "Eq. (15)"
    alpha_range = (-1.0, 1.0)
    lossless_end = -1.0
    drafter_end = 1.0
    gates = frozenset({"p"})

    def r(
        self, gate_q: Distribution, gate_p: Distribution, alpha: Threshold
    ) -> Bool[Array, "... V"]:
        return gate_p < ((1 - alpha) * jnp.max(gate_p, axis=-1))[..., None]

    def sides(self, at: Slot) -> Sides:
        return Sides(at.p_x, "<", f"(1 {at.less_alpha}) × {at.max_p}")
