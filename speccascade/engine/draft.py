"""Drafting: G tokens a row, with the distributions that they were drawn from.

Drafts of adaptive length, fewer than G where the drafter stops, are `engine.adaptive`.

Worked example, G = 3, a row whose last token is `c` at slot 2 (T5: `^` is the start):

    slot               0  1  2  3  4  5
    committed          ^  b  c
    bonus: law         fed: c x0 x1 x2   -> q0 q1 q2 q3   (G + 1 calls)
    bonus: target      fed: c x0 x1      -> q0 q1 q2      (G calls)

Under `law` the drafter's cache then holds the whole block, because q3 was needed for
the bonus token. Under `target` it lacks x2: if the block is accepted whole, the next
round's first call feeds two tokens, x2 and the bonus token. Rows that do not lag feed
their last token and a padding token in the same call; the padding's slot is stale, and
the next call overwrites it.
"""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from speccascade.engine.distributions import Sampler
from speccascade.engine.request import Execution
from speccascade.engine.state import Output, feeding_slots
from speccascade.models.interface import Cache, Model, Params
from speccascade.numerics import at_token, inverse_cdf
from speccascade.sampling import Role, Uniforms


@flax.struct.dataclass
class DrafterState:
    """What the drafter keeps between rounds.

    Attributes:
      cache: the model's.
      first_slot: int32[B], slot of the first token ever fed.
      previous: int32[B], the token before the last one, fed again where `lags`.
      lags: bool[B], whether the cache lacks `previous` (only under `bonus: target`).
    """

    cache: Cache
    first_slot: Int[Array, " B"]
    previous: Int[Array, " B"]
    lags: Bool[Array, " B"]


@flax.struct.dataclass
class Draft:
    """One round's proposal; C is G + 1 under `bonus: law` and G under `target`.

    Attributes:
      tokens: int32[B, G]; what stands beyond `lengths` was not drafted.
      lengths: int32[B], tokens drafted; G unless the length is adaptive.
      calls: int32[B], of the drafter, that they took.
      q: float32[B, C, V], exactly what the tokens were drawn from.
      gate_q: float32[B, C, V], what thresholds look at.
    """

    tokens: Int[Array, "B G"]
    lengths: Int[Array, " B"]
    calls: Int[Array, " B"]
    q: Float[Array, "B C V"]
    gate_q: Float[Array, "B C V"]


def draft(
    execution: Execution,
    model: Model,
    params: Params,
    state: DrafterState,
    output: Output,
    sampler: Sampler,
    uniforms: Uniforms,
    *,
    keep_gate: bool = False,
) -> tuple[Draft, DrafterState]:
    """Drafts one block after `output`, one token a call.

    Args:
      keep_gate: whether `gate_q` is wanted even of a rule that does not read it; else
        it is q there.
    """
    # G + 1 under `bonus: law`, G under `target`.
    calls = execution.gamma + (execution.bonus == "law")
    slots = feeding_slots(output, state.first_slot)
    cache = state.cache
    reads_gate = keep_gate or "q" in execution.speculative_rule.gates

    def draw(
        logits: Float[Array, "B V"], step: Int[Array, ""]
    ) -> tuple[Int[Array, " B"], tuple[jax.Array, ...]]:
        q = sampler.draws(logits)
        token = inverse_cdf(q, uniforms.at(output.length + step, Role.DRAFT))
        return token, (token, q, *([logits] if reads_gate else []))

    def step(
        carry: tuple[Int[Array, " B"], Cache], index: Int[Array, ""]
    ) -> tuple[tuple[Int[Array, " B"], Cache], tuple[jax.Array, ...]]:
        token, cache = carry
        logits, cache = model.score(params, cache, token[:, None], slots + index)
        token, drawn = draw(logits[:, 0], index)
        return (token, cache), drawn

    if execution.bonus == "law":
        (_, cache), drawn = jax.lax.scan(
            step, (output.last, cache), jnp.arange(calls, dtype=jnp.int32)
        )
    else:
        lag = state.lags.astype(jnp.int32)
        fed = jnp.stack(
            [
                jnp.where(state.lags, state.previous, output.last),
                jnp.where(state.lags, output.last, 0),
            ],
            axis=1,
        )
        logits, cache = model.score(params, cache, fed, slots - lag)
        newest = jnp.take_along_axis(logits, lag[:, None, None], axis=1)[:, 0]
        token, first = draw(newest, jnp.int32(0))
        (_, cache), drawn = jax.lax.scan(
            step, (token, cache), jnp.arange(1, calls, dtype=jnp.int32)
        )
        drawn = jax.tree.map(
            lambda one, rest: jnp.concatenate([one[None], rest]), first, drawn
        )
    tokens, q, *logits = (jnp.moveaxis(array, 0, 1) for array in drawn)
    gate_q = sampler.gates(logits[0], q) if reads_gate else q
    proposal = Draft(
        tokens=tokens[:, : execution.gamma],
        lengths=jnp.full_like(output.length, execution.gamma),
        calls=jnp.full_like(output.length, calls),
        q=q,
        gate_q=gate_q,
    )
    return proposal, dataclasses.replace(state, cache=cache)


def after_commit(
    execution: Execution,
    state: DrafterState,
    output: Output,
    accepted_whole: Bool[Array, " B"],
) -> DrafterState:
    """The drafter's state for the next round, once the block is committed."""
    if execution.bonus == "law":
        return state
    before_last = jnp.maximum(output.length - 2, 0)
    return dataclasses.replace(
        state,
        previous=at_token(output.tokens, before_last),
        lags=accepted_whole & (output.length >= 2),
    )
