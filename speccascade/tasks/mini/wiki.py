"""Leads of Wikipedia articles with a one-line description: rows, splits, training text.

`wiki_desc.jsonl.gz` (8,939 articles, CC BY-SA 4.0) and, to train on, Debian's package
descriptions with their synopses (`debian_synopsis.jsonl.gz`). Both are made by
`scripts/rebuild_mini_suite.py`. Splits are by article and by source package.
"""

import functools
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from speccascade.errors import UserError
from speccascade.tasks.corpus import data_folder
from speccascade.tasks.mini import wiki_questions
from speccascade.tasks.splits import Split, split_by_hash

WIKI_FILE, DEBIAN_FILE = "wiki_desc.jsonl.gz", "debian_synopsis.jsonl.gz"
# Share of the groups held out, in per cent: validation, then test.
HELD_OUT = (4, 16)
# Share of the articles whose "What is …?" is asked; other questions are all asked.
KIND_SHARE = 0.4
OPENING_WORDS = 60


class Lead(NamedTuple):
    """A text, its one-line summary, and what must not be cut in two."""

    group: str
    title: str
    text: str
    summary: str

    @property
    def opening(self) -> str:
        """The first `OPENING_WORDS` words of the text."""
        return " ".join(self.text.split()[:OPENING_WORDS])

    @property
    def split(self) -> Split:
        """Split of the group, from the SHA-256 of its name."""
        return split_by_hash(self.group, HELD_OUT)


def articles() -> list[Lead]:
    """Wikipedia's leads, in the file's order; raises UserError where it is missing."""
    return [
        Lead(f"wiki:{row['title']}", row["title"], row["text"], row["summary"])
        for row in _rows(WIKI_FILE)
    ]


def packages() -> list[Lead]:
    """Debian's descriptions; packages of one source are one group."""
    return [
        Lead(f"source:{row['source']}", row["package"], row["text"], row["summary"])
        for row in _rows(DEBIAN_FILE)
    ]


def asked(lead: Lead, chance: random.Random) -> list[wiki_questions.Question]:
    """An article's questions, "What is …?" only of some."""
    found = list(wiki_questions.questions(lead.title, lead.text, chance))
    kept = chance.random() < KIND_SHARE
    return [one for one in found if kept or not one.kind]


def following(text: str, chance: random.Random) -> tuple[str, str]:
    """(Question, answer): which words follow three words of a text of ten or more.

    Only to train on: it teaches a model to find and copy.
    """
    words = text.split()
    start = chance.randrange(len(words) - 6)
    length = chance.randint(1, 4)
    given = " ".join(words[start : start + 3])
    answer = " ".join(words[start + 3 : start + 3 + length])
    return f'Which {length} words follow "{given}"?', answer


@functools.cache
def _folder_rows(path: Path) -> tuple[dict[str, str], ...]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return tuple(json.loads(line) for line in lines)
    except (OSError, EOFError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}).") from error


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from _folder_rows(data_folder(name, "scripts/rebuild_mini_suite.py") / name)
