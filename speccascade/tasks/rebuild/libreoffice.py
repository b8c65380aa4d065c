"""LibreOffice help: paragraphs and headings with the same id on the same page.

The help is written in English and translated paragraph by paragraph; both languages'
pages carry the source's ids (`par_id3147762`, `hd_id991641581514302`). A paragraph that
several pages include keeps its id, and counts for the first page in path order.
"""

import re
from collections.abc import Iterator

from lxml import html

from speccascade.tasks.corpus import CorpusRow
from speccascade.tasks.rebuild.packages import Packages
from speccascade.tasks.rebuild.pairs import is_pair, one_line

ORIGIN = "libreoffice-help"
PACKAGES = {
    "en": ("libreoffice-help-en-us", "en-US"),
    "de": ("libreoffice-help-de", "de"),
}
# Ids of translated units. Others belong to layout (`DEBUG`, `DisplayArea`, `swlnsys…`).
UNIT = re.compile(r"(par|hd)_id")


def units(page: bytes) -> dict[str, str]:
    """Id -> text of the translated units of a page, the first of each id."""
    tree = html.fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    found: dict[str, str] = {}
    for element in tree.iter():
        if isinstance(element.tag, str) and UNIT.match(element.get("id", "")):
            found.setdefault(element.get("id"), one_line(element.text_content()))
    return found


def _pages(packages: Packages, language: str) -> dict[str, bytes]:
    name, folder = PACKAGES[language]
    root = f"usr/share/libreoffice/help/{folder}/"
    files = packages.files(
        name, lambda path: path.startswith(root) and path.endswith(".html")
    )
    return {path.removeprefix(root): content for path, content in files}


def rows(packages: Packages) -> Iterator[CorpusRow]:
    """Rows of all pages in path order; repetitions are not yet removed."""
    english, german = _pages(packages, "en"), _pages(packages, "de")
    for doc in sorted(english.keys() & german.keys()):
        translated = units(german[doc])
        for unit, en in units(english[doc]).items():
            de = translated.get(unit, "")
            if de and is_pair(en, de):
                yield CorpusRow(ORIGIN, doc, en, de)
