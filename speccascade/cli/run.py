"""`speccascade run`: one job, or with -m a sweep; Hydra's grammar."""

from collections.abc import Sequence
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from speccascade.cli import outcomes
from speccascade.cli.config_type import Config
from speccascade.cli.launch import import_from_here, launch


def main(arguments: Sequence[str]) -> int:
    """Everything after the verb is Hydra's."""
    return launch("run", job, "config", arguments)


def job(config: Config) -> None:
    """One job, called by Hydra, under some launchers in a process of its own."""
    settings: Any = HydraConfig.get()
    label = f"{config.name}/{settings.runtime.choices.get('method')}"
    # Several at once would draw over one another.
    alone = settings.launcher._target_.endswith("BasicLauncher")
    number = OmegaConf.select(settings, "job.num") or 0  # missing in a single run
    with outcomes.recorded(settings.runtime.output_dir, label, number):
        import_from_here()
        _run(config, live=None if alone else False)


def _run(config: Config, live: bool | None) -> None:
    # JAX is imported with the first job, not to show the help.
    from speccascade.cli.build import job_spec, make
    from speccascade.cli.reporter import ConsoleReporter
    from speccascade.jobs.run import run_job

    spec = job_spec(config)
    mirror = make(config, "logger")
    with ConsoleReporter(config.name, live=live) as report:
        directory = run_job(spec, report)
        said = mirror.mirror(directory.path, group=config.name)
        if said:
            report.line(said)
