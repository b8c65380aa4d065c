"""What one round looked at: the numbers behind its tokens, kept for a trace.

The loops throw them away, and do not compute those that no decision needs.
"""

import flax.struct
from jaxtyping import Array, Bool, Float, Int


@flax.struct.dataclass
class Views:
    """One model's distributions at some slots.

    Attributes:
      draws: float32[B, S, V], what tokens are drawn from.
      gates: float32[B, S, V], what thresholds look at.
    """

    draws: Float[Array, "B S V"]
    gates: Float[Array, "B S V"]


@flax.struct.dataclass
class Seen:
    """One round, slot by slot from each row's first open position.

    Attributes:
      tokens: int32[B, G], what the drafter proposed or wrote; meaningless beyond
        `lengths`.
      lengths: int32[B].
      q: the drafter's views; None of the target alone. In a sequence cascade they mean
        nothing once the target writes.
      p: the target's; None of the drafter alone. In a token cascade of the one slot
        behind what the drafter wrote; there and in a sequence cascade they mean nothing
        where the target does not write.
      keep: float32[B, G], the probability that each drafted token stands; None where
        no token is tested.
      deferred: where the rule defers: bool[B, G], of what was drafted; in a token
        cascade bool[B, 1], behind what the drafter wrote, and in a sequence cascade
        bool[B, 1], the whole answer. None if there is no r.
    """

    tokens: Int[Array, "B G"]
    lengths: Int[Array, " B"]
    q: Views | None
    p: Views | None
    keep: Float[Array, "B G"] | None = None
    deferred: Bool[Array, "B R"] | None = None
