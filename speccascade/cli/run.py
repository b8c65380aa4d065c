"""`speccascade run`: one job, or with -m a sweep; Hydra's grammar.

Hydra's own launcher runs the jobs of a sweep one after the other in this process. They
are decoded first, and timed together at the end, so that all share the timings of the
target. Under another launcher each job is timed where it ran, by itself.
"""

import functools
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from speccascade.cli import compose, outcomes
from speccascade.cli.config_type import Config
from speccascade.cli.guard import OK
from speccascade.cli.launch import import_from_here, launch


class Decoded(NamedTuple):
    """A job whose quality phase is over."""

    name: str
    spec: Any
    mirror: Any
    draws: bool


_decoded: list[Decoded] = []  # of this process's sweep, waiting to be timed


def main(arguments: Sequence[str]) -> int:
    """Everything after the verb is Hydra's; several experiments run one by one."""
    statuses = [_run(words) for words in compose.expanded(arguments)]
    return max(statuses)


def _run(arguments: Sequence[str]) -> int:
    _decoded.clear()
    status = launch("run", job, "config", arguments)
    if _decoded:
        _time_and_mirror(_decoded, live=None)
    if status == OK and any(one.draws for one in _decoded):
        return _draw(_decoded[0].name, arguments)
    return status


def _draw(name: str, arguments: Sequence[str]) -> int:
    """What `speccascade figures` with the same overrides would draw."""
    from speccascade.cli import figures

    kept = [
        word
        for word in arguments
        if "=" in word and not word.startswith(("-", "experiment="))
    ]
    folder = compose.config_dir(arguments)
    further = [] if folder is None else ["--config-dir", folder]
    return figures.main([name, *kept, *further])


def job(config: Config) -> float | None:
    """One job, called by Hydra, under some launchers in a process of its own.

    Returns what a search maximises, where the configuration has an objective; a search
    cannot go on without it, so there an error goes on to Hydra too.
    """
    settings: Any = HydraConfig.get()
    label = f"{config.name}/{settings.runtime.choices.get('method')}"
    here = settings.launcher._target_.endswith("BasicLauncher")
    live = None if here else False  # several at once would draw over one another
    if not here:
        # Several jobs may share a device: none may take all of its memory at once.
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    number = OmegaConf.select(settings, "job.num") or 0  # missing in a single run
    searches = config.objective is not None
    folder = settings.runtime.output_dir
    with outcomes.recorded(folder, label, number, raises=searches):
        import_from_here()
        if settings.mode == RunMode.MULTIRUN and _is_left_out(config):
            return None
        decoded = _decode(config, live)
        if here and settings.mode == RunMode.MULTIRUN:
            _decoded.append(decoded)
        else:
            _time_and_mirror([decoded], live)
        return _value(config, decoded) if searches else None


# JAX is imported with the first job, not to show the help.


def _is_left_out(config: Config) -> bool:
    """Whether a sweep came to a task that is not asked of the pair."""
    from speccascade.cli.build import is_asked

    return not is_asked(config)


def _decode(config: Config, live: bool | None) -> Decoded:
    from speccascade.cli.build import job_spec, make, validation_spec
    from speccascade.cli.reporter import ConsoleReporter
    from speccascade.jobs.programs import free_compiled_programs
    from speccascade.jobs.run import check_job, decode_job

    spec, mirror = job_spec(config), make(config, "logger")
    decoded = Decoded(config.name, spec, mirror, config.draws)
    validation = validation_spec(config)
    if validation is not None:
        check_job(validation)  # not after hours of decoding
    with ConsoleReporter(config.name, live=live) as report:
        decode_job(decoded.spec, report)
    if validation is not None:
        label = f"{config.name} (validation)"
        with ConsoleReporter(label, live=live) as report:
            decode_job(validation, report)
    free_compiled_programs()
    return decoded


def _value(config: Config, decoded: Decoded) -> float:
    from speccascade.cli.build import make
    from speccascade.jobs.objective import Objective
    from speccascade.jobs.stored import stored_summary

    objective: Objective = make(config, "objective", Objective)
    return objective.value(stored_summary(decoded.spec))


def _time_and_mirror(decoded: Sequence[Decoded], live: bool | None) -> None:
    from speccascade.cli.reporter import ConsoleReporter
    from speccascade.jobs.run import time_jobs
    from speccascade.jobs.stored import stored_summary

    with ConsoleReporter(decoded[0].name, live=live) as report:
        directories = time_jobs([one.spec for one in decoded], report)
        for one, directory in zip(decoded, directories, strict=True):
            asked = functools.partial(stored_summary, one.spec)
            said = one.mirror.mirror(directory.path, group=one.name, summary=asked)
            if said:
                report.line(said)
