"""From the files of a drawn figure to what its W&B run will show.

Pure, as `curve_log`: equal files and curves give equal logs. The numbers are those of
the figure's CSV, which is written from the very points that are drawn.
"""

import csv
import dataclasses
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from speccascade.tracking.curve_log import CurveLog, digest_of

# Of the CSV; all other columns are text.
NUMBERS = ("x", "x_low", "x_high", "y", "y_low", "y_high", "examples")


@dataclasses.dataclass(frozen=True, kw_only=True)
class FigureLog:
    """One figure as W&B is told of it.

    Attributes:
        id: of the W&B run; the same whenever the same figure is mirrored.
        name: `<experiment>`, or `<experiment>/<setting>` where it has several.
        group: the experiment.
        config: what all of its curves agree in, and `curves`, which are they.
        curves: those that it consumes.
        picture: the PNG.
        files: all of its files, the tables that were written with it among them.
        columns, rows: the drawn points, as in the CSV; None where there is no number.
        interactive: whether its panels can be told apart by their names alone.
        digest: of all the above.
    """

    id: str
    name: str
    group: str
    config: Mapping[str, Any]
    curves: Sequence[CurveLog]
    picture: Path
    files: Sequence[Path]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    interactive: bool
    digest: str

    @property
    def artifact(self) -> str:
        """The name of the artifact that holds its files."""
        return f"figure-{re.sub('[^A-Za-z0-9_.-]+', '-', self.name)}"


def figure_log(
    files: Sequence[Path],
    curves: Sequence[CurveLog],
    *,
    name: str,
    group: str,
    interactive: bool = True,
) -> FigureLog:
    """The log of a figure whose `files` begin with NAME.pdf, NAME.png and NAME.csv."""
    picture, numbers = (
        next(file for file in files if file.suffix == end) for end in (".png", ".csv")
    )
    columns, rows = _table(numbers.read_text(encoding="utf-8"))
    config = _shared([one.config for one in curves]) | {
        "curves": {
            one.id: {"name": one.name, "artifact": one.artifact, "digest": one.digest}
            for one in curves
        }
    }
    contents = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    }
    return FigureLog(
        id=f"figure-{digest_of([name, group])}",
        name=name,
        group=group,
        config=config,
        curves=curves,
        picture=picture,
        files=files,
        columns=columns,
        rows=rows,
        interactive=interactive,
        digest=digest_of([name, group, config, contents, interactive]),
    )


def _table(text: str) -> tuple[list[str], list[list[Any]]]:
    columns, *rows = csv.reader(io.StringIO(text))
    return columns, [
        [_cell(name, value) for name, value in zip(columns, row, strict=True)]
        for row in rows
    ]


def _cell(column: str, value: str) -> str | float | None:
    if column not in NUMBERS:
        return value
    return float(value) if value else None


def _shared(configs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The entries that are equal in all."""
    first, *others = configs
    return {
        name: value
        for name, value in first.items()
        if all(one.get(name) == value for one in others)
    }
