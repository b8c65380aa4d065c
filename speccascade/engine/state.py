"""The state of a decoding loop, and the commit that all executions share.

A row has emitted `length` tokens. Its last token, the one that no cache holds yet, sits
at slot `first slot + length` of either model: the slot follows from the length, so
rolling back is not an operation of its own.
"""

import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from speccascade.engine.counters import Counters


@flax.struct.dataclass
class Output:
    """What has been written so far.

    Attributes:
      tokens: int32[B, T], 0 after the end.
      length: int32[B], tokens written, the end token included.
      last: int32[B], the token to feed next.
      finished: bool[B]; a finished row changes nothing any more.
    """

    tokens: Int[Array, "B T"]
    length: Int[Array, " B"]
    last: Int[Array, " B"]
    finished: Bool[Array, " B"]

    @classmethod
    def start(
        cls, first_token: Int[Array, " B"], active: Bool[Array, " B"], limit: int
    ) -> "Output":
        batch = first_token.shape[0]
        return cls(
            tokens=jnp.zeros((batch, limit), jnp.int32),
            length=jnp.zeros((batch,), jnp.int32),
            last=first_token,
            finished=~active,
        )


@flax.struct.dataclass
class Ends:
    """Which tokens end an output: the end token, and any that a task stops at.

    Attributes:
      eos_id: the end token.
      stops: bool[V], True at tokens that end an answer as well, such as those with a
        line break where answers are one line; None where there are none.
    """

    eos_id: int = flax.struct.field(pytree_node=False)
    stops: Bool[Array, " V"] | None = None

    def __call__(self, tokens: Int[Array, "..."]) -> Bool[Array, "..."]:
        found = tokens == self.eos_id
        return found if self.stops is None else found | self.stops[tokens]


# Slot that no cache has: what is fed there is not written. Far from the largest int32,
# because a call adds up to K to it.
NOWHERE = 2**30


def feeding_slots(output: Output, first_slot: Int[Array, " B"]) -> Int[Array, " B"]:
    """The slot of each row's last token; `NOWHERE` for a finished row."""
    return jnp.where(output.finished, NOWHERE, first_slot + output.length)


@flax.struct.dataclass
class Generation:
    """The result of a batch.

    Attributes:
      tokens: int32[B, T], 0 after the end.
      lengths: int32[B], the end token included.
      counters: int32[B] each.
    """

    tokens: Int[Array, "B T"]
    lengths: Int[Array, " B"]
    counters: Counters


def commit(
    output: Output, block: Int[Array, "B K"], count: Int[Array, " B"], ends: Ends
) -> tuple[Output, Int[Array, " B"]]:
    """Appends the first `count` tokens of each row's block, up to its end.

    A row ends with its first token that ends, or at the length limit T, whichever comes
    first; what a block holds beyond that is dropped.

    Args:
      output: so far.
      block: new tokens, one row each.
      count: how many of them are decided, at least 1; ignored in finished rows.
      ends: the tokens that end an output.

    Returns:
      The new output, and how many tokens each row really took (0 if finished).

    Example (T = 6, token 1 ends):

        tokens         length   block          count   ->  tokens         taken
        7 8 0 0 0 0    2        5 1 9          3           7 8 5 1 0 0    2  finished
        7 8 9 4 3 0    5        5 6 9          3           7 8 9 4 3 5    1  finished
        7 0 0 0 0 0    1        5 6 9          2           7 5 6 0 0 0    2
    """
    limit = output.tokens.shape[1]
    offsets = jnp.arange(block.shape[1])[None, :]
    is_end = ends(block) & (offsets < count[:, None])
    until_end = jnp.min(jnp.where(is_end, offsets + 1, block.shape[1]), axis=1)
    taken = jnp.minimum(jnp.minimum(count, until_end), limit - output.length)
    taken = jnp.where(output.finished, 0, taken).astype(jnp.int32)

    positions = output.length[:, None] + offsets
    rows = jnp.arange(block.shape[0])[:, None]
    # A position at the limit is out of range, and dropped.
    positions = jnp.where(offsets < taken[:, None], positions, limit)
    tokens = output.tokens.at[rows, positions].set(block, mode="drop")

    length = output.length + taken
    ended = jnp.any(is_end & (offsets < taken[:, None]), axis=1) | (length == limit)
    newest = jnp.take_along_axis(block, jnp.maximum(taken - 1, 0)[:, None], axis=1)
    return (
        Output(
            tokens=tokens,
            length=length,
            last=jnp.where(output.finished, output.last, newest[:, 0]),
            finished=output.finished | ended,
        ),
        taken,
    )
