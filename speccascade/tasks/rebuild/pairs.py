"""Which two texts make a row of the corpus, and which rows repeat one another."""

import re
from collections.abc import Iterable, Iterator

from speccascade.tasks.corpus import CorpusRow

MAX_WORDS = 60
MIN_WORDS = 4
MIN_GERMAN_WORDS = 2
# German characters per English one. Outside, one side says more than the other.
LENGTH_RATIO = (0.4, 2.5)
# Share of letters among the English characters; below, it is a formula or a path.
LETTERS = 0.6
# A German line of this many words or more that has none of the words below is most
# likely not German: untranslated, or a list of names.
WORDS_THAT_NEED_GERMAN = 7
# As they stand within a sentence: "Die" and "ZU DEN" of a title do not count, nor words
# that English has too ("in", "an", "was"). Every long line of the corpus that the
# shipped models were trained on has one of these, and none could be spared.
_FUNCTION_WORDS = """
    Sie als auf das dem den der des die ein eine für im ist mit nicht oder und von
    werden wird zu
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


def one_line(text: str) -> str:
    """The text with every run of white space as one space, ends trimmed."""
    return " ".join(text.split())


def is_pair(en: str, de: str, min_words: int = MIN_WORDS, prose: bool = True) -> bool:
    """Whether an aligned pair of texts is fit for the corpus.

    Args:
      en: English, on one line.
      de: German, on one line.
      min_words: fewest English words.
      prose: longer lines must hold a German function word. Not asked of synopses,
        which are headlines.
    """
    words = de.split()
    if not min_words <= len(en.split()) <= MAX_WORDS or len(words) < MIN_GERMAN_WORDS:
        return False
    if en == de or not LENGTH_RATIO[0] <= len(de) / len(en) <= LENGTH_RATIO[1]:
        return False
    if sum(character.isalpha() for character in en) < LETTERS * len(en):
        return False
    if not prose or len(words) < WORDS_THAT_NEED_GERMAN:
        return True
    return not FUNCTION_WORDS.isdisjoint(re.findall(r"\w+", de))


def repetition_key(en: str) -> str:
    """Equal for texts that differ in digits, punctuation, spaces or case alone."""
    return re.sub(r"[\W\d]+", "", en).lower()


def without_repetitions(rows: Iterable[CorpusRow]) -> Iterator[CorpusRow]:
    """The rows whose English did not come before, in their order."""
    seen: set[str] = set()
    for row in rows:
        key = repetition_key(row.en)
        if key not in seen:
            seen.add(key)
            yield row
