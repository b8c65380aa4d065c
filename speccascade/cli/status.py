"""`speccascade status`: what the store holds, and what deserves a look."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from speccascade.cli import compose, outcomes
from speccascade.cli.guard import OK
from speccascade.errors import UserError
from speccascade.store import RunDirectory, RunStatus

DESCRIPTION = "Lists every run directory under paths.root, and the jobs that failed."


def main(arguments: Sequence[str]) -> int:
    """Prints a table of run directories, then what deserves a look."""
    words = compose.parse("status", DESCRIPTION, arguments)
    if words.names:
        raise UserError(
            f"status takes no names, only overrides such as paths.root=...; "
            f"{words.names[0]!r} is none."
        )
    root = Path(os.path.expanduser(compose.one_job(words).paths.root))
    paths = sorted(
        path.parent
        for path in root.glob("*/*/*/*/config.yaml")
        if not path.relative_to(root).parts[0].startswith(".")
    )
    if not paths:
        print(f"{root} holds no results yet; run `speccascade run -m experiment=demo`.")
    else:
        _print_runs(root, paths)
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes.read(root / ".hydra-logs"):
        if outcome.error:
            last = outcome.error.strip().splitlines()[-1]
            reasons.setdefault(last, []).append(outcome.job)
    for reason, jobs in reasons.items():
        print(f"failed when last launched: {', '.join(jobs)}: {reason}")
    return OK


def _print_runs(root: Path, paths: Sequence[Path]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("run", "points", "rows", "units", "timings", "summary"):
        table.add_column(column, justify="left" if column == "run" else "right")
    notes: list[str] = []
    for path in paths:
        name = str(path.relative_to(root))
        try:
            run = RunDirectory.load(path)
            status = run.status()
        except UserError as error:
            notes.append(str(error))
            table.add_row(name, *["?"] * 5)
            continue
        notes += [f"{name}: {note}" for note in _notes(status)]
        table.add_row(
            name,
            str(_points(path)),
            str(status.rows),
            str(status.units),
            str(status.timings),
            "yes" if status.has_summary else "no",
        )
    # Wide enough for any name: a run directory's path is there to be copied.
    Console(width=200, highlight=False).print(table)
    for note in notes:
        print(note)


def _points(path: Path) -> int | str:
    try:
        return len(json.loads((path / "summary.json").read_text())["points"])
    except (OSError, ValueError, KeyError):
        return "-"


def _notes(status: RunStatus) -> list[str]:
    notes = []
    if status.incomplete:
        notes.append(
            f"{len(status.incomplete)} units are incomplete and will be redone"
        )
    if status.differing:
        notes.append(
            f"{len(status.differing)} units differ between hosts; the first file counts"
        )
    if status.stale:
        notes.append(f"{len(status.stale)} examples are stored with more than one text")
    if len(status.hosts) > 1:
        hosts = ", ".join(host for host, _ in status.hosts)
        notes.append(f"was timed on several machines ({hosts}), which never mix")
    return notes
