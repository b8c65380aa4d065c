"""Package descriptions and synopses, from the package index in English and German.

Debian's translators work on a description as a whole; its MD5 tells which English text
a translation belongs to. The first line is the synopsis. The body's paragraphs are
separated by lines of a single dot; they are aligned in order, where both languages have
as many. Indented lines (lists, code) are left out with their paragraph.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from speccascade.tasks.corpus import CorpusRow
from speccascade.tasks.rebuild.packages import Packages
from speccascade.tasks.rebuild.pairs import is_pair

DESCRIPTION = "debian-description"
SYNOPSIS = "debian-synopsis"
MIN_SYNOPSIS_WORDS = 3


class Description(NamedTuple):
    """A package's description: its first line, and the paragraphs below."""

    synopsis: str
    paragraphs: list[str | None]  # None for one that is not running text


def parse(text: str, language: str) -> dict[tuple[str, str], Description]:
    """(package, MD5 of the English description) -> description, from an index file."""
    found: dict[tuple[str, str], Description] = {}
    field = f"Description-{language}: "
    for stanza in text.split("\n\n"):
        package = md5 = synopsis = ""
        body: list[str] = []
        for line in stanza.split("\n"):
            if line.startswith("Package: "):
                package = line.removeprefix("Package: ")
            elif line.startswith("Description-md5: "):
                md5 = line.removeprefix("Description-md5: ")
            elif line.startswith(field):
                synopsis = line.removeprefix(field)
            elif line.startswith(" "):
                body.append(line[1:])
        if package and synopsis:
            paragraphs = "\n".join(body).split("\n.\n") if body else []
            texts = [None if _is_layout(part) else _joined(part) for part in paragraphs]
            found[package, md5] = Description(synopsis.strip(), texts)
    return found


def _is_layout(paragraph: str) -> bool:
    return any(line.startswith((" ", "* ", "- ")) for line in paragraph.split("\n"))


def _joined(paragraph: str) -> str:
    # Two spaces after a full stop are the packager's own and stay.
    return paragraph.replace("\n", " ").strip()


def _read(lists: Path, language: str) -> dict[tuple[str, str], Description]:
    found: dict[tuple[str, str], Description] = {}
    for path in sorted(lists.glob(f"*_i18n_Translation-{language}")):
        found |= parse(path.read_text(encoding="utf-8"), language)
    return found


def rows(packages: Packages) -> Iterator[CorpusRow]:
    """Rows of descriptions, then of synopses, each by package name."""
    lists = packages.index()
    english, german = _read(lists, "en"), _read(lists, "de")
    both = sorted(english.keys() & german.keys())
    for key in both:
        ours, theirs = english[key].paragraphs, german[key].paragraphs
        if len(ours) != len(theirs):
            continue
        for en, de in zip(ours, theirs, strict=True):
            if en and de and is_pair(en, de):
                yield CorpusRow(DESCRIPTION, key[0], en, de)
    for key in both:
        en, de = english[key].synopsis, german[key].synopsis
        if is_pair(en, de, min_words=MIN_SYNOPSIS_WORDS, prose=False):
            yield CorpusRow(SYNOPSIS, key[0], en, de)
