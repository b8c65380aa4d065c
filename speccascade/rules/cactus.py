"""Lift: raise the drafted token's probability as far as a budget allows."""

import dataclasses
import functools

import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Float

from speccascade.numerics import at_token, multiply_no_inf, safe_normalise
from speccascade.rules.base import (
    Coupling,
    Distribution,
    Flag,
    Rule,
    Threshold,
    Token,
    per_slot,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cactus(Rule):
    """Keep x with min(1, h(x)/q(x)), h = p + sqrt(2 alpha p (1 - p)), h at most 1.

    Cactus (Hao and Mou, ICLR 2026), arXiv 2604.04987, whose delta is alpha and whose q
    and p are our p and q. The drafted token x alone is lifted, to h(x), and all others
    v are scaled, to s(x) p(v) with s(x) = (1 - h(x)) / (1 - p(x)). To second order that
    is as high as x can go while the lifted distribution stays within KL <= alpha of p.
    The draft takes the lossless test against it, and a rejected one is replaced from

        norm((s(x) p - q)+),

    which depends on x. So no measure expresses the rule, and it has no r.

    alpha = 0 is lossless. An infinite alpha keeps everything, also where p(x) = 0.

    The law, from which bonus tokens are drawn, takes two sorts of the vocabulary; some
    milliseconds on CPU, which small models notice. `bonus: target` needs no law.

    At temperature 0 a one-hot p makes h blind to alpha, so the lift moves to the gate:
    keep x iff it is an argmax of its own lifted distribution, h(x) >= s(x) max p.

    Example:
        sqrt(2 alpha p (1 - p)) = 0.125, so h = 0.625 and s = 0.75 for either token:

        >>> q, p = jnp.array([0.75, 0.25]), jnp.array([0.5, 0.5])
        >>> arguments = (q, p, q, p, jnp.array(0.03125), jnp.array(False))
        >>> coupling = Cactus().measure(*arguments)
        >>> print(coupling.keep.round(4), coupling.law(q, p).round(4))
        [0.8333 1.    ] [0.625 0.375]
    """

    name = "cactus"
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
    ) -> Coupling:
        budget = per_slot(alpha, q)
        lifted, scale = _lift(p, budget)
        covered = lifted >= q
        sampled = jnp.where(covered, 1, lifted / jnp.where(covered, 1, q))

        gate_lifted, gate_scale = _lift(gate_p, budget)
        highest = jnp.max(gate_p, axis=-1, keepdims=True)
        at_zero = (gate_lifted >= gate_scale * highest).astype(q.dtype)
        keep = jnp.where(per_slot(greedy, q) & (budget > 0), at_zero, sampled)
        return Lifted(keep=keep, scale=scale)


def _lift(
    p: Distribution, budget: Float[Array, "... 1"]
) -> tuple[Distribution, Distribution]:
    """h(x) and s(x) of every token x.

    Example:
        >>> print(*_lift(jnp.array([0.5, 0.5, 0.0]), jnp.array([0.03125])))
        [0.625 0.625 0.   ] [0.75 0.75 1.  ]
    """
    spread = jnp.sqrt(multiply_no_inf(2 * budget, p * (1 - p)))
    lifted = jnp.where(jnp.isinf(budget), 1, jnp.minimum(p + spread, 1))
    certain = p >= 1
    scale = jnp.where(certain, 1, (1 - lifted) / jnp.where(certain, 1, 1 - p))
    return lifted, scale


@flax.struct.dataclass
class Lifted(Coupling):
    """The coupling whose residual after a rejected x is norm((s(x) p - q)+).

    Attributes:
        scale: s(x) of every token x, in [0, 1].
    """

    scale: Distribution

    def residual(self, q: Distribution, p: Distribution, token: Token) -> Distribution:
        scale = at_token(self.scale, token)[..., None]
        return safe_normalise(jnp.maximum(scale * p - q, 0), p)

    def law(self, q: Distribution, p: Distribution) -> Distribution:
        rejected = q * (1 - self.keep)
        return q * self.keep + _replacements(q, p, rejected, self.scale)


@functools.partial(jnp.vectorize, signature="(v),(v),(v),(v)->(v)")
def _replacements(
    q: Distribution, p: Distribution, rejected: Distribution, scale: Distribution
) -> Distribution:
    """sum_x rejected(x) norm((s(x) p - q)+), without its V^2 terms.

    A residual depends on x through s(x) alone, and v is in it iff q(v)/p(v) < s(x). So
    one sort of the ratios gives the sum S(x) of every residual from running sums,

        S(x) = s(x) sum p - sum q    over the v of a ratio below s(x),

    and one sort of the scales gives every v its share of all residuals,

        p(v) sum rejected s/S - q(v) sum rejected/S    over the x of a scale above it.

    Nothing is lost by the two differences: S(x) is at least the mass that is rejected
    in all, because (s(x) p - q)+ makes up for every token that s(x) p does not cover.

    Example:
        Tokens 0 and 1 are rejected alike, and both are replaced by token 2:

        >>> q, p = jnp.array([0.5, 0.5, 0.0]), jnp.array([0.25, 0.25, 0.5])
        >>> rejected, scale = jnp.array([0.125, 0.125, 0.0]), jnp.array([0.75, 0.75, 1])
        >>> print(_replacements(q, p, rejected, scale))
        [0.   0.   0.25]
    """
    ratio = jnp.where(p > 0, q / jnp.where(p > 0, p, 1), jnp.inf)
    by_ratio, by_scale = jnp.argsort(ratio), jnp.argsort(scale)
    below = jnp.searchsorted(ratio[by_ratio], scale, side="left")
    sum_p, sum_q = (jnp.cumsum(jnp.pad(x[by_ratio], (1, 0)))[below] for x in (p, q))
    total = scale * sum_p - sum_q
    share = jnp.where(total > 0, rejected / jnp.where(total > 0, total, 1), 0)
    above = jnp.searchsorted(scale[by_scale], ratio, side="right")
    of_p, of_q = (
        jnp.cumsum(jnp.pad(x[by_scale], (0, 1))[::-1])[::-1][above]
        for x in (share * scale, share)
    )
    return jnp.maximum(p * of_p - q * of_q, 0)
