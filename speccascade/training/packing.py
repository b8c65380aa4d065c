"""Many few-shot examples in one training row: every token teaches.

A few-shot prompt is ten times as long as its answer. So rows are texts in which one
example follows another, and the model learns the whole of them:

    prompt  <bos>
    answer  English: Click OK.\nGerman: Klicken Sie auf OK.\n\nEnglish: ...
"""

from collections.abc import Iterable, Sequence

from speccascade.training.batches import Pair


def packed(texts: Iterable[Sequence[int]], length: int, bos_id: int) -> list[Pair]:
    """Rows of at most `length` answer tokens, whole texts in their order.

    Args:
      texts: token ids of one example each, without BOS; longer ones are left out.
      length: of a row.
      bos_id: begins every row.

    Example:
      packed([[5, 6], [7], [8, 9]], 3, bos_id=2)  ->  [([2], [5, 6, 7]), ([2], [8, 9])]
    """
    rows: list[list[int]] = []
    for text in texts:
        if len(text) > length:
            continue
        if not rows or len(rows[-1]) + len(text) > length:
            rows.append([])
        rows[-1].extend(text)
    return [([bos_id], row) for row in rows]
