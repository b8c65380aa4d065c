"""`speccascade train`: one model, from scratch, from weights, or distilled."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from speccascade.cli import outcomes
from speccascade.cli.config_type import Config
from speccascade.cli.launch import import_from_here, launch
from speccascade.errors import UserError

if TYPE_CHECKING:
    from speccascade.checkpoints import Vocabulary
    from speccascade.models import Params, Trainable


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
    from speccascade.checkpoints import SentencePieceVocabulary
    from speccascade.checkpoints.paths import resolve
    from speccascade.checkpoints.safetensors_io import save
    from speccascade.cli.build import make
    from speccascade.cli.reporter import ConsoleReporter
    from speccascade.models import model_of
    from speccascade.tasks.base import Task
    from speccascade.training.evaluation import greedy_metrics
    from speccascade.training.loop import Teacher, TrainingSettings, train
    from speccascade.training.rewriting import rewritten

    asked = config.training
    model = model_of(make(asked, "model"))
    _check_options(asked, model)
    settings = make(asked, "settings", TrainingSettings)
    task = make(config, "task", Task)
    vocabulary = SentencePieceVocabulary(resolve(asked.vocabulary))
    _check_width(vocabulary, model)
    teacher = None
    if asked.teacher.weights is not None:
        master = model_of(make(asked.teacher, "config"))
        _check_width(vocabulary, master)
        teacher = Teacher(model=master, params=_load(master, asked.teacher.weights))
    initial = None
    if asked.initial is not None:
        initial = _initial(model, asked.initial, asked.initial_decoder_layers)
    validation = [
        (task.encode_prompt(vocabulary, text.source), vocabulary.encode(text.reference))
        for text in task.texts("validation")
    ]
    evaluate = None
    if asked.metric_examples:
        cache = Path(config.paths.cache).expanduser() / "tasks"
        examples = task.examples("validation", vocabulary, cache)
        evaluate = greedy_metrics(
            model, task, vocabulary, examples[: asked.metric_examples]
        )
    with ConsoleReporter(name) as report:
        pairs = task.training_pairs(vocabulary)
        if teacher is not None and asked.teacher.rewrites:
            pairs = rewritten(
                teacher.model,
                teacher.params,
                pairs,
                Path(asked.directory).expanduser() / "rewritten.jsonl",
                count=asked.teacher.rewrites,
                temperature=asked.teacher.temperature,
                seed=settings.seed,
                eos_id=vocabulary.eos_id,
                report=report.line,
            )
        params = train(
            model,
            pairs,
            _batches(validation, settings.tokens_per_batch, asked.validation_batches),
            settings,
            Path(asked.directory).expanduser(),
            initial=initial,
            teacher=teacher,
            evaluate=evaluate,
            report=report.line,
        )
        output = Path(asked.output).expanduser()
        output.parent.mkdir(parents=True, exist_ok=True)
        metadata = {
            "task": task.name,
            "steps": str(settings.steps),
            "vocabulary_sha256": vocabulary.sha256,
        }
        save(params, output, metadata=metadata)
        report.line(f"weights are in {output}")


def _check_options(asked: Any, model: "Trainable") -> None:
    """Raises UserError for an option that is out of its range or could not act."""
    rewrites, fewer = asked.teacher.rewrites, asked.initial_decoder_layers
    if rewrites < 0:
        raise UserError(f"training.teacher.rewrites must be >= 0, not {rewrites}.")
    if rewrites and asked.teacher.weights is None:
        raise UserError(
            "training.teacher.rewrites needs a teacher: set training.teacher.weights."
        )
    layers = getattr(model.config, "num_decoder_layers", None)
    if fewer is not None and layers is None:
        raise UserError(
            "training.initial_decoder_layers deepens a T5, and this is none: remove it."
        )
    if fewer is not None and (asked.initial is None or not 1 <= fewer <= layers):
        raise UserError(
            f"training.initial_decoder_layers = {fewer} is the number of decoder "
            f"layers in training.initial: 1 to {layers}, the model's own, and only "
            "with weights to start from."
        )


def _initial(model: "Trainable", path: str, fewer: int | None) -> "Params":
    """The weights to start from, deepened where they have `fewer` decoder layers."""
    from speccascade.models import model_of
    from speccascade.training.growth import deepen_decoder

    if fewer is None:
        return _load(model, path)
    shallow = dataclasses.replace(model.config, num_decoder_layers=fewer)
    layers = model.config.num_decoder_layers
    return deepen_decoder(_load(model_of(shallow), path), layers)


def _check_width(vocabulary: "Vocabulary", model: "Trainable") -> None:
    if vocabulary.size > model.vocab_size:
        raise UserError(
            f"The vocabulary {vocabulary.path} has {vocabulary.size} pieces, more than "
            f"vocab_size = {model.vocab_size}; raise the model's vocab_size."
        )


def _load(model: "Trainable", path: str) -> "Params":
    import jax

    from speccascade.checkpoints.paths import resolve
    from speccascade.checkpoints.safetensors_io import load

    return load(resolve(path), jax.eval_shape(model.init, jax.random.key(0)))


def _batches(pairs: Sequence, tokens_per_batch: int, count: int) -> list:
    from speccascade.training.batches import epoch

    found = list(epoch(pairs, tokens_per_batch, seed=0, number=0))[:count]
    if not found:
        raise UserError(
            "The validation data do not fill one batch of training.settings."
            f"tokens_per_batch = {tokens_per_batch}; lower it."
        )
    return found
