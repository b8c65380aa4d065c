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
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from speccascade.engine.distributions import Sampler
from speccascade.engine.pair import ModelState
from speccascade.engine.state import NOWHERE, Ends, Output
from speccascade.engine.stopping import Asks
from speccascade.models.interface import Model, Params
from speccascade.numerics import inverse_cdf
from speccascade.sampling import Role, Uniforms


@flax.struct.dataclass
class Run:
    """One run of every row; finished rows have an empty one.

    Attributes:
      tokens: int32[B, N], 0 after the run.
      lengths: int32[B], 0 to N.
      asked: bool[B], whether q asked for the target where the run ends.
      open: bool[B], whether the row goes on after its run.
      q: float32[B, N + 1, V], what the tokens were drawn from and, where the row is
        open, what the run's end was decided from; beyond that some distribution. None
        if it is not kept.
      gate_q: the same of what thresholds look at.
    """

    tokens: Int[Array, "B N"]
    lengths: Int[Array, " B"]
    asked: Bool[Array, " B"]
    open: Bool[Array, " B"]
    q: Float[Array, "B C V"] | None
    gate_q: Float[Array, "B C V"] | None

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
    ends: Ends,
    keep_q: bool = False,
) -> tuple[Run, ModelState]:
    """Draws tokens after `output`, with the role `draft`, until every row's run ends.

    Args:
      model, params, state: the drafter.
      output: of all rows; it is not written to.
      sampler: logits -> distributions.
      uniforms: of the rows.
      asks: where a run ends before its next token is drawn.
      longest: N.
      ends: the tokens that end an output.
      keep_q: whether the run returns q and gate_q.
    """
    batch, limit = output.tokens.shape
    shape = (batch, longest + 1, model.vocab_size)
    flat = jnp.full(shape, 1 / model.vocab_size) if keep_q else None
    nothing = jnp.zeros((batch,), bool)
    run = Run(
        tokens=jnp.zeros((batch, longest), jnp.int32),
        lengths=jnp.zeros((batch,), jnp.int32),
        asked=nothing,
        open=nothing,
        q=flat,
        gate_q=flat,
    )

    def step(carry: tuple[Any, ...]) -> tuple[Any, ...]:
        index, going, token, cache, run = carry
        position = jnp.where(going, output.length + index, 0)
        slots = jnp.where(going, state.first_slot + position, NOWHERE)
        logits, cache = model.score(params, cache, token[:, None], slots)
        q = sampler.draws(logits[:, 0])
        gate_q = sampler.gates(logits[:, 0], q)
        asked = going & asks(q, gate_q)
        writes = going & ~asked & (index < longest)
        token = inverse_cdf(q, uniforms.at(position, Role.DRAFT))
        last = ends(token) | (position + 1 == limit)
        run = Run(
            # What falls on column N is dropped.
            tokens=run.tokens.at[:, index].set(
                jnp.where(writes, token, 0), mode="drop"
            ),
            lengths=run.lengths + writes.astype(jnp.int32),
            asked=run.asked | asked,
            open=run.open | (going & ~writes),
            q=None if run.q is None else run.q.at[:, index].set(q),
            gate_q=None if run.gate_q is None else run.gate_q.at[:, index].set(gate_q),
        )
        return index + 1, writes & ~last, token, cache, run

    *_, cache, run = jax.lax.while_loop(
        lambda carry: jnp.any(carry[1]),
        step,
        (jnp.int32(0), ~output.finished, output.last, state.cache, run),
    )
    return run, dataclasses.replace(state, cache=cache)
