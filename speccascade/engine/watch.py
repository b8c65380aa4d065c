"""One row, round by round from the host: the very rounds of `generate`, looked at.

Slow, and for traces alone. Every round is one call of a compiled program that hands
back what it looked at (`engine.seen`) beside what it wrote.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Bool

from speccascade.engine.generate import EXECUTIONS, rounds_of, uniforms_of
from speccascade.engine.pair import WatchedRounds
from speccascade.engine.request import Execution, PairParams, Rows
from speccascade.engine.rounds import Progress
from speccascade.engine.seen import Seen
from speccascade.engine.state import Ends
from speccascade.errors import require
from speccascade.models.interface import Model, Prompts
from speccascade.sampling import Uniforms


class Round(NamedTuple):
    """One round of one row.

    Attributes:
      before, after: the row's progress around it.
      seen: what it looked at.
      uniforms: the row's random numbers.
    """

    before: Progress
    after: Progress
    seen: Seen
    uniforms: Uniforms


def watch(
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
) -> Iterator[Round]:
    """Decodes one row as `generate` does, whose arguments it takes.

    Returns:
      Its rounds, each played when it is asked for.

    Raises:
      UserError: the execution does not say what it looks at, or the rows are several.
    """
    watched = [kind for kind, made in EXECUTIONS.items() if hasattr(made, "watch")]
    require(
        execution.kind in watched,
        f"The execution {execution.kind} cannot be watched; {', '.join(watched)} can",
    )
    begin, play = _programs(execution, drafter, target, max_new_tokens, eos_id)
    require(rows.active.shape == (1,), "What is watched is one row, not a batch")
    arrays = params, mask, stops

    def played() -> Iterator[Round]:
        progress, uniforms = begin(arrays, prompts, rows)
        while not bool(progress.output.finished[0]):
            before = progress
            progress, seen = play(arrays, progress, rows, uniforms)
            yield Round(before, progress, seen, uniforms)

    return played()


_Arrays = tuple[PairParams, Bool[Array, " V"] | None, Bool[Array, " V"] | None]


@functools.lru_cache(maxsize=32)
def _programs(
    execution: Execution,
    drafter: Model,
    target: Model,
    max_new_tokens: int,
    eos_id: int,
) -> tuple[Callable[..., tuple[Progress, Uniforms]], Callable[..., Any]]:
    """A row's start, and one round of it, compiled once for all rows."""

    def rounds(arrays: _Arrays) -> WatchedRounds:
        params, mask, stops = arrays
        ends = Ends(eos_id=eos_id, stops=stops)
        found = rounds_of(
            execution, drafter, target, params, mask, max_new_tokens, ends
        )
        assert isinstance(found, WatchedRounds)  # as `watch` made sure
        return found

    @jax.jit
    def begin(
        arrays: _Arrays, prompts: Prompts, rows: Rows
    ) -> tuple[Progress, Uniforms]:
        uniforms = uniforms_of(execution, rows, max_new_tokens)
        return rounds(arrays).start(prompts, rows.active), uniforms

    @jax.jit
    def play(
        arrays: _Arrays, progress: Progress, rows: Rows, uniforms: Uniforms
    ) -> tuple[Progress, Seen]:
        return rounds(arrays).watch(progress, rows, uniforms)

    return begin, play
