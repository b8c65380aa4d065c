"""The uniforms behind every draw, each a function of what it decides, nothing else.

A uniform is keyed by (seed, example id, output position, tier, role). Thresholds,
rules, batches and rounds do not enter, which has two consequences:

1. Methods and thresholds are *paired*: with the same seed, two methods that follow the
   same law at a position read the same numbers there. At their lossless ends all rules
   emit the tokens of `lossless`; at their drafter ends, those of the drafter alone.
2. A row draws the same numbers whatever its neighbours, its place and its batch.

A rejected position gets its token at once, from the residual, by a role of its own. The
later positions of the block are drafted again in the next round, with the same numbers.
This is sound: nothing that was emitted depends on them.
"""

import enum

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float32, Int, Integer, Key

# Pinned: other generators may give a row other numbers when its batch changes (`rbg`).
_GENERATOR = "threefry2x32"
# Cascades of cascades that one 32-bit word has room for, beside four roles and outputs
# of up to 2^26 tokens.
_TIERS = 16


class Role(enum.IntEnum):
    """What a uniform decides; no uniform decides two things.

    The numbers enter the keys: changing one changes every sampled result.
    """

    DRAFT = 0
    """Drafted and bonus tokens, draws from the law, the drafter running alone."""
    ACCEPT = 1
    """Whether a drafted token is kept."""
    RESIDUAL = 2
    """Any redraw at a position whose draft draw was looked at."""
    TARGET = 3
    """Every draw from p alone."""


def row_key(
    seed: Integer[Array, " B"], example_id: Integer[Array, " B"]
) -> Key[Array, " B"]:
    """The key of each row; `uniform` makes the row's draws from it.

    Args:
        seed: 32-bit integers.
        example_id: 32-bit integers that name the example, not its place in a batch.

    Returns:
        A threefry key a row, whatever generator is JAX's default.
    """

    def one_row(seed, example_id):
        return jax.random.fold_in(jax.random.key(seed, impl=_GENERATOR), example_id)

    return jax.vmap(one_row)(seed.astype(jnp.uint32), example_id.astype(jnp.uint32))


def uniform(
    row_keys: Key[Array, " B"], position: Int[Array, " B *slots"], tier: int, role: Role
) -> Float32[Array, " B *slots"]:
    """The uniform in [0, 1) of each row at each output position.

    Args:
        row_keys: from `row_key`.
        position: index of the token in the row's output, 0 for the first, below 2^26;
            any number of axes after B, such as the slots of a block.
        tier: 0 for the innermost pair, one more for every enclosing cascade; below 16.
        role: what the number will decide.

    Returns:
        Multiples of 2^-23, so at most 1 - 2^-23; float32 whatever the models compute
        in.
    """

    def one_draw(key, word):
        return jax.random.key_data(jax.random.fold_in(key, word))[0]

    draw = one_draw
    for _ in range(position.ndim - 1):
        draw = jax.vmap(draw, in_axes=(None, 0))
    word = (position.astype(jnp.uint32) * _TIERS + tier) * len(Role) + int(role)
    bits = jax.vmap(draw)(row_keys, word)
    return (bits >> 9).astype(jnp.float32) * jnp.float32(2**-23)


@flax.struct.dataclass
class Uniforms:
    """What `uniform` gives for the whole outputs of some rows, drawn ahead.

    A decoding loop looks its numbers up: each of them costs a loop of its own where XLA
    does not unroll threefry, as on CPU, and there it was a tenth of a small drafter's
    step.

    Attributes:
        table: float32[B, P, R], by row, position and role.
    """

    table: Float32[Array, "B P R"]

    @classmethod
    def ahead(
        cls, row_keys: Key[Array, " B"], positions: int, tier: int = 0
    ) -> "Uniforms":
        """Draws every number that these rows can ask for.

        Args:
            row_keys: from `row_key`.
            positions: P, one more than the last output position that is asked for.
            tier: as for `uniform`.
        """
        every = jnp.arange(positions, dtype=jnp.int32)
        every = jnp.broadcast_to(every, (row_keys.shape[0], positions))
        draws = [uniform(row_keys, every, tier, role) for role in Role]
        return cls(table=jnp.stack(draws, axis=-1))

    def at(
        self, position: Int[Array, " B *slots"], role: Role
    ) -> Float32[Array, " B *slots"]:
        """The uniform of each row at each position, which must lie in [0, P)."""
        flat = position.reshape(position.shape[0], -1)
        found = jnp.take_along_axis(self.table[..., int(role)], flat, axis=1)
        return found.reshape(position.shape)
