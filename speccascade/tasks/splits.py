"""Which split a document belongs to: by group, never by line.

Documentation is full of templates. A split by line puts near copies of test
sentences into training and inflates every score, so whole groups (a help page, a
manual page, a package) go to one split, decided by a hash of the group's name: the
split of a group does not depend on what else is in the corpus.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Literal

Split = Literal["train", "validation", "test"]

# Origins that carry one `doc` value each; they cannot be split, so they train only.
TRAIN_ONLY = frozenset({"gimp", "gnome", "instguide", "handbook"})
# Share of groups held out, in thousandths: LibreOffice help is what ships as
# evaluation data, so it gives the larger share.
HELD_OUT = {"libreoffice-help": (40, 120)}
HELD_OUT_ELSEWHERE = (10, 20)
NGRAM = 4


def group_of(origin: str, doc: str) -> str:
    """Names the group of a document: what must not be cut in two.

    A package's description and synopsis share one group, whichever origin they
    come from; elsewhere the group is the page.
    """
    family = "package" if origin.startswith("debian-") else origin
    return f"{family}:{doc}"


def split_of(origin: str, doc: str) -> Split:
    """Split of a document, from the SHA-256 of its group alone."""
    if origin in TRAIN_ONLY:
        return "train"
    held_out = HELD_OUT.get(origin, HELD_OUT_ELSEWHERE)
    return split_by_hash(group_of(origin, doc), held_out, of=1000)


def split_by_hash(name: str, held_out: tuple[int, int], of: int = 100) -> Split:
    """Split of what has a name, from the SHA-256 of that name alone.

    Args:
      name: of a group.
      held_out: below the first of these shares lies validation, below the second the
        test, and the rest trains.
      of: what the shares are parts of.
    """
    digest = hashlib.sha256(name.encode()).digest()
    share = int.from_bytes(digest[:4], "big") % of
    if share < held_out[0]:
        return "validation"
    return "test" if share < held_out[1] else "train"


def ngrams(text: str) -> Iterator[tuple[str, ...]]:
    """The lower-cased word 4-grams of a text (the text itself when it is shorter)."""
    words = text.lower().split()
    if len(words) < NGRAM:
        yield tuple(words)
        return
    for start in range(len(words) - NGRAM + 1):
        yield tuple(words[start : start + NGRAM])


def is_near_duplicate(text: str, train_ngrams: set[tuple[str, ...]]) -> bool:
    """Whether more than half of a text's 4-grams occur in the training texts."""
    own = list(ngrams(text))
    return sum(gram in train_ngrams for gram in own) > len(own) / 2


def ngram_set(texts: Iterable[str]) -> set[tuple[str, ...]]:
    """All 4-grams of the training texts."""
    return {gram for text in texts for gram in ngrams(text)}
