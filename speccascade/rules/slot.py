"""One drafted token at one slot, and the two numbers that a rule compares there.

For those who ask why: a trace. The engine decides whole batches, and needs no words.
"""

import dataclasses
from typing import Literal, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

_OPPOSITE = {"<": "≥", ">": "≤"}


class Sides(NamedTuple):
    """A comparison in words and numbers; the rule defers where it holds.

    Example:
        >>> sides = Sides("max q 0.62", "<", "max p 0.91 - 0.3 × TV 0.41")
        >>> sides.sentence(deferred=True)
        'max q 0.62 < max p 0.91 - 0.3 × TV 0.41'
        >>> Sides("max q 0.8", "<", "1 - 0.3").sentence(deferred=False)
        'max q 0.8 ≥ 1 - 0.3'
    """

    left: str
    relation: Literal["<", ">"]
    right: str

    def sentence(self, deferred: bool) -> str:
        """The comparison as it came out; its numbers are rounded, the outcome is not.

        Args:
            deferred: r, as the engine decided it.
        """
        relation = self.relation if deferred else _OPPOSITE[self.relation]
        return f"{self.left} {relation} {self.right}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Slot:
    """All that a rule is told of one slot, on the host.

    Attributes:
        q, p: what tokens are drawn from.
        gate_q, gate_p: what thresholds look at.
        alpha: the threshold.
        greedy: whether the temperature is 0.
        token: the drafted token x.
    """

    q: Float[Array, " V"]
    p: Float[Array, " V"]
    gate_q: Float[Array, " V"]
    gate_p: Float[Array, " V"]
    alpha: float
    greedy: bool
    token: int

    @property
    def arguments(
        self,
    ) -> tuple[
        Float[Array, " V"],
        Float[Array, " V"],
        Float[Array, " V"],
        Float[Array, " V"],
        Float[Array, ""],
        Bool[Array, ""],
        Int[Array, ""],
    ]:
        """As `Rule.defers` takes them."""
        return (
            self.q,
            self.p,
            self.gate_q,
            self.gate_p,
            jnp.array(self.alpha, self.q.dtype),
            jnp.array(self.greedy),
            jnp.array(self.token, jnp.int32),
        )

    @property
    def max_q(self) -> str:
        return f"max q {number(jnp.max(self.gate_q))}"

    @property
    def max_p(self) -> str:
        return f"max p {number(jnp.max(self.gate_p))}"

    @property
    def q_x(self) -> str:
        return f"q(x) {number(self.gate_q[self.token])}"

    @property
    def p_x(self) -> str:
        return f"p(x) {number(self.gate_p[self.token])}"

    @property
    def less_alpha(self) -> str:
        """What is behind a number from which alpha is taken: "- 0.3", or "+ 0.3"."""
        return f"{'+' if self.alpha < 0 else '-'} {number(abs(self.alpha))}"


def number(value: Float[Array, ""] | float) -> str:
    """Three digits that matter.

    Example:
        >>> number(0.99874), number(1.2e-05), number(float("inf"))
        ('0.999', '1.2e-05', 'inf')
    """
    return f"{float(value):.3g}"
