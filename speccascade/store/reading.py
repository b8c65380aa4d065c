"""From the lines on disk to the rows that count.

1. A line ends in a newline. What a kill left after the last newline is no line, and a
   last line that cannot be read is skipped. Any other unreadable line is an error: the
   file was edited or the disk failed, and guessing would lose rows silently.
2. A unit counts in a file that holds all `unit_size` of its rows. An incomplete one is
   as if it were not there; its rows will be decoded again, in another file.
3. Of several complete copies of a unit the one in the first file by name counts.
4. Units may overlap (`units.py`). Of the units that hold a row, the largest counts,
   then the first by id. That depends on which units there are, never on the names of
   files or the order of lines.
5. A row whose example had another text is stale. Which text is current only the caller
   knows, so rows of one example with two texts are an error unless it is said.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from speccascade.errors import UserError
from speccascade.store.files import explained
from speccascade.store.records import Coordinates, LatencyRecord, Record

Line = TypeVar("Line", Record, LatencyRecord, float)
RowName = tuple[Coordinates, int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class UnitCopy:
    """One unit as one file holds it, complete or not.

    Attributes:
      unit: its id.
      file: name of the file.
      records: its rows, in the order of example ids.
      complete: whether all rows of the unit are there.
    """

    unit: str
    file: str
    records: tuple[Record, ...]
    complete: bool


def read_lines(path: Path, parse: Callable[[bytes], Line]) -> Iterator[Line]:
    """The records of one file.

    Raises:
      UserError: the file cannot be read, or a line that is not the last is corrupted.
    """
    with explained(path):
        pieces = path.read_bytes().split(b"\n")
    lines = pieces[:-1]  # the last piece is empty, or torn
    for number, line in enumerate(lines, start=1):
        try:
            record = parse(line)
        except (ValueError, TypeError) as error:
            if number == len(pieces) - 1 and not pieces[-1]:
                return
            raise UserError(
                f"Line {number} of {path} is corrupted ({error}); delete that line, or "
                "the whole file, and launch again: what is then missing is redone."
            ) from error
        yield record


def unit_copies(paths: Sequence[Path]) -> Iterator[UnitCopy]:
    """Every copy of every unit, files in the order of their names."""
    for path in sorted(paths, key=lambda path: path.name):
        # A process may have redone a unit in the file that already holds it; the n-th
        # time that a row is met belongs to the n-th copy.
        copies: dict[tuple[str, int, int], dict[RowName, Record]] = {}
        met: dict[tuple[str, RowName], int] = {}
        for record in read_lines(path, Record.from_line):
            turn = met.get((record.unit, record.row), 0)
            met[record.unit, record.row] = turn + 1
            key = (record.unit, record.unit_size, turn)
            copies.setdefault(key, {})[record.row] = record
        for (unit, size, _), rows in sorted(copies.items(), key=lambda item: item[0]):
            ordered = sorted(rows.values(), key=lambda record: record.example)
            yield UnitCopy(
                unit=unit,
                file=path.name,
                records=tuple(ordered),
                complete=len(ordered) == size,
            )


def select_rows(
    copies: Iterator[UnitCopy], examples: Mapping[int, str] | None
) -> list[Record]:
    """The rows that count, each once, ordered by coordinates and example.

    Args:
      copies: as `unit_copies` gives them.
      examples: sha256 of the current text of each example; other examples and other
        texts are left out. None takes all rows.

    Raises:
      UserError: rows of one example have two texts and `examples` does not say which
        is current.
    """
    chosen: dict[RowName, Record] = {}
    for copy in copies:
        for record in copy.records if copy.complete else ():
            if examples is not None:
                if examples.get(record.example) != record.example_sha256:
                    continue
            elif record.row in chosen:
                _check_same_text(chosen[record.row], record, copy.file)
            held = chosen.setdefault(record.row, record)
            if _rank(record) < _rank(held):
                chosen[record.row] = record
    return sorted(
        chosen.values(), key=lambda one: (_order(one.coordinates), one.example)
    )


def select_timings(
    paths: Sequence[Path], examples: Mapping[int, str] | None = None
) -> list[LatencyRecord]:
    """Every timing once (the first file by name counts), in a fixed order.

    With `examples` (sha256 by id), timings of other examples, and of other texts of
    these, are left out.
    """
    chosen: dict[tuple[str, str, Coordinates, int, int], LatencyRecord] = {}
    for path in sorted(paths, key=lambda path: path.name):
        for record in read_lines(path, LatencyRecord.from_line):
            text = record.example_sha256
            if examples is None or examples.get(record.example) == text:
                chosen.setdefault(record.row, record)
    return sorted(
        chosen.values(),
        key=lambda one: (
            one.host,
            one.device,
            _order(one.coordinates),
            one.example,
            one.repeat,
        ),
    )


def _order(coordinates: Coordinates) -> tuple[float, ...]:
    return coordinates.order


def _rank(record: Record) -> tuple[int, str]:
    return -record.unit_size, record.unit


def _check_same_text(held: Record, found: Record, file: str) -> None:
    if held.example_sha256 != found.example_sha256:
        raise UserError(
            f"Example {found.example} is stored with two different texts, one of them "
            f"in {file}; run the job again, which says what the text is now, or delete "
            "the older records file."
        )
