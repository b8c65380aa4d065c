"""Rows of many examples lose none and cut none."""

import numpy as np

from speccascade.training.packing import packed


def test_the_worked_example():
    rows = packed([[5, 6], [7], [8, 9]], 3, bos_id=2)
    assert rows == [([2], [5, 6, 7]), ([2], [8, 9])]


def test_every_text_that_fits_is_there_whole_and_in_order():
    rng = np.random.default_rng(0)
    texts = [rng.integers(3, 90, rng.integers(1, 14)).tolist() for _ in range(200)]
    rows = packed(texts, 10, bos_id=2)
    assert all(prompt == [2] and len(answer) <= 10 for prompt, answer in rows)
    joined = [token for _, answer in rows for token in answer]
    assert joined == [token for text in texts if len(text) <= 10 for token in text]
    ends = set(np.cumsum([len(text) for text in texts if len(text) <= 10]).tolist())
    assert {int(end) for end in np.cumsum([len(a) for _, a in rows])} <= ends
