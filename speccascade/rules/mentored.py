"""Mentored decoding: the most drafts kept within a budget of divergence."""

import dataclasses

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from speccascade.numerics import relative_entropy, water_level
from speccascade.rules.base import Distribution, Flag, Rule, Threshold, per_slot
from speccascade.rules.lossy import lenient


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mentored(Rule):
    """The m closest to q with KL(p || m) <= alpha: alpha is a budget, in nats.

    Mentored decoding (V. Tran-Thien, "A provably optimal lossy variant of speculative
    decoding", a post of 2023 on vivien000.github.io/blog): of all distributions within
    the budget, the one that rejects the fewest drafts. It has the form of Lemma 2,

        m = max(min(q, u p), l p),    l <= 1 <= u,

    that is q moved into a band around p: `lossy_star` with u = 1/(1 - alpha') and
    l = 1/beta. There u is given and the budget comes out as it may; here the budget is
    given, a slot at a time. m sums to 1 for one u for every l, and KL(p || m) grows as
    l falls, from 0 at l = 1; it is at most -log l, since m >= l p. So l is found by
    halving. Tokens with p = 0 cost no divergence and take what room is left, in
    proportion to q: none before u is infinite.

    This costs time: 31 halvings in float32, each with a Newton loop over the vocabulary
    for u. A call of [1, 4, 6144] took 1.6 ms on a CPU, about as long as a small target
    takes to verify that block; `lossy` took 0.05 ms.

    alpha = 0 is lossless; where KL(p || q) <= alpha, and everywhere at infinity, every
    draft is kept. At temperature 0 the budget is spent on the gate's odds: keep x iff
    log(max p / p(x)) <= alpha, `lossy` with 1 - alpha' = exp(-alpha).

    Example:
        KL(p || m) = 0.5 log(0.5 / 0.625) + 0.5 log(0.5 / 0.375) = 0.0323:

        >>> q, p = jnp.array([0.8, 0.2]), jnp.array([0.5, 0.5])
        >>> arguments = (q, p, q, p, jnp.array(0.032269), jnp.array(False))
        >>> "m = {:.3f}, {:.3f}".format(*Mentored().measure(*arguments))
        'm = 0.625, 0.375'
    """

    name = "mentored"
    alpha_range = (0.0, float("inf"))
    lossless_end = 0.0
    drafter_end = float("inf")
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
        budget = jnp.broadcast_to(alpha, q.shape[:-1])
        sampled = _band(q, p, _lower_end(q, p, budget))
        sampled = jnp.where(per_slot(relative_entropy(p, q) <= budget, q), q, sampled)
        sampled = jnp.where(per_slot(budget <= 0, q), p, sampled)
        at_zero = lenient(q, p, gate_p, -jnp.expm1(-budget))
        return jnp.where(per_slot(greedy, q), at_zero, sampled)


def _lower_end(
    q: Distribution, p: Distribution, budget: Float[Array, "..."]
) -> Float[Array, "..."]:
    """-log of the smallest l whose m is within the budget."""

    def halve(_: Array, bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bounds
        middle = (low + high) / 2
        within = relative_entropy(p, _band(q, p, middle)) <= budget
        return jnp.where(within, middle, low), jnp.where(within, high, middle)

    # l runs from 1 to the smallest normal number, to the precision of the dtype.
    precision = jnp.finfo(q.dtype)
    low = jnp.zeros_like(budget)
    high = jnp.full_like(budget, -jnp.log(precision.tiny))
    halvings = jnp.int32(precision.nmant + 8)
    return lax.fori_loop(jnp.int32(0), halvings, halve, (low, high))[0]


def _band(
    q: Distribution, p: Distribution, lower_end: Float[Array, "..."]
) -> Distribution:
    """m = max(min(q, u p), l p) with l = exp(-lower_end) and the u of sum m = 1.

    Example:
        >>> q, p = jnp.array([0.8, 0.2]), jnp.array([0.5, 0.5])
        >>> print(_band(q, p, -jnp.log(jnp.array(0.75))).round(4))
        [0.625 0.375]
    """
    floor = jnp.exp(-lower_end)[..., None] * p
    added = jnp.sum(jnp.maximum(floor - q, 0), axis=-1)
    # sum (q - u p)+ = added, an equation in -u that is solved from u = 1 upwards.
    upper = -water_level(p, -q, added, start=-1.0)[..., None]
    moved = jnp.maximum(jnp.minimum(q, upper * p), floor)
    unseen = jnp.sum(jnp.where(p > 0, 0, q), axis=-1)
    room = jnp.clip(1 - added / jnp.where(unseen > 0, unseen, 1), 0, 1)[..., None]
    return jnp.where(p > 0, moved, room * q)
