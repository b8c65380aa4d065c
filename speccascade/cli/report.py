"""`speccascade report`: one HTML page of a sweep."""

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from omegaconf import OmegaConf

from speccascade.cli import compose
from speccascade.cli.build import job_spec
from speccascade.cli.config_type import Config
from speccascade.cli.doctor import packages
from speccascade.cli.figures import (
    command_for,
    figure_of,
    figure_settings,
    setting_of,
    stored_curves,
    unfinished,
    validation_curves,
)
from speccascade.cli.guard import OK
from speccascade.cli.latency import with_latency
from speccascade.errors import UserError
from speccascade.figures import trace_page
from speccascade.figures.experiment import Numbers, numbers_of
from speccascade.figures.files import write
from speccascade.figures.labels import metric_label
from speccascade.figures.report import Answer, Asked, Report, Section, page
from speccascade.figures.style import style_of
from speccascade.jobs.stored import StoredJob
from speccascade.jobs.traced import compare
from speccascade.store import Record
from speccascade.tracking.environment import environment

DESCRIPTION = (
    "Writes reports/NAME.html under paths.root: the trade-off curves of the named "
    "experiments to hover over, their tables, a sample of answers, configuration and "
    "environment, from the store, and a trace of one example, for which the models are "
    "loaded. The page is one file and asks no network."
)
NO_TRACE = "no-trace"
FLAGS = {NO_TRACE: "leaves the trace out: nothing is decoded"}
# Methods that are traced, at most.
TRACED = 3
# Examples of each setting whose answers are shown.
SAMPLE = 8

Job = tuple[Config, StoredJob]


def main(arguments: Sequence[str]) -> int:
    """One page an experiment; a line says where it is."""
    words = compose.parse("report", DESCRIPTION, arguments, FLAGS)
    if not words.names:
        raise UserError("Name an experiment, as in `speccascade report demo`.")
    for name in words.names:
        print(os.path.relpath(_write(words, name)))
    return OK


def _write(words: compose.Words, name: str) -> Path:
    jobs = [
        (config, StoredJob.of(job_spec(config)))
        for config in compose.sweep(words, name)
    ]
    command = command_for(words, name)
    if not any(job.thresholds for _, job in jobs):
        raise UserError(f"Nothing of {name!r} is complete yet: run `{command}`.")
    settings: dict[object, list[Job]] = {}
    for config, job in jobs:
        settings.setdefault(figure_of(job.spec), []).append((config, job))
    report = Report(
        name=name,
        command=command,
        sections=[_section(words, name, here) for here in settings.values()],
        environment=_environment([job for _, job in jobs]),
    )
    root = Path(jobs[0][1].spec.root)
    trace = None if NO_TRACE in words.flags else _trace([job for _, job in jobs])
    return write(root / "reports" / f"{name}.html", page(report, trace))


def _trace(jobs: Sequence[StoredJob]) -> str | None:
    """The first example of the first setting with speculative rows, as a page.

    It is shown under the setting's methods, one of each family if there are more than
    `TRACED`: they are what readers compare.
    """
    stored = [
        one for one in jobs if one.thresholds and one.spec.method.kind == "speculative"
    ]
    here = [one for one in stored if figure_of(one.spec) == figure_of(stored[0].spec)]
    specs = [one.spec for one in here]
    families = {style_of(one.method.name).family: one for one in reversed(specs)}
    chosen = specs if len(specs) <= TRACED else [*families.values()][::-1][:TRACED]
    if not chosen:
        return None
    return trace_page.page(compare(chosen, here[0].job.examples[0].id, None))


def _section(words: compose.Words, name: str, here: Sequence[Job]) -> Section:
    """What is stored of one setting."""
    jobs = [job for _, job in here]
    spec = jobs[0].spec
    curves = with_latency(name, jobs, stored_curves(jobs))
    numbers = None
    if curves:
        numbers = numbers_of(
            curves,
            validation_curves(words, name, spec),
            figure_settings(spec),
            metric=spec.task.metrics[0],
        )
    return Section(
        name=f"{spec.pair.name}, {spec.task.name}: {setting_of(spec)}",
        numbers=numbers,
        signatures={metric_label(one.name): one.signature for one in spec.task.metrics},
        answers=[] if numbers is None else _sample(jobs, numbers),
        configuration=_configuration([config for config, _ in here]),
        weights=jobs[0].job.pair.identity,
        missing=unfinished(jobs),
    )


def _sample(jobs: Sequence[StoredJob], numbers: Numbers) -> list[Asked]:
    """Answers of the first seed to examples that lie evenly in the task's order."""
    points = {row.method: row.threshold for row in numbers.costs if row.operating}
    answers: dict[int, list[Answer]] = {}
    metrics = jobs[0].spec.task.metrics

    def scores(record: Record) -> Mapping[str, float]:
        parts = {one: np.array(record.scores[one.name]) for one in metrics}
        return {metric_label(one.name): float(one.combine(parts[one])) for one in parts}

    for method, threshold in points.items():  # in the order of the legend
        job = next(one for one in jobs if one.spec.method.name == method)
        for record in job.records():
            place = record.coordinates
            if (place.threshold, place.seed) == (threshold, job.spec.seeds[0]):
                answers.setdefault(record.example, []).append(
                    Answer(
                        method=method,
                        threshold=threshold,
                        text=record.prediction,
                        scores=scores(record),
                    )
                )
    examples = [one for one in jobs[0].job.examples if one.id in answers]
    count = min(SAMPLE, len(examples))
    chosen = [examples[len(examples) * place // count] for place in range(count)]
    return [
        Asked(
            id=one.id,
            source=one.source,
            reference=one.reference,
            answers=answers[one.id],
        )
        for one in chosen
    ]


def _configuration(configs: Sequence[Config]) -> str:
    """What the jobs of one setting share, and the methods in which they differ.

    The folders of the machine are left out.
    """
    plain = [_plain(one) for one in configs]
    shared = {
        key: value
        for key, value in plain[0].items()
        if key not in ("method", "paths", "logger")
    }
    methods = {one["method"]["name"]: one["method"] for one in plain}
    whole = {**shared, "methods": methods}
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)


def _plain(config: Config) -> dict[str, Any]:
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _environment(jobs: Sequence[StoredJob]) -> dict[str, str]:
    """Where rows and timings come from, and what writes the page.

    The store keeps no versions, so those are of this installation.
    """
    runs = [job.run for job in jobs if job.run is not None]
    machines = {
        f"{host} ({device})" for job in jobs for (host, device), _ in job.timings
    }
    versions = {str(run.identity["results_version"]) for run in runs}
    writer = environment()
    commit = writer["commit"]
    return {
        "decoded on": ", ".join(sorted(set().union(*(run.hosts for run in runs)))),
        "timed on": ", ".join(sorted(machines)) or "nothing was timed",
        "results version": ", ".join(sorted(versions)),
        "page written by": f"speccascade {writer['speccascade_version']}, "
        + (f"commit {commit}" if commit else "an installed package"),
        "with": f"Python {platform.python_version()}, {packages()}",
        "under": platform.platform(),
    }
