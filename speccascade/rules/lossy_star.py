"""Mass conserved: lossy speculative decoding with the beta that conserves it."""

import dataclasses
from typing import Literal

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from speccascade.errors import UserError
from speccascade.numerics import water_level
from speccascade.rules.base import Distribution, Flag, Rule, Threshold, per_slot
from speccascade.rules.lossy import clipped, lenient

# Of the grid search in the paper: 1000 values of beta up to 10.
_POINTS, _LARGEST = 1000, 10.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossyStar(Rule):
    """m = max(min(q, p/(1 - alpha)), p/beta), with the beta at which m sums to 1.

    Lossy* (section 2 and appendix E.6). Keep x with min(1, p(x)/((1 - alpha) q(x))), as
    `lossy` does, else draw from norm((p/beta - q)+), where beta solves

        sum (q - p/(1 - alpha))+ = sum (p/beta - q)+

    at every slot: what is cut from q is what is added elsewhere. The left side is at
    most D_TV(p, q), which is the right side at beta = 1. So beta >= 1: a replacement is
    drawn from fewer tokens than in `lossy`, those on which p exceeds q the most.

    alpha = 0 is lossless, alpha = 1 keeps everything. The greedy branch is `lossy`'s.

    Attributes:
        beta: "exact" solves the equation. "grid" takes the best of the paper's values,
            1000 from alpha to 10, raised to 1 - alpha where they lie below it. Then m
            sums to 1 only up to the grid, and it costs several hundred times as much.

    Example:
        0.175 is cut from the first token, and added to the third alone, beta = 1.0667:

        >>> q, p = jnp.array([0.8, 0.1, 0.1]), jnp.array([0.5, 0.1, 0.4])
        >>> alpha, greedy = jnp.array(0.2), jnp.array(False)
        >>> print(LossyStar().measure(q, p, q, p, alpha, greedy))
        [0.625 0.1   0.275]
    """

    beta: Literal["exact", "grid"] = "exact"

    name = "lossy_star"
    formula = r"\max\{\min\{q(v), p(v)/(1 - \alpha)\}, p(v)/\beta\}"
    source = "Section 2"
    alpha_range = (0.0, 1.0)
    lossless_end = 0.0
    drafter_end = 1.0
    gates = frozenset({"p"})

    def __post_init__(self) -> None:
        # A misspelt choice would run as the other one.
        if self.beta not in ("exact", "grid"):
            raise UserError(
                f"beta of 'lossy_star' is exact or grid, not {self.beta!r}."
            )

    def measure(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Distribution:
        kept = clipped(q, p, alpha)
        cut = jnp.sum(q - kept, axis=-1)
        if self.beta == "grid":
            inverse = 1 / _best_of_grid(q, p, alpha, cut)
        else:
            # Where nothing is cut nothing is added, whatever rounding makes of it.
            inverse = jnp.where(cut > 0, water_level(p, q, cut, start=1.0), 0)
        sampled = jnp.maximum(kept, inverse[..., None] * p)
        sampled = jnp.where(per_slot(alpha <= 0, q), p, sampled)
        return jnp.where(per_slot(greedy, q), lenient(q, p, gate_p, alpha), sampled)


def _best_of_grid(
    q: Distribution, p: Distribution, alpha: Threshold, cut: Float[Array, "..."]
) -> Float[Array, "..."]:
    """The first beta of the grid that comes closest to solving the equation."""
    low = jnp.broadcast_to(alpha, cut.shape)

    def look(index: Array, best: tuple[Array, Array]) -> tuple[Array, Array]:
        step = index.astype(q.dtype) / (_POINTS - 1)
        beta = jnp.maximum(low + (_LARGEST - low) * step, 1 - low)
        added = jnp.sum(jnp.maximum(p / beta[..., None] - q, 0), axis=-1)
        better = jnp.abs(added - cut) < best[1]
        return (
            jnp.where(better, beta, best[0]),
            jnp.where(better, jnp.abs(added - cut), best[1]),
        )

    none = jnp.ones_like(cut), jnp.full_like(cut, jnp.inf)
    return lax.fori_loop(jnp.int32(0), jnp.int32(_POINTS), look, none)[0]
