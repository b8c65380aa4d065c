"""Manual pages: paragraphs at the same place of the same section.

Debian's German pages are made by po4a from the English source, paragraph by paragraph,
so that a translated page has the sections and paragraphs of the original; sections that
differ in their number of paragraphs (another version of the page) are left out.

Limits: pages in mdoc (BSD's macros) are skipped, tables and examples too; `roff` knows
the macros of man(7) and the common escapes, and drops what else it meets.
"""

import gzip
from collections.abc import Iterator

from speccascade.tasks.corpus import CorpusRow
from speccascade.tasks.rebuild.packages import Packages
from speccascade.tasks.rebuild.pairs import is_pair
from speccascade.tasks.rebuild.roff import sections

ORIGIN = "manpages"
GERMAN = ("manpages-de", "manpages-de-dev")
# Packages whose pages manpages-de translates, the documentation packages first. It
# translates more; these hold the pages of the base system.
ENGLISH = (
    "manpages",
    "manpages-dev",
    "bash",
    "binutils-common",
    "bsdextrautils",
    "bsdutils",
    "bzip2",
    "coreutils",
    "diffutils",
    "e2fsprogs",
    "fdisk",
    "findutils",
    "gettext",
    "gettext-base",
    "grep",
    "groff-base",
    "gzip",
    "init-system-helpers",
    "less",
    "login",
    "make",
    "mount",
    "ncurses-bin",
    "sed",
    "systemd",
    "systemd-boot",
    "systemd-sysv",
    "systemd-timesyncd",
    "sysvinit-utils",
    "tar",
    "udev",
    "util-linux",
    "util-linux-extra",
    "uuid-dev",
    "zstd",
)


def _pages(packages: Packages, names: tuple[str, ...], root: str) -> dict[str, str]:
    """File name -> source of the pages under `root`; the first of each name."""
    found: dict[str, str] = {}
    for name in names:
        wanted = packages.files(
            name, lambda path: path.startswith(f"{root}/man") and path.endswith(".gz")
        )
        for path, content in wanted:
            page = gzip.decompress(content).decode("utf-8", errors="replace")
            found.setdefault(path.rpartition("/")[2], page)
    return found


def aligned(english: str, german: str) -> Iterator[tuple[str, str]]:
    """Pairs of paragraphs of two pages' sources.

    Sections go by their order: their titles are translated too. The German page may
    have more at its end (about the translation).
    """
    for ours, theirs in zip(sections(english), sections(german), strict=False):
        if len(ours) == len(theirs):
            yield from zip(ours, theirs, strict=True)


def rows(packages: Packages) -> Iterator[CorpusRow]:
    """Rows of all pages by name; repetitions are not yet removed."""
    german = _pages(packages, GERMAN, "usr/share/man/de")
    english = _pages(packages, ENGLISH, "usr/share/man")
    for doc in sorted(english.keys() & german.keys()):
        for en, de in aligned(english[doc], german[doc]):
            if is_pair(en, de):
                yield CorpusRow(ORIGIN, doc, en, de)
