"""Chooses the evaluation data that ship with the project, from the whole corpus.

Only LibreOffice's help may ship (MPL-2.0). Of its held-out pages go: sentences of which
more than half of the 4-grams occur in training, sentences too long for the models, and
second occurrences of one English sentence, within a split or across the two.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from speccascade.tasks.corpus import CorpusRow
from speccascade.tasks.splits import is_near_duplicate, ngram_set

SHIPPED_ORIGIN = "libreoffice-help"
# Longest prompt and longest reference, EOS included; the limits of the task.
MAX_TOKENS = 80


def _place(row: CorpusRow) -> bytes:
    # Hash order is a shuffle that does not depend on the order or the number of rows.
    return hashlib.sha256(f"{row.en}\0{row.de}".encode()).digest()


def evaluation_rows(
    rows: Sequence[CorpusRow], encode: Callable[[str], Sequence[int]]
) -> dict[str, list[CorpusRow]]:
    """The rows of `validation` and `test` that ship, in a fixed shuffled order.

    Args:
      rows: the whole corpus, all origins; its training rows decide what a near copy is.
      encode: text to token ids, EOS included.

    Returns:
      Rows by split. The first n of either are as fair a sample as any n.
    """
    training = ngram_set(row.en for row in rows if row.split == "train")
    held_out = [row for row in rows if row.origin == SHIPPED_ORIGIN]
    seen: set[str] = set()
    chosen: dict[str, list[CorpusRow]] = {}
    # Test first: a sentence of both splits stays in test and leaves validation.
    for split in ("test", "validation"):
        chosen[split] = []
        for row in sorted((r for r in held_out if r.split == split), key=_place):
            if row.en in seen or is_near_duplicate(row.en, training):
                continue
            if max(len(encode(row.en)), len(encode(row.de))) > MAX_TOKENS:
                continue
            seen.add(row.en)
            chosen[split].append(row)
    return chosen


def evaluation_lines(rows: Sequence[CorpusRow]) -> str:
    """JSON lines with ids in file order: what `write_evaluation` puts into a file."""
    return "".join(
        json.dumps(
            {"id": number, "doc": row.doc, "en": row.en, "de": row.de},
            ensure_ascii=False,
        )
        + "\n"
        for number, row in enumerate(rows)
    )


def write_evaluation(
    rows: Sequence[CorpusRow],
    encode: Callable[[str], Sequence[int]],
    folder: Path,
) -> dict[str, int]:
    """Writes `ende_docs.{validation,test}.jsonl`; returns their numbers of rows."""
    chosen = evaluation_rows(rows, encode)
    for split, picked in chosen.items():
        path = folder / f"ende_docs.{split}.jsonl"
        path.write_text(evaluation_lines(picked), encoding="utf-8")
    return {split: len(picked) for split, picked in chosen.items()}
