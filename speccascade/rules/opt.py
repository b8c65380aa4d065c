"""Cost and benefit: defer where the gain is worth the rejections. OPT and OPTLog.

A deferred slot rejects its draft with probability D_TV(p, q) (Lemma 3), and a rejection
costs time. Minimising the expected loss plus alpha D_TV(p, q) for every deferral gives
the rules below (Lemma 4, their regret in Lemmas 5 and 7). Where the models agree,
deferral is nearly free and the better one should win; where they differ, deferral must
gain enough.

D_TV is taken of the processed distributions, since those decide how often a draft is
rejected; the losses are estimated from the gates.

As the temperature falls to 0, D_TV becomes 1 where the argmaxes differ and the rules
become Diff and DiffLog (Lemma 8). Where the argmaxes agree D_TV is 0, and the two would
disagree on r though not on the token. The greedy branch is Diff's in full, so that the
deferrals that are counted do not depend on it either.
"""

import dataclasses

import jax.numpy as jnp

from speccascade.numerics import entropy, multiply_no_inf, total_variation
from speccascade.rules.base import Distribution, Flag, Threshold
from speccascade.rules.prefix import PrefixRule
from speccascade.rules.slot import Sides, Slot, number


def _price(
    q: Distribution, p: Distribution, alpha: Threshold, greedy: Flag
) -> Threshold:
    """What a deferral must gain: alpha D_TV(p, q), or alpha at temperature 0."""
    sampled = multiply_no_inf(alpha, total_variation(p, q))
    return jnp.where(greedy, alpha, sampled)


def _price_in_words(at: Slot) -> str:
    if at.greedy:
        return at.less_alpha
    return f"{at.less_alpha} × TV {number(total_variation(at.p, at.q))}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Opt(PrefixRule):
    """r = 1 iff max q < max p - alpha D_TV(p, q), Eq. (10).

    alpha = 0 is Diff at 0. An alpha of minus infinity always defers and one of plus
    infinity never, save where q = p; there 0 times infinity is 0, and the measure is
    the same with or without deferral.

    Example:
        max p - max q = 0.25 and D_TV(p, q) = 0.25, so alpha = 1 ties and keeps q:

        >>> q, p = jnp.array([0.5, 0.5]), jnp.array([0.25, 0.75])
        >>> for alpha in (1.0, 0.9):
        ...     print(Opt().measure(q, p, q, p, jnp.array(alpha), jnp.array(False)))
        [0.5 0.5]
        [0.25 0.75]
    """

    name = "opt"
    condition = r"\max q < \max p - \alpha D_{\mathrm{TV}}(p, q)"
    source = "Eq. (10)"
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
        price = _price(q, p, alpha, greedy)
        return jnp.max(gate_q, axis=-1) < jnp.max(gate_p, axis=-1) - price

    def sides(self, at: Slot) -> Sides:
        return Sides(at.max_q, "<", f"{at.max_p} {_price_in_words(at)}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptLog(PrefixRule):
    """r = 1 iff H(p) < H(q) - alpha D_TV(p, q), Eq. (26): OPT for the log loss.

    Its ends are those of `Opt`, its greedy branch that of `DiffLog`.
    """

    name = "opt_log"
    condition = r"H(p) < H(q) - \alpha D_{\mathrm{TV}}(p, q)"
    source = "Eq. (26)"
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
        return entropy(gate_p) < entropy(gate_q) - _price(q, p, alpha, greedy)

    def sides(self, at: Slot) -> Sides:
        h_p, h_q = number(entropy(at.gate_p)), number(entropy(at.gate_q))
        return Sides(f"H(p) {h_p}", "<", f"H(q) {h_q} {_price_in_words(at)}")
