"""The two loops around an execution's rounds: a batch, and a queue behind a batch.

A *batch* has one row a slot and ends with its slowest row. A *queue* is longer than the
batch has slots: a row that finishes hands its slot to the next one, so that no slot
waits for a slow neighbour. By example, two slots, rows a to d of 2, 5, 1 and 3 rounds:

    batch     slot 0  a a - - -  c - -        queue     slot 0  a a c d d d
              slot 1  b b b b b  d d d                  slot 1  b b b b b -

    8 rounds for the two batches                        6 rounds

1. Rows of one prompt differ in their settings: a sweep decodes the same prompts at
   every threshold. So the B prompts are read once, and a slot that is handed over
   begins with a copy of its new row's prompt, already read.
2. A row is the same, bit for bit, as in a batch of the same shape: what a slot computes
   depends on its own row alone, and stale cache slots are unseen.
3. Rows beyond the active ones are never begun, and cost nothing.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from speccascade.engine.request import Rows
from speccascade.engine.rounds import Progress, Rounds
from speccascade.engine.state import Generation
from speccascade.models.interface import Prompts
from speccascade.sampling import Uniforms


def run_batch(
    rounds: Rounds, prompts: Prompts, rows: Rows, uniforms: Uniforms
) -> Generation:
    """Plays rounds until every row has its end token or the longest length."""
    progress = jax.lax.while_loop(
        lambda progress: jnp.any(~progress.output.finished),
        lambda progress: rounds.play(progress, rows, uniforms),
        rounds.start(prompts, rows.active),
    )
    return _written(progress)


def run_queue(
    rounds: Rounds,
    prompts: Prompts,
    rows: Rows,
    of_prompt: Int[Array, " Q"],
    uniforms: Uniforms,
) -> Generation:
    """Plays rounds until every active row of the queue is done.

    Args:
      rounds: the execution.
      prompts: [B, L]; B is the number of slots.
      rows: [Q]; the active ones come first.
      of_prompt: each row's prompt, 0 to B - 1.
      uniforms: of the rows.

    Returns:
      [Q], in the order of the queue.
    """
    slots, length = prompts.lengths.shape[0], rows.active.shape[0]
    total = jnp.sum(rows.active, dtype=jnp.int32)
    fresh = rounds.start(prompts, jnp.ones((slots,), bool))
    results = jax.tree.map(
        lambda leaf: jnp.zeros((length, *leaf.shape[1:]), leaf.dtype), _written(fresh)
    )
    # Every slot is vacant at first; `length` stands for "no row".
    vacant = jnp.ones((slots,), bool)
    output = dataclasses.replace(fresh.output, finished=vacant)
    progress = dataclasses.replace(fresh, output=output)
    holders = jnp.full((slots,), length, jnp.int32)
    begun = jnp.zeros((), jnp.int32)

    def step(
        state: tuple[Progress, jax.Array, jax.Array, Generation],
    ) -> tuple[Progress, jax.Array, jax.Array, Generation]:
        progress, holders, begun, results = state
        vacant = progress.output.finished
        next_row = begun + jnp.cumsum(vacant, dtype=jnp.int32) - 1
        taken = vacant & (next_row < total)
        holders = jnp.where(taken, next_row, jnp.where(vacant, length, holders))
        begun = begun + jnp.sum(taken, dtype=jnp.int32)
        # A slot without a row keeps a finished one, whose settings do not matter.
        row = jnp.minimum(holders, length - 1)
        progress = _hand_over(progress, fresh, taken, of_prompt[row])
        here = jax.tree.map(lambda leaf: leaf[row], (rows, uniforms))
        progress = rounds.play(progress, *here)
        done = jnp.where(progress.output.finished, holders, length)
        results = jax.tree.map(
            lambda kept, new: kept.at[done].set(new, mode="drop"),
            results,
            _written(progress),
        )
        return progress, holders, begun, results

    *_, results = jax.lax.while_loop(
        lambda state: jnp.any(~state[0].output.finished) | (state[2] < total),
        step,
        (progress, holders, begun, results),
    )
    return results


def _hand_over(
    progress: Progress,
    fresh: Progress,
    taken: Bool[Array, " B"],
    prompt: Int[Array, " B"],
) -> Progress:
    """Starts the slots `taken` with their prompts, one by one: few are at a time."""
    order = jnp.nonzero(taken, size=taken.shape[0], fill_value=0)[0]

    def start_one(index: jax.Array, progress: Progress) -> Progress:
        slot = order[index]
        return jax.tree.map(
            lambda leaf, new: leaf.at[slot].set(new[prompt[slot]]), progress, fresh
        )

    count = jnp.sum(taken, dtype=order.dtype)
    return jax.lax.fori_loop(jnp.zeros((), order.dtype), count, start_one, progress)


def _written(progress: Progress) -> Generation:
    output = progress.output
    return Generation(
        tokens=output.tokens, lengths=output.length, counters=progress.counters
    )
