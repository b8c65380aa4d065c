"""Token id pairs -> batches of a few fixed shapes, in an order that a seed decides.

Rows of similar length share a batch, so that little is padding; the shapes are few, so
that little is compiled. The batches of epoch e depend on (seed, e) alone: resuming at a
step means taking the same list from there.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from speccascade.errors import UserError

# Lengths that batches are padded to. Finer steps waste less padding and compile more
# programs; these waste under a tenth on documentation.
BUCKETS = (16, 24, 32, 48, 64, 96)
PAD_ID = 0

Pair = tuple[Sequence[int], Sequence[int]]


class Batch(NamedTuple):
    """int32[B, L] inputs and int32[B, T] targets, padded with 0."""

    inputs: Int[np.ndarray, "B L"]
    targets: Int[np.ndarray, "B T"]


def bucket(length: int, buckets: Sequence[int] = BUCKETS) -> int | None:
    """The smallest bucket that holds `length` tokens, or None if none does."""
    return next((size for size in buckets if length <= size), None)


def pad(rows: Sequence[Sequence[int]], length: int) -> Int[np.ndarray, "B L"]:
    """Right-padded int32 rows."""
    padded = np.full((len(rows), length), PAD_ID, np.int32)
    for row, tokens in enumerate(rows):
        padded[row, : len(tokens)] = tokens
    return padded


def epoch(
    pairs: Sequence[Pair],
    tokens_per_batch: int,
    seed: int,
    number: int,
    buckets: Sequence[int] = BUCKETS,
) -> Iterator[Batch]:
    """All batches of one epoch; rows longer than the largest bucket are left out.

    Args:
      pairs: input ids and target ids, each ended by EOS.
      tokens_per_batch: rows times bucket length of one batch, at most.
      seed: of the whole training.
      number: of the epoch; decides the shuffle together with `seed`.
      buckets: lengths that rows are padded to, ascending.

    Yields:
      Batches of rows whose longer side has one bucket; inputs are padded to the
      smallest bucket that holds all of that bucket's, targets to the bucket itself.
      Rows whose target fits half of it (a short answer about a long text) have batches
      of their own, with targets padded to their own bucket. The last few rows of a kind
      that do not fill a batch are left out; another epoch leaves out others.
    """
    rng = np.random.default_rng([seed, number])
    # Bucket of the longer side and padded length of the targets.
    groups: dict[tuple[int, int], list[int]] = {(size, size): [] for size in buckets}
    for index in rng.permutation(len(pairs)):
        size = bucket(max(len(side) for side in pairs[index]), buckets)
        if size is None:
            continue
        short = bucket(len(pairs[index][1]), buckets)
        assert short is not None
        width = short if 2 * short <= size else size
        groups.setdefault((size, width), []).append(int(index))
    input_size = {
        kind: bucket(max(len(pairs[index][0]) for index in indices), buckets)
        for kind, indices in groups.items()
        if indices
    }
    plan = [
        (kind, indices[start : start + tokens_per_batch // kind[0]])
        for kind, indices in groups.items()
        for start in range(0, len(indices), tokens_per_batch // kind[0])
    ]
    plan = [
        (kind, rows) for kind, rows in plan if len(rows) == tokens_per_batch // kind[0]
    ]
    for index in rng.permutation(len(plan)):
        kind, rows = plan[index]
        size, width = kind
        yield Batch(
            inputs=pad([pairs[row][0] for row in rows], input_size[kind] or size),
            targets=pad([pairs[row][1] for row in rows], width),
        )


def stream(
    pairs: Sequence[Pair],
    tokens_per_batch: int,
    seed: int,
    skip: int,
    buckets: Sequence[int] = BUCKETS,
) -> Iterator[Batch]:
    """Batches of epoch after epoch without end, from the `skip`-th on.

    Raises:
      UserError: the pairs do not fill a single batch.
    """
    number = 0
    while True:
        empty = True
        for batch in epoch(pairs, tokens_per_batch, seed, number, buckets):
            empty = False
            if skip > 0:
                skip -= 1
                continue
            yield batch
        if empty:
            raise UserError(
                f"The training data ({len(pairs)} rows) do not fill one batch of "
                f"{tokens_per_batch} tokens; lower training.settings.tokens_per_batch "
                "or give more data."
            )
        number += 1
