"""`speccascade figures`: draws figures and prints tables from the store."""

import dataclasses
import itertools
import os
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from speccascade.checkpoints.paths import resolve
from speccascade.cli import compose, paper, theory
from speccascade.cli.build import job_spec, make, validation_spec
from speccascade.cli.guard import OK
from speccascade.cli.latency import with_latency
from speccascade.curves import Curve, PublishedPoint, Setting, read_published
from speccascade.errors import UserError
from speccascade.figures import FigureSettings, save
from speccascade.figures import make as make_figure
from speccascade.figures.labels import metric_label
from speccascade.figures.measured import measure
from speccascade.figures.panels import Cell, draw_panels
from speccascade.jobs.spec import JobSpec
from speccascade.jobs.stored import Machine, StoredJob
from speccascade.latency.measured import this_host

PUBLISHED = "published-only"
DESCRIPTION = (
    "Draws the figure and prints the table of the named experiments (by default: of "
    "all that are complete), from the store alone. Files go to figures/NAME under "
    "paths.root, and with logger=wandb to W&B too. The name theory needs no store: it "
    "checks the paper's lemmas on made-up distributions and draws figures/theory.pdf. "
    "Experiments that reproduce a figure of the paper draw ours beside the published "
    "one."
)


def main(arguments: Sequence[str]) -> int:
    """A figure and tables an experiment and setting; one figure of several tasks."""
    words = compose.parse("figures", DESCRIPTION, arguments, {PUBLISHED: paper.HELP})
    if PUBLISHED in words.flags:
        return paper.draw_published(words)
    if words.names:
        return max(_draw_named(words, name) for name in words.names)
    incomplete, drawn = [], 0
    for name in compose.begun(words):
        jobs = stored_jobs(words, name)
        cascades = [one for one in jobs if one.spec.method.rule is not None]
        if not cascades:
            continue  # it asks for single models alone and has no figure
        # Experiments share run directories: only the rows tell which of them was run.
        if any(one.is_whole for one in cascades):
            drawn += 1
            draw_experiment(words, name, jobs)
        else:
            incomplete.append(name)
    if not drawn:
        raise UserError(
            f"No experiment is complete yet: run `{command_for(words, 'demo')}`."
        )
    if incomplete:
        print(
            f"not complete, so not drawn: {', '.join(incomplete)}; "
            f"run `{command_for(words, 'NAME')}`"
        )
    return OK


def _draw_named(words: compose.Words, name: str) -> int:
    if name == theory.NAME:
        return theory.draw(words)
    if name in paper.FROM_METADATA:
        return paper.draw_table(words, name)
    draw_experiment(words, name, stored_jobs(words, name))
    return OK


def stored_jobs(words: compose.Words, name: str) -> list[StoredJob]:
    """The jobs of an experiment, each beside what is stored of it."""
    return [StoredJob.of(job_spec(config)) for config in compose.sweep(words, name)]


def stored_curves(jobs: Sequence[StoredJob]) -> list[Curve]:
    """The points of jobs that are whole, timed by one machine."""
    machine = _machine(jobs)
    return [curve for job in jobs if (curve := job.curve(machine)).points]


def command_for(words: compose.Words, name: str) -> str:
    """The command that makes what is missing of an experiment, to be pasted."""
    given = [f"experiment={name}", *words.overrides]
    if words.config_dir is not None:
        given += ["--config-dir", words.config_dir]
    return f"speccascade run -m {shlex.join(given)}"


def draw_experiment(words: compose.Words, name: str, jobs: Sequence[StoredJob]) -> None:
    """Draws, prints and mirrors every figure of an experiment."""
    if not any(job.thresholds for job in jobs):
        raise UserError(
            f"Nothing of {name!r} is complete yet (missing: "
            f"{', '.join(_lacking(jobs))}): run `{command_for(words, name)}`."
            f"{paper.hint(name)}"
        )
    left_out = unfinished(jobs)
    if left_out:
        print(f"{name}: left out, {left_out}; run `{command_for(words, name)}`")
    settings = dict.fromkeys(figure_of(job.spec) for job in jobs if job.thresholds)
    together: dict[Setting, list[Cell]] = {}
    for setting in settings:
        here = [job for job in jobs if figure_of(job.spec) == setting]
        spec, curves = here[0].spec, with_latency(name, here, stored_curves(here))
        part = "" if len(settings) == 1 else _suffix(spec)
        files = _draw(words, name, f"{name}-{part}".strip("-"), spec, curves)
        _mirror(words, name, here, files, f"{name}/{part}".strip("/"))
        together.setdefault(setting[-1], []).append(_cell(spec, curves))
    root = Path(jobs[0].spec.root)
    paper.draw_beside(name, root, [one for found in together.values() for one in found])
    for shared, cells in together.items():
        if len(cells) > 1:
            here = [job for job in jobs if setting_of(job.spec) == shared]
            panels = f"panels-{words_of(shared)}"
            files = _draw_together(f"{name}-{panels}", root / "figures" / name, cells)
            # A panel's name in the CSV does not say which task it is of.
            _mirror(words, name, here, files, f"{name}/{panels}", interactive=False)


def unfinished(jobs: Sequence[StoredJob]) -> str:
    """Which points lack rows or timings, in words; empty where all are whole."""
    lacking, untimed = _lacking(jobs), []
    for here in _by_setting(jobs):
        machine = _machine(here)
        for job in here:
            late = [one for one in job.thresholds if not job.is_timed(one, machine)]
            if late:
                asked = len(job.spec.method.thresholds)
                untimed.append(f"{_label(job, jobs)} ({len(late)} of {asked} points)")
    parts = []
    if lacking:
        parts.append(f"for rows are missing: {', '.join(lacking)}")
    if untimed:
        parts.append(f"of latency, for timings are missing: {', '.join(untimed)}")
    return "; ".join(parts)


def _lacking(jobs: Sequence[StoredJob]) -> list[str]:
    """The jobs that lack rows, each with how many of its points do."""
    found = []
    for job in itertools.chain.from_iterable(_by_setting(jobs)):
        asked = len(job.spec.method.thresholds)
        if gone := asked - len(job.thresholds):
            found.append(f"{_label(job, jobs)} ({gone} of {asked} points)")
    return found


def _by_setting(jobs: Sequence[StoredJob]) -> list[list[StoredJob]]:
    settings = dict.fromkeys(figure_of(job.spec) for job in jobs)
    return [[job for job in jobs if figure_of(job.spec) == one] for one in settings]


def _label(job: StoredJob, jobs: Sequence[StoredJob]) -> str:
    """The method, and its setting where the jobs have several."""
    several = len({figure_of(one.spec) for one in jobs}) > 1
    method = job.spec.method.name
    return f"{method} at {_suffix(job.spec)}" if several else method


def _mirror(
    words: compose.Words,
    name: str,
    jobs: Sequence[StoredJob],
    files: Sequence[Path],
    label: str,
    interactive: bool = True,
) -> None:
    """Hands a figure to the experiment's logger, and says what became of it."""
    config = compose.sweep(words, name)[0]
    said = make(config, "logger").mirror_figure(
        files,
        [(job.run.path, job.summary) for job in jobs if job.run and job.thresholds],
        name=label,
        group=config.name,
        interactive=interactive,
    )
    if said:
        print(said)


def _draw(
    words: compose.Words, name: str, stem: str, spec: JobSpec, curves: list[Curve]
) -> list[Path]:
    metric = spec.task.metrics[0]
    folder = Path(spec.root) / "figures" / name
    files = make_figure(
        stem,
        curves,
        validation_curves(words, name, spec),
        _published(spec, name),
        figure_settings(spec),
        folder,
        metric=metric,
        console=Console(highlight=False),
    )
    print(f"{metric.name}: {metric.signature}")
    for file in files:
        print(os.path.relpath(file))
    return files


def _cell(spec: JobSpec, curves: Sequence[Curve]) -> Cell:
    settings, metric = figure_settings(spec), spec.task.metrics[0]
    return Cell(
        family=_family(spec),
        measured=measure(curves, metric, settings),
        metric=metric,
        label=metric_label(metric.name),
        settings=settings,
    )


def _draw_together(stem: str, folder: Path, cells: Sequence[Cell]) -> list[Path]:
    """One figure of several pairs and tasks that share all other settings."""
    files = save(draw_panels(cells), folder, stem)
    for file in files:
        print(os.path.relpath(file))
    return files


def _family(spec: JobSpec) -> str:
    """The target's architecture; empty where it shows only once the model is loaded."""
    config = getattr(spec.pair.target, "config", None)
    return type(config).__name__.removesuffix("Config") if config else ""


def figure_settings(spec: JobSpec) -> FigureSettings:
    """What a caption says of the job."""
    return FigureSettings(
        pair=spec.pair.name,
        task=spec.task.name,
        batch=spec.engine.batch_size,
        **dataclasses.asdict(setting_of(spec)),
    )


def setting_of(spec: JobSpec) -> Setting:
    """What all curves of one figure share, pair and task aside."""
    method = spec.method
    return Setting(
        split=spec.split,
        gamma=method.gamma,
        gate=method.gate,
        bonus=method.bonus,
        **dataclasses.asdict(spec.sampling),
    )


def figure_of(spec: JobSpec) -> tuple[str, str, Setting]:
    """What one figure has one of; methods and thresholds vary within it."""
    return spec.pair.name, spec.task.name, setting_of(spec)


def _suffix(spec: JobSpec) -> str:
    return f"{spec.pair.name}-{spec.task.name}-{words_of(setting_of(spec))}"


def words_of(setting: Setting) -> str:
    """A setting as part of a file's name: two that differ have two names."""
    parts = [setting.split, f"T{setting.temperature:g}"]
    if setting.top_k or setting.top_p < 1 or setting.min_p:
        parts.append(f"k{setting.top_k}-p{setting.top_p:g}-m{setting.min_p:g}")
    return "-".join([*parts, f"gamma{setting.gamma}", setting.gate, setting.bonus])


def _machine(jobs: Sequence[StoredJob]) -> Machine | None:
    """The machine whose timings are drawn: this one, else the one with most points."""
    counted = Counter(machine for job in jobs for machine, _ in job.timings)
    if not counted:
        return None
    here = this_host()
    return here if here in counted else counted.most_common(1)[0][0]


def validation_curves(
    words: compose.Words, name: str, spec: JobSpec
) -> list[Curve] | None:
    """The experiment's curves on validation data, where it has any for this figure."""
    wanted = figure_of(dataclasses.replace(spec, split="validation"))
    specs = map(validation_spec, compose.sweep(words, name))
    jobs = [StoredJob.of(one) for one in specs if one and figure_of(one) == wanted]
    return stored_curves(jobs) or None


def published_path(spec: JobSpec) -> Path:
    """Where the curves of the job's pair and task ship."""
    return resolve(f"package:{spec.pair.name}.{spec.task.name}.curves.csv")


def _published(spec: JobSpec, name: str) -> list[PublishedPoint]:
    """The curves that ship for this pair, task and setting, if any do."""
    path, asked = published_path(spec), setting_of(spec)
    if not path.is_file():
        return []
    shipped = read_published(path)
    matching = [one for one in shipped if one.setting == asked]
    if shipped and not matching:
        there = "; ".join(dict.fromkeys(str(one.setting) for one in shipped))
        print(f"{name}: no pale lines; curves ship for {there}, and not for {asked}")
    return matching
