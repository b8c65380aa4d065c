"""A run: what the drafter writes by itself before the target has its say.

It ends where the drafter's own q asks for the target, at the longest length allowed, or
with the row's output. Worked example, at most 3 tokens, `^` the start token, `$` the
end token, `!` where q asks for the target:

    row   fed        q          tokens   lengths   asked   open   calls
    a     ^ x y      x y !      x y 0    2         yes     yes    3
    b     ^ x y z    x y z .    x y z    3         no      yes    4
    c     ^ x        x $        x $ 0    2         no      no     2
    d     ^          !          0 0 0    0         yes     yes    1

The rows wait for the longest run among them. `open` rows are those whose next token is
the target's. Their drafter has been fed the whole run, because the last q was looked
at: after the target's token, its cache lacks that token and no other.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from speccascade.engine.distributions import Sampler
from speccascade.engine.pair import ModelState
from speccascade.engine.state import NOWHERE, Output
from speccascade.models.interface import Model, Params
from speccascade.numerics import inverse_cdf
from speccascade.sampling import Role, Uniforms

# From q and gate_q, float32[B, V] each, whether each row asks for the target.
Asks = Callable[[jax.Array, jax.Array], jax.Array]


@flax.struct.dataclass
class Run:
    """One run of every row; finished rows have an empty one.

    Attributes:
      tokens: int32[B, N], 0 after the run.
      lengths: int32[B], 0 to N.
      asked: bool[B], whether q asked for the target where the run ends.
      open: bool[B], whether the row goes on after its run.
      logits: float32[B, N, V], what the tokens were drawn from; None if not kept.
    """

    tokens: Int[Array, "B N"]
    lengths: Int[Array, " B"]
    asked: Bool[Array, " B"]
    open: Bool[Array, " B"]
    logits: Float[Array, "B N V"] | None

    @property
    def calls(self) -> Int[Array, " B"]:
        """Drafter's calls: one a token, and one that found that there is no next."""
        return self.lengths + self.open.astype(jnp.int32)


def write_run(
    model: Model,
    params: Params,
    state: ModelState,
    output: Output,
    sampler: Sampler,
    uniforms: Uniforms,
    asks: Asks,
    *,
    longest: int,
    eos_id: int,
    keep_logits: bool = False,
) -> tuple[Run, ModelState]:
    """Draws tokens after `output`, with the role `draft`, until every row's run ends.

    Args:
      model, params, state: the drafter.
      output: of all rows; it is not written to.
      sampler: logits -> distributions.
      uniforms: of the rows.
      asks: where a run ends before its next token is drawn.
      longest: N.
      eos_id: the end token.
      keep_logits: whether the run returns them.
    """
    batch, limit = output.tokens.shape
    vocab = model.vocab_size
    logits = jnp.zeros((batch, longest, vocab)) if keep_logits else None
    nothing = jnp.zeros((batch,), bool)
    run = Run(
        tokens=jnp.zeros((batch, longest), jnp.int32),
        lengths=jnp.zeros((batch,), jnp.int32),
        asked=nothing,
        open=nothing,
        logits=logits,
    )

    def step(carry: tuple[Any, ...]) -> tuple[Any, ...]:
        index, going, token, cache, run = carry
        position = jnp.where(going, output.length + index, 0)
        slots = jnp.where(going, state.first_slot + position, NOWHERE)
        logits, cache = model.score(params, cache, token[:, None], slots)
        q = sampler.draws(logits[:, 0])
        asked = going & asks(q, sampler.gates(logits[:, 0], q))
        writes = going & ~asked & (index < longest)
        token = inverse_cdf(q, uniforms.at(position, Role.DRAFT))
        ends = (token == eos_id) | (position + 1 == limit)
        kept = run.logits
        if kept is not None:
            kept = kept.at[:, index].set(logits[:, 0], mode="drop")
        run = Run(
            # What falls on column N is dropped.
            tokens=run.tokens.at[:, index].set(
                jnp.where(writes, token, 0), mode="drop"
            ),
            lengths=run.lengths + writes.astype(jnp.int32),
            asked=run.asked | asked,
            open=run.open | (going & ~writes),
            logits=kept,
        )
        return index + 1, writes & ~ends, token, cache, run

    *_, cache, run = jax.lax.while_loop(
        lambda carry: jnp.any(carry[1]),
        step,
        (jnp.int32(0), ~output.finished, output.last, state.cache, run),
    )
    return run, dataclasses.replace(state, cache=cache)
