"""All origins together: the rows of the corpus, and how they compare with another's."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from speccascade.tasks.corpus import CorpusRow
from speccascade.tasks.rebuild import books, descriptions, libreoffice, manpages
from speccascade.tasks.rebuild.packages import Packages
from speccascade.tasks.rebuild.pairs import without_repetitions

ORIGINS: dict[str, Callable[[Packages], Iterator[CorpusRow]]] = {
    "libreoffice-help": libreoffice.rows,
    "manpages": manpages.rows,
    "debian-packages": descriptions.rows,
} | {book.origin: book.rows for book in books.BOOKS}


def build(packages: Packages, origins: Sequence[str]) -> list[CorpusRow]:
    """The rows of these origins, repetitions removed, in the order of `ORIGINS`."""
    wanted = (rows for name, rows in ORIGINS.items() if name in origins)
    return list(without_repetitions(row for rows in wanted for row in rows(packages)))


class Overlap(NamedTuple):
    """How much of a reference corpus an origin of another one reproduces.

    Attributes:
      built: rows of the rebuilt corpus.
      reference: rows of the reference.
      same_pair: reference rows whose English and German are both there.
      same_row: those that also belong to the same `doc`.
    """

    built: int
    reference: int
    same_pair: int
    same_row: int


def compare(
    built: Iterable[CorpusRow], reference: Iterable[CorpusRow]
) -> dict[str, Overlap]:
    """Overlap of two corpora by origin."""
    ours, theirs = list(built), list(reference)
    rows = set(ours)
    pairs = {(row.origin, row.en, row.de) for row in ours}
    counts: dict[str, Counter[str]] = {}
    for row in ours:
        counts.setdefault(row.origin, Counter())["built"] += 1
    for row in theirs:
        count = counts.setdefault(row.origin, Counter())
        count["reference"] += 1
        count["same_pair"] += (row.origin, row.en, row.de) in pairs
        count["same_row"] += row in rows
    return {
        origin: Overlap(*(count[field] for field in Overlap._fields))
        for origin, count in counts.items()
    }
