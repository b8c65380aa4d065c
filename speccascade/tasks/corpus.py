"""The documentation corpus that `ende_docs` trains on: where it lies, what a row is.

It is not part of the installation. `scripts/rebuild_ende_docs.py` makes it from Debian
packages; the environment variable `SPECCASCADE_DATA` names the folder that holds it.
"""

import gzip
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from speccascade.errors import UserError
from speccascade.tasks.splits import Split, split_of

FOLDER_VARIABLE = "SPECCASCADE_DATA"
FILE_NAME = "ende_docs.jsonl.gz"
# gzip at its default level, without a time stamp: equal rows make equal files.
COMPRESSION = 6


class CorpusRow(NamedTuple):
    """One sentence pair: where it comes from, English, German."""

    origin: str
    doc: str
    en: str
    de: str

    @property
    def split(self) -> Split:
        """The split of the row's group."""
        return split_of(self.origin, self.doc)


def corpus_file() -> Path:
    """The corpus file in the folder that `SPECCASCADE_DATA` names.

    Raises:
      UserError: the variable is not set, or there is no such file in its folder.
    """
    return data_folder(FILE_NAME, "scripts/rebuild_ende_docs.py") / FILE_NAME


def data_folder(name: str, script: str) -> Path:
    """The folder that `SPECCASCADE_DATA` names, where it holds a file.

    Args:
      name: of the file.
      script: that makes it.

    Raises:
      UserError: the variable is not set, or there is no such file in its folder.
    """
    remedy = f"make {name} with {script} and set {FOLDER_VARIABLE} to its folder."
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        raise UserError(
            f"Training needs {name}, which is not part of the installation: {remedy}"
        )
    if not (Path(folder) / name).is_file():
        raise UserError(f"There is no {Path(folder) / name}: {remedy}")
    return Path(folder)


def read_corpus(path: Path) -> list[CorpusRow]:
    """All rows of a corpus file, in its order.

    Raises:
      UserError: the file is not what the rebuild writes.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [CorpusRow(**json.loads(line)) for line in lines]
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read as a corpus ({error}): make it again with "
            "scripts/rebuild_ende_docs.py."
        ) from error


def write_corpus(path: Path, rows: Iterable[CorpusRow]) -> None:
    """Writes rows as gzipped JSON lines; equal rows make equal bytes."""
    lines = (json.dumps(row._asdict(), ensure_ascii=False) + "\n" for row in rows)
    text = "".join(lines).encode()
    path.write_bytes(gzip.compress(text, COMPRESSION, mtime=0))
