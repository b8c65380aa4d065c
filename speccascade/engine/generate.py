"""The engine's entries: a batch or a queue in, a generation out, one compiled program.

A new program is compiled for every new execution, pair, limit or shape; thresholds,
temperatures, truncation values, seeds and prompts are data.
"""

import functools
from collections.abc import Callable

import jax
from jaxtyping import Array, Bool, Int

from speccascade.engine.bild import Bild
from speccascade.engine.loops import run_batch, run_queue
from speccascade.engine.oracle_cascade import OracleCascade
from speccascade.engine.request import Execution, Kind, PairParams, Rows
from speccascade.engine.rounds import Rounds
from speccascade.engine.sequence_cascade import SequenceCascade
from speccascade.engine.single import Alone
from speccascade.engine.speculative import Speculative
from speccascade.engine.state import Ends, Generation
from speccascade.engine.token_cascade import TokenCascade
from speccascade.models.interface import Model, Prompts
from speccascade.sampling import Uniforms, row_key

EXECUTIONS: dict[Kind, Callable[..., Rounds]] = {
    "drafter": Alone,
    "target": Alone,
    "speculative": Speculative,
    "token_cascade": TokenCascade,
    "oracle_cascade": OracleCascade,
    "sequence_cascade": SequenceCascade,
    "bild": Bild,
}
_STATIC = ("execution", "drafter", "target", "max_new_tokens", "eos_id")


@functools.partial(jax.jit, static_argnames=_STATIC)
def generate(
    execution: Execution,
    drafter: Model,
    target: Model,
    params: PairParams,
    prompts: Prompts,
    rows: Rows,
    mask: Bool[Array, " V"] | None = None,
    stops: Bool[Array, " V"] | None = None,
    *,
    max_new_tokens: int,
    eos_id: int,
) -> Generation:
    """Decodes a batch.

    Args:
      execution: rule, gamma, gate and bonus policy, or one model alone.
      drafter: the small model.
      target: the large model, with the same vocabulary.
      params: of both.
      prompts: [B, L].
      rows: thresholds, sampling and random keys, one a row.
      mask: bool[V], True where a token may be written; for ids that pad the vocabulary.
      stops: bool[V], True at tokens that end an output as `eos_id` does.
      max_new_tokens: length limit T, the end token included.
      eos_id: the end token.

    Returns:
      Tokens, lengths and counters; at one batch shape a row does not depend, bit for
      bit, on its neighbours or its place.
    """
    ends = Ends(eos_id=eos_id, stops=stops)
    rounds = rounds_of(execution, drafter, target, params, mask, max_new_tokens, ends)
    return run_batch(
        rounds, prompts, rows, uniforms_of(execution, rows, max_new_tokens)
    )


@functools.partial(jax.jit, static_argnames=_STATIC)
def generate_queued(
    execution: Execution,
    drafter: Model,
    target: Model,
    params: PairParams,
    prompts: Prompts,
    rows: Rows,
    of_prompt: Int[Array, " Q"],
    mask: Bool[Array, " V"] | None = None,
    stops: Bool[Array, " V"] | None = None,
    *,
    max_new_tokens: int,
    eos_id: int,
) -> Generation:
    """Decodes a queue of Q rows through B slots, B being the number of prompts.

    A row gives what it gives in a batch of B rows (`generate`), bit for bit. For
    records, never for timing: a row's own time has no meaning here.

    Args:
      execution, drafter, target, params: see `generate`.
      mask, stops, max_new_tokens, eos_id: likewise.
      prompts: [B, L].
      rows: [Q], the active ones first.
      of_prompt: index of each row's prompt, 0 to B - 1; rows may share a prompt.

    Returns:
      Tokens, lengths and counters of the Q rows, in the order of the queue.
    """
    ends = Ends(eos_id=eos_id, stops=stops)
    rounds = rounds_of(execution, drafter, target, params, mask, max_new_tokens, ends)
    uniforms = uniforms_of(execution, rows, max_new_tokens)
    return run_queue(rounds, prompts, rows, of_prompt, uniforms)


def uniforms_of(execution: Execution, rows: Rows, max_new_tokens: int) -> Uniforms:
    """Every number that the rows can ask for."""
    # A block that begins at the last position reaches this far.
    positions = max_new_tokens + execution.slots_fed
    return Uniforms.ahead(row_key(rows.seed, rows.example), positions)


def rounds_of(
    execution: Execution,
    drafter: Model,
    target: Model,
    params: PairParams,
    mask: Bool[Array, " V"] | None,
    max_new_tokens: int,
    ends: Ends,
) -> Rounds:
    """The execution of its kind, of these two models."""
    return EXECUTIONS[execution.kind](
        execution=execution,
        drafter=drafter,
        target=target,
        params=params,
        mask=mask,
        max_new_tokens=max_new_tokens,
        ends=ends,
    )
