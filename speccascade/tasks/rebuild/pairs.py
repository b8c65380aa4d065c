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
_FUNCTION_WORDS = """
    aber alle als am an auch auf aus bei beim bis damit das dass dem den der des die
    diese diesem diesen dieser dieses durch ein eine einem einen einer eines er es
    für gegen hier ihr ihre ihren im in ins ist kann keine keinen können man mit
    nach nicht noch nur ob oder ohne sich sie sind so über um und unter vom von vor
    was welche wenn werden wie wird wurde zu zum zur zwischen
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
    return not FUNCTION_WORDS.isdisjoint(re.findall(r"\w+", de.lower()))


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
