"""Timed decodings: what is decoded, in which order, and what is kept of it.

Programs take their turns in an order drawn anew for each batch, as in `timing.py`.
"""

import dataclasses
import itertools
import random
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np
from jaxtyping import Float, Int

from speccascade.engine import Execution, Generation
from speccascade.engine.counters import emitted
from speccascade.engine.request import Rows
from speccascade.jobs.loaded import LoadedJob, host_counters
from speccascade.jobs.spec import Reporter
from speccascade.latency import timed
from speccascade.models.interface import Prompts
from speccascade.store import Coordinates
from speccascade.tasks.base import Example

# Sentences decoded, each three times: some 400 rounds of a method, whose mean is then
# known far better than the machine's speed is constant.
EXAMPLES, REPEATS = 16, 3


@dataclasses.dataclass(frozen=True)
class Program:
    """What is decoded: an execution at one threshold; `width` is of its target call."""

    job: LoadedJob
    execution: Execution
    width: int
    place: Coordinates


@dataclasses.dataclass(frozen=True)
class Decoded:
    """n decodings of one program, of one or more rows each.

    Attributes:
      seconds: median over repeats.
      counters: calls and prefills of the loop: the row with most decides.
      emitted: tokens of all rows.
      longest: tokens of the longest row.
      lengths: prompt buckets.
    """

    seconds: Float[np.ndarray, " n"]
    counters: dict[str, Int[np.ndarray, " n"]]
    emitted: Int[np.ndarray, " n"]
    longest: Int[np.ndarray, " n"]
    lengths: Int[np.ndarray, " n"]


def batches_of(job: LoadedJob, size: int) -> list[list[Example]]:
    """Full batches of the commonest bucket, or the first examples one by one.

    Where there are too few of them, they come more than once.
    """
    if size == 1:
        return [[example] for example in job.examples[:EXAMPLES]]
    counts = Counter(job.bucket(example) for example in job.examples)
    bucket = counts.most_common(1)[0][0]
    here = [example for example in job.examples if job.bucket(example) == bucket]
    total = max(EXAMPLES // size, 1) * size
    examples = list(itertools.islice(itertools.cycle(here), total))
    return [examples[start : start + size] for start in range(0, total, size)]


def decode(
    programs: Sequence[Program],
    batches: Sequence[Sequence[Example]],
    size: int,
    report: Reporter,
) -> list[Decoded]:
    """Decodes every batch by every program, once unclocked, then `REPEATS` times.

    The first time compiles, warms up, and gives the counters.
    """
    what = f"decodings at batch {size}"
    total, done = (1 + REPEATS) * len(batches) * len(programs), 0
    counters: dict[tuple[int, int], list[dict[str, int | None]]] = {}
    seconds: dict[tuple[int, int], list[float]] = {}
    for repeat in range(1 + REPEATS):
        for number, examples in enumerate(batches):
            order = list(range(len(programs)))
            random.Random(f"{number} {repeat}").shuffle(order)
            for which in order:
                one = programs[which]
                batch = jax.block_until_ready(one.job.batch(examples, one.place, size))
                decode = _decoding(one, batch)
                if repeat == 0:
                    counters[which, number] = host_counters(decode())
                else:
                    taken = seconds.setdefault((which, number), [])
                    taken.append(timed(decode).seconds)
                done += 1
                report.progress(done, total, what)
    numbers = range(len(batches))
    lengths = np.array([programs[0].job.bucket(batch[0]) for batch in batches])
    return [
        _summed(
            [counters[which, number] for number in numbers],
            [statistics.median(seconds[which, number]) for number in numbers],
            lengths,
        )
        for which in range(len(programs))
    ]


def _decoding(one: Program, batch: tuple[Prompts, Rows]) -> Callable[[], Generation]:
    return lambda: one.job.decode(one.execution, batch)


def _summed(
    batches: Sequence[Sequence[Mapping[str, int | None]]],
    seconds: Sequence[float],
    lengths: Int[np.ndarray, " n"],
) -> Decoded:
    """Arrays of n decodings from the counters of their rows."""
    tokens = [[emitted(row) for row in rows] for rows in batches]
    return Decoded(
        seconds=np.array(seconds),
        counters={
            name: np.array([max(row[name] or 0 for row in rows) for rows in batches])
            for name in ("target_calls", "drafter_calls", "prefills")
        },
        emitted=np.array(list(map(sum, tokens))),
        longest=np.array(list(map(max, tokens))),
        lengths=lengths,
    )
