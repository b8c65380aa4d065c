"""Batches: every row once, few shapes, an order that a seed decides."""

import itertools

import numpy as np
import pytest

from speccascade.errors import UserError
from speccascade.training import batches


def made_up_pairs(count: int) -> list[batches.Pair]:
    rng = np.random.default_rng(0)
    return [
        (
            [*rng.integers(2, 90, rng.integers(1, 60)).tolist(), 1],
            [*rng.integers(2, 90, rng.integers(1, 60)).tolist(), 1],
        )
        for _ in range(count)
    ]


def rows_of(batch: batches.Batch) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    def strip(row: np.ndarray) -> tuple[int, ...]:
        return tuple(row[row != batches.PAD_ID].tolist())

    return [(strip(a), strip(b)) for a, b in zip(*batch, strict=True)]


def test_an_epoch_holds_no_row_twice_and_leaves_out_less_than_a_batch_a_bucket():
    pairs = made_up_pairs(500)
    found = [row for batch in batches.epoch(pairs, 512, 0, 0) for row in rows_of(batch)]
    asked = {(tuple(a), tuple(b)) for a, b in pairs}
    assert len(found) == len(set(found))
    assert set(found) <= asked
    assert len(asked) - len(found) < sum(512 // size for size in batches.BUCKETS)


def test_a_batch_is_as_large_as_asked_and_its_sides_share_one_bucket():
    for batch in batches.epoch(made_up_pairs(300), 512, 0, 0):
        rows, length = batch.inputs.shape
        width = batch.targets.shape[1]
        longer = max(length, width)
        assert batch.targets.shape[0] == rows
        assert {length, width} <= set(batches.BUCKETS)
        assert rows == 512 // longer


def test_inputs_that_are_all_short_are_padded_no_further_than_they_need():
    pairs = [([2], [5] * (length + 5)) for length in range(27)]
    pairs += pairs[:5]
    (batch,) = batches.epoch(pairs, 32 * 32, 0, 0, buckets=(4, 32))
    assert (batch.inputs.shape, batch.targets.shape) == ((32, 4), (32, 32))


def test_short_answers_to_long_prompts_are_padded_to_their_own_bucket():
    pairs = [([5] * 90, [6] * size) for size in (16, 48, 49, 80)] * 5
    found = {b.targets.shape for b in batches.epoch(pairs, 96 * 5, 0, 0)}
    assert found == {(5, 16), (5, 48), (5, 96)}


def test_rows_longer_than_the_largest_bucket_are_left_out():
    long = ([5] * (batches.BUCKETS[-1] + 1), [5, 1])
    assert list(batches.epoch([long] * 100, 128, 0, 0)) == []


def test_two_epochs_differ_and_the_same_epoch_is_the_same():
    pairs = made_up_pairs(300)
    first, again, second = (
        [rows_of(batch) for batch in batches.epoch(pairs, 512, 7, number)]
        for number in (0, 0, 1)
    )
    assert first == again
    assert first != second


def test_data_that_fill_no_batch_are_refused_and_not_waited_for():
    few = [([5, 6, 1], [7, 1])] * 10
    with pytest.raises(UserError, match=r"10 rows\) do not fill one batch of 2048"):
        next(batches.stream(few, 2048, 0, 0))


def test_skipping_takes_the_stream_up_where_it_was_left_across_epochs():
    pairs = made_up_pairs(200)
    one_epoch = len(list(batches.epoch(pairs, 512, 3, 0)))
    whole = [
        rows_of(batch)
        for batch in itertools.islice(batches.stream(pairs, 512, 3, 0), one_epoch + 4)
    ]
    skipped = one_epoch + 1
    rest = [
        rows_of(batch)
        for batch in itertools.islice(batches.stream(pairs, 512, 3, skipped), 3)
    ]
    assert rest == whole[skipped:]
