"""Walks jobs: what is asked, what is on disk, what is left to do.

Each job has its quality phase; jobs that were launched together share one latency
phase, which follows.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from speccascade.engine import ratios
from speccascade.jobs.corpus_scores import write_corpus_scores
from speccascade.jobs.loaded import LoadedJob, current_texts, identity_of
from speccascade.jobs.programs import keep_compiled_programs
from speccascade.jobs.quality import decode_missing
from speccascade.jobs.spec import JobSpec, Reporter
from speccascade.jobs.timing import TimedJob, time_missing
from speccascade.latency import host_lock
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
    """Decodes and times what is missing of one job, and writes its summary.

    A finished job decodes nothing. Compiled programs are kept in the job's cache
    directory, so that a second process starts at once.

    Raises:
      UserError: the job asks for something that is not there, or cannot be stored.
    """
    decode_job(spec, report)
    return time_jobs([spec], report)[0]


def check_job(spec: JobSpec) -> None:
    """Raises what `decode_job` would raise before its first batch.

    Raises:
      UserError: the pair, the task or so many examples of the split are not there.
    """
    LoadedJob.of(spec)


def decode_job(spec: JobSpec, report: Reporter) -> RunDirectory:
    """The quality phase of one job: decodes what is missing, writes the summary.

    Raises:
      UserError: as `run_job`.
    """
    keep_compiled_programs(Path(spec.cache_dir) / "compiled")
    job = LoadedJob.of(spec)
    with run_directory_of(spec) as directory:
        waiting = f"{spec.method.name}: waiting for another process to finish timing"
        with host_lock(lambda: report.line(waiting), shared=True):
            units = decode_missing(job, directory, report)
        _summarise(job, directory)
        write_corpus_scores(job, directory, report)
    done = f"{units} batches decoded" if units else "complete, nothing to decode"
    report.line(f"{spec.method.name}: {done}")
    return directory


def time_jobs(specs: Sequence[JobSpec], report: Reporter) -> list[RunDirectory]:
    """The latency phase of jobs that were decoded, in passes that they share.

    Raises:
      UserError: as `run_job`.
    """
    with contextlib.ExitStack() as stack:
        jobs = []
        for spec in specs:
            keep_compiled_programs(Path(spec.cache_dir) / "compiled")
            directory = stack.enter_context(run_directory_of(spec))
            jobs.append(TimedJob(LoadedJob.of(spec), directory))
        if count := time_missing(jobs, report):
            report.line(f"{count} timings taken")
            for one in jobs:
                _summarise(one.job, one.directory)
    return [one.directory for one in jobs]


def _summarise(job: LoadedJob, directory: RunDirectory) -> None:
    texts = current_texts(job.spec)
    directory.write_summary(
        summarise(
            directory.identity,
            directory.records(texts),
            directory.latency(texts),
            job.spec.task.metrics,
            ratios,
        )
    )
