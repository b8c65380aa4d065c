"""Which run directories hold the results of the jobs that were composed."""

from pathlib import Path

from speccascade.jobs.loaded import identity_of
from speccascade.jobs.spec import JobSpec
from speccascade.store import RunDirectory, run_key


def stored_run(spec: JobSpec) -> RunDirectory | None:
    """The job's run directory, or None if it was never run; makes nothing."""
    path = run_path(spec)
    return RunDirectory.load(path) if (path / "config.yaml").is_file() else None


def run_path(spec: JobSpec) -> Path:
    """Where the job's results belong."""
    names = (spec.pair.name, spec.task.name, spec.method.name)
    return Path(spec.root).joinpath(*names, run_key(identity_of(spec)))
