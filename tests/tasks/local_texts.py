"""Small local files in the formats of public data sets; the texts are made up.

folder = write_lines(tmp_path, "multi30k/val.en", ["A dog.", "A cat."])
folder = write_rows(tmp_path, "xsum/test.jsonl", [{"document": …, "summary": …}])
"""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path


def write_lines(folder: Path, name: str, lines: Iterable[str]) -> str:
    """Writes a text file, gzipped where its name ends in `.gz`; gives the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(folder)


def write_rows(folder: Path, name: str, rows: Iterable[Mapping[str, object]]) -> str:
    """Writes JSON lines; gives the folder."""
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    return write_lines(folder, name, lines)


def read_golden(name: str) -> str:
    """A prompt as a model sees it: `tests/tasks/golden/NAME.txt`, but for the newline
    at the file's end."""
    path = Path(__file__).with_name("golden") / f"{name}.txt"
    return path.read_text(encoding="utf-8").removesuffix("\n")
