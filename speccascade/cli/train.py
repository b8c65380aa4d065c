"""`speccascade train`: one model, from scratch, from weights, or distilled."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from speccascade.cli import outcomes
from speccascade.cli.config_type import Config
from speccascade.cli.launch import import_from_here, launch


def main(arguments: Sequence[str]) -> int:
    """Everything after the verb is Hydra's."""
    return launch("train", job, "train", arguments)


def job(config: Config) -> None:
    """One training, called by Hydra."""
    settings: Any = HydraConfig.get()
    number = OmegaConf.select(settings, "job.num") or 0
    name = f"train/{config.training.name}"
    with outcomes.recorded(settings.runtime.output_dir, name, number):
        import_from_here()
        _train(config, name)


def _train(config: Config, name: str) -> None:
    # JAX is imported with the first job, not to show the help.
    from speccascade.checkpoints import own_weights
    from speccascade.checkpoints.safetensors_io import save
    from speccascade.cli.build import make
    from speccascade.cli.ingredients import gather
    from speccascade.cli.reporter import ConsoleReporter
    from speccascade.training.loop import TrainingSettings, train

    asked = config.training
    settings = make(asked, "settings", TrainingSettings)
    with ConsoleReporter(name) as report:
        found = gather(config, report.line)
        params = train(
            found.model,
            found.pairs,
            found.validation,
            settings,
            Path(asked.directory).expanduser(),
            initial=found.initial,
            teacher=found.teacher,
            evaluate=found.evaluate,
            buckets=found.buckets,
            report=report.line,
        )
        output = Path(asked.output).expanduser()
        output.parent.mkdir(parents=True, exist_ok=True)
        metadata = {
            "task": found.task,
            "steps": str(settings.steps),
            "vocabulary_sha256": found.vocabulary.sha256,
        }
        if not found.ids:
            metadata["prompts"] = own_weights.CLOSED
        metadata |= own_weights.header(found.model, found.ids, found.vocabulary.size)
        save(params, output, metadata=metadata)
        report.line(f"weights are in {output}")
