"""`speccascade figures`: draws figures and prints tables from the store."""

import dataclasses
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from speccascade.checkpoints.pairs import resolve
from speccascade.cli import compose
from speccascade.cli.build import job_spec
from speccascade.cli.guard import OK
from speccascade.cli.stored import stored_run
from speccascade.curves import Curve, PublishedPoint, load_curve, read_published
from speccascade.curves.observations import Label
from speccascade.errors import UserError
from speccascade.figures import FigureSettings, make
from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.spec import JobSpec
from speccascade.latency.measured import this_host
from speccascade.methods import display_name
from speccascade.store import RunDirectory, Settings

DESCRIPTION = (
    "Draws the figure and prints the table of the named experiments (by default: of "
    "all that were run), from the store alone. Files go to figures/NAME under "
    "paths.root."
)
Found = list[tuple[JobSpec, RunDirectory]]


def main(arguments: Sequence[str]) -> int:
    """One figure and one table an experiment and setting."""
    words = compose.parse("figures", DESCRIPTION, arguments)
    drawn = 0
    for name in words.names or compose.experiments(words.config_dir):
        specs = [job_spec(config) for config in compose.sweep(words, name)]
        found = _found(specs)
        if found:
            drawn += 1
            _draw_experiment(words, name, specs, found)
        elif words.names:
            raise UserError(
                f"Nothing of {name!r} was run yet: {_command(words, name)}."
            )
    if not drawn:
        raise UserError(f"Nothing was run yet: {_command(words, 'demo')}.")
    return OK


def stored_curves(specs: Sequence[JobSpec]) -> list[Curve]:
    """The curves of jobs that were run, with what they asked for and no more."""
    return _curves(_found(specs))


def _command(words: compose.Words, name: str) -> str:
    extra = "".join(f" {override}" for override in words.overrides)
    if words.config_dir is not None:
        extra += f" --config-dir {words.config_dir}"
    return f"run `speccascade run -m experiment={name}{extra}`"


def _draw_experiment(
    words: compose.Words, name: str, specs: Sequence[JobSpec], found: Found
) -> None:
    there = {spec.method.name for spec, _ in found}
    missing = [spec.method.name for spec in specs if spec.method.name not in there]
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        print(f"{name}: not run yet, so left out: {names}")
    settings = dict.fromkeys(_setting(spec) for spec, _ in found)
    for setting in settings:
        here = [(spec, run) for spec, run in found if _setting(spec) == setting]
        stem = name if len(settings) == 1 else f"{name}-{_suffix(here[0][0])}"
        _draw(words, name, stem, here)


def _draw(words: compose.Words, name: str, stem: str, found: Found) -> None:
    spec = found[0][0]
    metric = spec.task.metrics[0]
    folder = Path(spec.root) / "figures" / name
    files = make(
        stem,
        _curves(found),
        _validation_curves(words, name, spec),
        _published(spec),
        FigureSettings(
            pair=spec.pair.name,
            task=spec.task.name,
            split=spec.split,
            examples=spec.num_examples,
            seeds=spec.seeds,
            temperature=spec.sampling.temperature,
            gamma=spec.method.gamma,
            batch=spec.engine.batch_size,
            gate=spec.method.gate,
            bonus=spec.method.bonus,
            latency_examples=spec.latency.num_examples,
            latency_repeats=spec.latency.repeats,
        ),
        folder,
        metric=metric,
        console=Console(highlight=False),
    )
    print(f"{metric.name}: {metric.signature}")
    for file in files:
        print(os.path.relpath(file))


def _found(specs: Sequence[JobSpec]) -> Found:
    runs = ((spec, stored_run(spec)) for spec in specs)
    return [(spec, run) for spec, run in runs if run is not None]


def _setting(spec: JobSpec) -> tuple[object, ...]:
    """What one figure has one of; methods and thresholds vary within it."""
    method = spec.method
    return (
        spec.pair.name,
        spec.task.name,
        spec.split,
        spec.sampling,
        method.gamma,
        method.gate,
        method.bonus,
    )


def _suffix(spec: JobSpec) -> str:
    sampling, method = spec.sampling, spec.method
    parts = [spec.pair.name, spec.task.name, spec.split, f"T{sampling.temperature:g}"]
    if sampling.top_k or sampling.top_p < 1 or sampling.min_p:
        parts.append(f"k{sampling.top_k}-p{sampling.top_p:g}-m{sampling.min_p:g}")
    return "-".join([*parts, f"gamma{method.gamma}", method.gate, method.bonus])


def _curves(found: Found) -> list[Curve]:
    """What the jobs asked for and no more: a run directory may hold other points."""
    host, device = _machine(run for _, run in found)
    curves = []
    for spec, run in found:
        examples = LoadedJob.of(spec).examples
        sampling = Settings(**dataclasses.asdict(spec.sampling))
        curve = load_curve(
            run,
            display_name=display_name(spec.method.name),
            sampling=sampling,
            thresholds=spec.method.thresholds,
            seeds=spec.seeds,
            examples={example.id: example.sha256 for example in examples},
            labels=_labels(spec),
            host=host,
            device=device,
        )
        if curve.points:
            curves.append(curve)
    return curves


def _machine(runs: Iterator[RunDirectory]) -> tuple[str | None, str | None]:
    """The machine whose timings are drawn: this one, else the one with the most."""
    counted = Counter((one.host, one.device) for run in runs for one in run.latency())
    if not counted:
        return None, None
    here = this_host()
    return here if here in counted else counted.most_common(1)[0][0]


def _labels(spec: JobSpec) -> Mapping[float, Label]:
    rule = spec.method.rule_object
    if rule is None:
        return {}
    ends: list[tuple[float | None, Label]] = [
        (rule.lossless_end, "lossless"),
        (rule.drafter_end, "drafter"),
    ]
    return {alpha: label for alpha, label in ends if alpha is not None}


def _validation_curves(
    words: compose.Words, name: str, spec: JobSpec
) -> list[Curve] | None:
    """The same experiment on validation data, where it was run (split=validation)."""
    if spec.split == "validation":
        return None
    others = tuple(word for word in words.overrides if not word.startswith("split="))
    asked = dataclasses.replace(words, overrides=(*others, "split=validation"))
    specs = [job_spec(config) for config in compose.sweep(asked, name)]
    wanted = dataclasses.replace(spec, split="validation")
    found = [one for one in _found(specs) if _setting(one[0]) == _setting(wanted)]
    return _curves(found) or None


def _published(spec: JobSpec) -> list[PublishedPoint] | None:
    """The curves that ship for this pair and task, if any do."""
    path = resolve(f"package:{spec.pair.name}.{spec.task.name}.curves.csv")
    return read_published(path) if path.is_file() else None
