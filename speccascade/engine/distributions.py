"""Logits -> the two distributions that the engine works with."""

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from speccascade.engine.request import Execution, Rows
from speccascade.engine.seen import Views
from speccascade.sampling import Sampling, gate, processed


@flax.struct.dataclass
class Sampler:
    """How this batch turns logits into distributions; the same for q and p.

    Attributes:
      sampling: per row.
      mask: bool[V], True where a token is allowed; None allows all.
      truncate: static.
      gate_kind: static, "untempered" or "processed".
    """

    sampling: Sampling
    mask: Bool[Array, " V"] | None
    truncate: bool = flax.struct.field(pytree_node=False)
    gate_kind: str = flax.struct.field(pytree_node=False)

    @classmethod
    def of(
        cls, execution: Execution, rows: Rows, mask: Bool[Array, " V"] | None
    ) -> "Sampler":
        return cls(
            sampling=rows.sampling,
            mask=mask,
            truncate=execution.truncate,
            gate_kind=execution.gate,
        )

    def draws(self, logits: Float[Array, "B *slots V"]) -> Float[Array, "B *slots V"]:
        """The distribution that tokens are drawn from."""
        return processed(logits, self.sampling, self.mask, self.truncate)

    def gates(
        self, logits: Float[Array, "B *slots V"], draws: Float[Array, "B *slots V"]
    ) -> Float[Array, "B *slots V"]:
        """The distribution that thresholds look at."""
        untempered = gate(logits, self.mask)
        if self.gate_kind == "untempered":
            return untempered
        return jnp.where(per_row(self.sampling.greedy, logits), untempered, draws)

    def views(self, logits: Float[Array, "B S V"]) -> Views:
        """Both."""
        draws = self.draws(logits)
        return Views(draws=draws, gates=self.gates(logits, draws))


def per_row(value: jax.Array, like: jax.Array) -> jax.Array:
    """`value` [B] with axes of length 1 for the axes of `like` after the first."""
    return value.reshape(-1, *[1] * (like.ndim - 1))
