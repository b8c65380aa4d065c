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

DESCRIPTION = (
    "Lists the run directories under paths.root, or those of the named experiments, "
    "with the minutes that their computing took, and the jobs that failed."
)


def main(arguments: Sequence[str]) -> int:
    """Prints a table of run directories, then what deserves a look."""
    words = compose.parse("status", DESCRIPTION, arguments)
    root = Path(os.path.expanduser(compose.one_job(words).paths.root))
    if words.names:
        paths = _paths_of(words)
    else:
        paths = [
            path.parent
            for path in root.glob("*/*/*/*/config.yaml")
            if not path.relative_to(root).parts[0].startswith(".")
        ]
    if not paths:
        wanted = ", ".join(words.names)
        print(
            f"{root} holds no results{f' of {wanted}' if wanted else ''} yet; run "
            f"`speccascade run -m experiment={(*words.names, 'demo')[0]}`."
        )
    else:
        _print_runs(root, sorted(paths))
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes.read(root / ".hydra-logs"):
        if outcome.error:
            last = outcome.error.strip().splitlines()[-1]
            reasons.setdefault(last, []).append(outcome.job)
    for reason, jobs in reasons.items():
        print(f"failed when last launched: {', '.join(jobs)}: {reason}")
    return OK


def _paths_of(words: compose.Words) -> list[Path]:
    """The run directories that exist of the named experiments' jobs."""
    from speccascade.cli.figures import stored_jobs  # imports JAX

    jobs = [job for name in words.names for job in stored_jobs(words, name)]
    return list({job.run.path: None for job in jobs if job.run is not None})


def _print_runs(root: Path, paths: Sequence[Path]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("run", "points", "rows", "units", "timings", "min", "summary"):
        table.add_column(column, justify="left" if column == "run" else "right")
    notes: list[str] = []
    spent = 0.0
    for path in paths:
        name = str(path.relative_to(root))
        try:
            run = RunDirectory.load(path)
            status = run.status()
        except UserError as error:
            notes.append(str(error))
            table.add_row(name, *["?"] * 6)
            continue
        spent += status.spent
        notes += [f"{name}: {note}" for note in _notes(status)]
        table.add_row(
            name,
            str(_points(path)),
            str(status.rows),
            str(status.units),
            str(status.timings),
            f"{status.spent / 60:.1f}",
            "yes" if status.has_summary else "no",
        )
    # Wide enough for any name: a run directory's path is there to be copied.
    Console(width=200, highlight=False).print(table)
    print(f"{len(paths)} runs, {spent / 60:.1f} minutes of decoding and timing")
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
