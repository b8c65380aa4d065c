"""Four books: page by page, and block by block on structurally identical pages.

The GIMP help, the GNOME help, the Debian installation guide and the Debian handbook are
translated with gettext from DocBook or Mallard, and packaged page by page under the
same names in both languages; `blocks` aligns a page. A book is one document of the
corpus (`doc` is the name of its origin): its pages are too much alike to be split.

Limit: of titles that differ in their numbers alone ("4.6.2. Activating the filter") the
first in path order stays, which is arbitrary.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import lxml.etree

from speccascade.errors import UserError
from speccascade.tasks.corpus import CorpusRow
from speccascade.tasks.rebuild.blocks import (
    Block,
    aligned,
    html_blocks,
    mallard_blocks,
)
from speccascade.tasks.rebuild.packages import Packages
from speccascade.tasks.rebuild.pairs import is_pair


class Place(NamedTuple):
    """A package, and the folder in it that holds the pages of one language."""

    package: str
    folder: str


class Book(NamedTuple):
    """Where a book's pages are, and how they are read.

    Attributes:
      origin: its name in the corpus.
      english, german: the folders of pages.
      suffix: how the name of a page ends.
      blocks: content of a page -> its blocks.
    """

    origin: str
    english: Place
    german: Place
    suffix: str
    blocks: Callable[[bytes], list[Block]]

    def rows(self, packages: Packages) -> Iterator[CorpusRow]:
        """Rows of all pages in path order; repetitions are not yet removed.

        Raises:
          UserError: a package has no pages where they are looked for, or a page that
            cannot be read.
        """
        english = self._pages(packages, self.english)
        german = self._pages(packages, self.german)
        for path in sorted(english.keys() & german.keys()):
            ours = self._read(english[path], self.english, path)
            theirs = self._read(german[path], self.german, path)
            for en, de in aligned(ours, theirs):
                if is_pair(en, de):
                    yield CorpusRow(self.origin, self.origin, en, de)

    def _pages(self, packages: Packages, place: Place) -> dict[str, bytes]:
        files = packages.files(
            place.package,
            lambda path: path.startswith(place.folder) and path.endswith(self.suffix),
        )
        found = {path.removeprefix(place.folder): content for path, content in files}
        if not found:
            raise UserError(
                f"The package {place.package} has no {self.suffix} pages in "
                f"{place.folder}: rebuild with the packages of Debian 12 (bookworm)."
            )
        return found

    def _read(self, page: bytes, place: Place, path: str) -> list[Block]:
        try:
            return self.blocks(page)
        except lxml.etree.LxmlError as error:
            raise UserError(
                f"{place.folder}{path} of the package {place.package} cannot be read "
                f"({error}): rebuild with the packages of Debian 12 (bookworm)."
            ) from error


GIMP = Book(
    origin="gimp",
    english=Place("gimp-help-en", "usr/share/gimp/2.0/help/en/"),
    german=Place("gimp-help-de", "usr/share/gimp/2.0/help/de/"),
    suffix=".html",
    blocks=html_blocks,
)
GNOME = Book(
    origin="gnome",
    english=Place("gnome-user-docs", "usr/share/help/C/"),
    german=Place("gnome-user-docs", "usr/share/help/de/"),
    suffix=".page",
    blocks=mallard_blocks,
)
INSTALLATION_GUIDE = Book(
    origin="instguide",
    english=Place(
        "installation-guide-amd64", "usr/share/doc/installation-guide-amd64/en/"
    ),
    german=Place(
        "installation-guide-amd64", "usr/share/doc/installation-guide-amd64/de/"
    ),
    suffix=".html",
    blocks=html_blocks,
)
HANDBOOK = Book(
    origin="handbook",
    english=Place("debian-handbook", "usr/share/doc/debian-handbook/html/en-US/"),
    german=Place("debian-handbook", "usr/share/doc/debian-handbook/html/de-DE/"),
    suffix=".html",
    blocks=html_blocks,
)
BOOKS = (GIMP, GNOME, INSTALLATION_GUIDE, HANDBOOK)
