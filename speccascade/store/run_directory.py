"""The folder of one run: what was decoded and timed under one identity.

    <root>/<pair>/<task>/<method>/<key>/
        config.yaml                          the identity, and what helps a reader
        records-<host>-<pid>-<random>.jsonl  one line a row, a unit at a time
        latency-<host>-<pid>-<random>.jsonl  one line a timing
        spent-<host>-<pid>-<random>.jsonl    one line a stretch of computing
        summary.json                         derived; can be deleted and rebuilt
        corpus_scores.json                   derived; of tasks with metrics of their own

Any number of processes may add to one run; each writes files of its own. A process may
be killed at any moment: what it had appended is there, and the rest is redone.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from speccascade.errors import UserError
from speccascade.store.encoding import decode_number, from_line, to_line
from speccascade.store.files import AppendFile, explained, write_atomically
from speccascade.store.identity import canonical_identity, run_key
from speccascade.store.reading import (
    RowName,
    UnitCopy,
    read_lines,
    select_rows,
    select_timings,
    unit_copies,
)
from speccascade.store.records import LatencyRecord, Record
from speccascade.store.status import RunStatus, run_status
from speccascade.store.summary import summary_text
from speccascade.store.units import Unit

CONFIG = "config.yaml"
SUMMARY = "summary.json"


class RunDirectory:
    """One run on disk. Make it with `open` (to add to it) or `load` (to read it).

    Attributes:
      path: the folder.
      identity: what the key hashes, `results_version` included.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]):
        self.path = path
        self.identity = dict(identity)
        self._records = AppendFile(path, "records")
        self._latency = AppendFile(path, "latency")
        self._spent = AppendFile(path, "spent")

    @classmethod
    def open(
        cls,
        root: str | Path,
        pair: str,
        task: str,
        method: str,
        identity: Mapping[str, Any],
    ) -> "RunDirectory":
        """The run of an identity, made if it is not there.

        Args:
          root: results root.
          pair, task, method: names of the folders above the key.
          identity: see `identity.py`.

        Raises:
          UserError: the folder cannot be made or written to, its config.yaml does not
            belong to the identity, or a name cannot name a folder.
        """
        for name in (pair, task, method):
            if not name or name.startswith(".") or "/" in name or "\0" in name:
                raise UserError(
                    f"{name!r} cannot name a results folder; use a name without '/' "
                    "that does not start with a dot."
                )
        identity = canonical_identity(identity)
        path = Path(root) / pair / task / method / run_key(identity)
        with explained(path):
            path.mkdir(parents=True, exist_ok=True)
            is_new = not (path / CONFIG).exists()
        if is_new:
            config = {"identity": identity}
            text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
            write_atomically(path / CONFIG, text)
        return cls.load(path)

    @classmethod
    def load(cls, path: str | Path) -> "RunDirectory":
        """The run in a folder.

        Raises:
          UserError: config.yaml is missing, cannot be read, or is not that of the key.
        """
        path = Path(path)
        if not (path / CONFIG).is_file():
            raise UserError(
                f"{path} holds no run: it has no {CONFIG}; name another folder."
            )
        with explained(path / CONFIG):
            text = (path / CONFIG).read_bytes()
        try:
            config = yaml.safe_load(text)
            identity = config["identity"]
            version = identity["results_version"]
        except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError) as error:
            raise UserError(
                f"{path / CONFIG} cannot be read as the configuration of a run; delete "
                "it and launch again, the records beside it are kept."
            ) from error
        # A run of another results version can be looked at, but never added to: its
        # key is another.
        if version == canonical_identity({})["results_version"] and (
            run_key(identity) != path.name
        ):
            raise UserError(
                f"{path / CONFIG} does not belong to the run {path.name}; it was "
                "edited or moved: put it back, or delete it and launch again."
            )
        return cls(path, identity)

    @property
    def method(self) -> str:
        """The method's name, that of the folder above."""
        return self.path.parent.name

    @property
    def hosts(self) -> set[str]:
        """Names of the machines that decoded rows, as they stand in the file names."""
        names = (path.stem for path in self.path.glob("records-*-*-*.jsonl"))
        return {name.removeprefix("records-").rsplit("-", 2)[0] for name in names}

    def append_unit(self, records: Sequence[Record]) -> None:
        """Adds one whole unit; on return it is on the disk.

        Raises:
          ValueError: the records are not the rows of one unit, or hold a NaN.
          UserError: the folder cannot be written to, or the disk is full; nothing that
            was there before is lost, and the unit counts as not there.
        """
        if not records:
            raise ValueError("a unit has at least one row")
        first = records[0]
        if len({one.row for one in records}) != first.unit_size or any(
            (one.unit, one.unit_size, one.coordinates)
            != (first.unit, len(records), first.coordinates)
            for one in records
        ):
            raise ValueError(f"the records are not the rows of unit {first.unit!r}")
        self._records.append("".join(one.to_line() for one in records))

    def append_latency(self, records: Sequence[LatencyRecord]) -> None:
        """Adds timings; errors as `append_unit`."""
        self._latency.append("".join(one.to_line() for one in records))

    def append_spent(self, phase: str, seconds: float) -> None:
        """Notes how long a stretch of decoding or timing took, compilation included.

        Args:
          phase: "decoding" or "timing".
          seconds: of wall clock; a job that shares a stretch notes its share.
        """
        self._spent.append(to_line({"phase": phase, "seconds": round(seconds, 3)}))

    def close(self) -> None:
        """Ends the files of this process."""
        self._records.close()
        self._latency.close()
        self._spent.close()

    def __enter__(self) -> "RunDirectory":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def records(self, examples: Mapping[int, str] | None = None) -> Iterator[Record]:
        """The rows that count, each once, ordered by coordinates and example.

        Args:
          examples: sha256 of the current text of the examples to read; None reads all.

        Raises:
          UserError: a corrupted line, or two texts of one example (`reading.py`).
        """
        yield from select_rows(self._copies(), examples)

    def latency(
        self, examples: Mapping[int, str] | None = None
    ) -> Iterator[LatencyRecord]:
        """The timings, each once, ordered by host, coordinates, example and repeat.

        Args:
          examples: sha256 of the current text of the examples to read; None reads all.
        """
        yield from select_timings(sorted(self.path.glob("latency-*.jsonl")), examples)

    def missing_units(self, plan: Sequence[Unit]) -> list[Unit]:
        """The planned units that must be decoded, in the order of the plan."""
        there: set[tuple[RowName, str]] = {
            (record.row, record.example_sha256)
            for copy in self._copies()
            if copy.complete
            for record in copy.records
        }
        return [
            unit
            for unit in plan
            if any(
                ((unit.coordinates, one.id), one.sha256) not in there
                for one in unit.examples
            )
        ]

    def spent(self) -> float:
        """Seconds that all stretches of decoding and timing took together.

        Work that was killed before it was stored is not in it.
        """
        files = sorted(self.path.glob("spent-*.jsonl"))
        return math.fsum(one for path in files for one in read_lines(path, _seconds))

    def status(self) -> RunStatus:
        """What is there; never raises for stale rows or differing copies."""
        return run_status(
            self._copies(),
            list(self.latency()),
            spent=self.spent(),
            has_summary=(self.path / SUMMARY).exists(),
        )

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Replaces summary.json in one step; see `summary.summarise`."""
        write_atomically(self.path / SUMMARY, summary_text(summary))

    def _copies(self) -> Iterator[UnitCopy]:
        return unit_copies(list(self.path.glob("records-*.jsonl")))


def _seconds(line: bytes) -> float:
    return decode_number(from_line(line).get("seconds"))


def find_runs(root: str | Path) -> list[RunDirectory]:
    """Every run under a results root, in the order of their paths.

    Hidden folders are passed over: logs and caches live there, with files of their own.
    """
    found = sorted(Path(root).glob("/".join(["[!.]*"] * 4 + [CONFIG])))
    return [RunDirectory.load(path.parent) for path in found]
