"""What a run directory holds, and what in it deserves a look."""

import dataclasses
from collections.abc import Iterator, Sequence

from speccascade.store.reading import RowName, UnitCopy
from speccascade.store.records import LatencyRecord, Record


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunStatus:
    """The state of one run directory.

    Attributes:
      rows: rows that are there, each counted once.
      units: complete units.
      incomplete: ids of units that are there in part only, and will be redone.
      differing: ids of units whose rows are there in copies that are not the same,
        which happens when two hosts decoded them; the first file by name counts.
      stale: examples that are stored with more than one text.
      timings: timings of the latency phase, each counted once.
      hosts: machines that timed, as (host, device).
      spent: seconds of decoding and timing.
      has_summary: whether summary.json was written.
    """

    rows: int
    units: int
    incomplete: tuple[str, ...]
    differing: tuple[str, ...]
    stale: tuple[int, ...]
    timings: int
    hosts: tuple[tuple[str, str], ...]
    spent: float
    has_summary: bool


def run_status(
    copies: Iterator[UnitCopy],
    timings: Sequence[LatencyRecord],
    *,
    spent: float,
    has_summary: bool,
) -> RunStatus:
    """Counts units and compares the copies of rows."""
    complete: set[str] = set()
    seen: set[str] = set()
    rows: dict[tuple[RowName, str], Record] = {}
    texts: dict[int, set[str]] = {}
    differing: set[str] = set()
    for copy in copies:
        seen.add(copy.unit)
        if not copy.complete:
            continue
        complete.add(copy.unit)
        for record in copy.records:
            texts.setdefault(record.example, set()).add(record.example_sha256)
            held = rows.setdefault((record.row, record.example_sha256), record)
            if held.result != record.result:
                differing |= {held.unit, record.unit}
    return RunStatus(
        rows=len({name for name, _ in rows}),
        units=len(complete),
        incomplete=tuple(sorted(seen - complete)),
        differing=tuple(sorted(differing)),
        stale=tuple(sorted(one for one, found in texts.items() if len(found) > 1)),
        timings=len(timings),
        hosts=tuple(sorted({(one.host, one.device) for one in timings})),
        spent=spent,
        has_summary=has_summary,
    )
