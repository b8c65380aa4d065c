"""Walks one job: what is asked, what is on disk, what is left to do."""

from pathlib import Path

import jax

from speccascade.engine import ratios
from speccascade.jobs.loaded import LoadedJob, identity_of
from speccascade.jobs.quality import decode_missing, planned_units
from speccascade.jobs.spec import JobSpec, Reporter
from speccascade.jobs.timing import time_missing
from speccascade.store import RunDirectory, summarise


def run_directory_of(spec: JobSpec) -> RunDirectory:
    """The run directory that the job's results belong to, made if missing."""
    return RunDirectory.open(
        Path(spec.root),
        pair=spec.pair.name,
        task=spec.task.name,
        method=spec.method.name,
        identity=identity_of(spec),
    )


def run_job(spec: JobSpec, report: Reporter) -> RunDirectory:
    """Decodes and times what is missing, and writes the summary.

    A finished job decodes nothing. Compiled programs are kept in the job's cache
    directory, so that a second process starts at once.

    Raises:
      UserError: the job asks for something that is not there, or cannot be stored.
    """
    _keep_compiled_programs(Path(spec.cache_dir) / "compiled")
    job = LoadedJob.of(spec)
    with run_directory_of(spec) as directory:
        units = decode_missing(job, directory, report)
        timings = time_missing(job, directory, report)
        directory.write_summary(
            summarise(
                directory.identity,
                directory.records({one.id: one.sha256 for one in job.examples}),
                directory.latency(),
                spec.task.metrics,
                ratios,
            )
        )
    name = spec.method.name
    if units or timings:
        report.line(f"{name}: {units} batches decoded, {timings} timings taken")
    else:
        report.line(f"{name}: complete, nothing to do")
    return directory


def progress_of(spec: JobSpec) -> tuple[int, int]:
    """Units of the job that are on disk, and units in all."""
    job = LoadedJob.of(spec)
    units = planned_units(job)
    return len(run_directory_of(spec).done_units(units)), len(units)


def _keep_compiled_programs(folder: Path) -> None:
    # JAX's own thresholds skip what compiles within a second: most of our programs.
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
