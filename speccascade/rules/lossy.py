"""Lossy speculative decoding: the lossless test made lenient. The main baseline."""

import dataclasses

import jax.numpy as jnp

from speccascade.rules.base import Distribution, Flag, Rule, Threshold, per_slot
from speccascade.rules.token_specific import TokenV3, redistribute


def clipped(q: Distribution, p: Distribution, alpha: Threshold) -> Distribution:
    """min(q, p/(1 - alpha)): what the lenient test keeps of q.

    Example:
        >>> q, p = jnp.array([0.8, 0.2]), jnp.array([0.5, 0.5])
        >>> print(clipped(q, p, jnp.array(0.2)))
        [0.625 0.2  ]
    """
    strictness = per_slot(1 - alpha, q)
    # Compared as a product, so that alpha = 1 keeps everything and divides nothing.
    passes = strictness * q <= p
    return jnp.where(passes, q, jnp.minimum(q, p / jnp.where(passes, 1, strictness)))


def lenient(
    q: Distribution, p: Distribution, gate_p: Distribution, alpha: Threshold
) -> Distribution:
    """The measure at temperature 0: keep x iff p(x) >= (1 - alpha) max p in the gate.

    That is TokenV3; but at alpha = 0 it is p, where TokenV3 keeps a tie with max p.
    """
    stricter = TokenV3().r(gate_p, gate_p, alpha) | per_slot(alpha <= 0, q)
    return redistribute(q, p, stricter)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lossy(Rule):
    """m = max(min(q, p/(1 - alpha)), p): Tran-Thien (2023) with beta = 1.

    Keep x with min(1, p(x)/((1 - alpha) q(x))), else draw from norm((p - q)+) (section
    2, Lemma 2). Leviathan et al. (2023) call l = 1 - alpha the lenience. The rule clips
    q from above, token by token, so it stays near p and gains nothing from a drafter
    that is better somewhere. It has no r.

    **The measure does not sum to 1**, nor is the law its normalised form; see
    `verify.law`, whose example is this rule.

    alpha = 0 is lossless. alpha = 1 keeps everything: m = max(q, p) >= q.

    At temperature 0 the one-hot q and p make m blind to alpha, so the lenience moves to
    the gate: keep x iff p(x) >= (1 - alpha) max p, which is TokenV3. At alpha = 0 the
    measure is p there as well; TokenV3 would keep a token that ties with the argmax of
    p.

    Example:
        >>> q, p = jnp.array([0.8, 0.2]), jnp.array([0.5, 0.5])
        >>> print(Lossy().measure(q, p, q, p, jnp.array(0.2), jnp.array(False)))
        [0.625 0.5  ]
    """

    name = "lossy"
    formula = r"\max\{\min\{q(v), p(v)/(1 - \alpha)\}, p(v)\}"
    source = "Lemma 2"
    alpha_range = (0.0, 1.0)
    lossless_end = 0.0
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
        sampled = jnp.maximum(clipped(q, p, alpha), p)
        return jnp.where(per_slot(greedy, q), lenient(q, p, gate_p, alpha), sampled)
