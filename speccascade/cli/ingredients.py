"""What `speccascade train` trains, on what, after which teacher."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from speccascade.checkpoints import (
    SentencePieceVocabulary,
    Vocabulary,
    load,
    safetensors_io,
)
from speccascade.checkpoints.assembly import model_shapes
from speccascade.checkpoints.paths import resolve
from speccascade.cli.build import make
from speccascade.cli.config_type import Config
from speccascade.errors import UserError
from speccascade.models import Gemma, Params, Trainable, model_of
from speccascade.tasks.base import Task
from speccascade.training import cutting
from speccascade.training.batches import BUCKETS, Batch, Pair, epoch
from speccascade.training.evaluation import greedy_metrics
from speccascade.training.growth import deepen_decoder
from speccascade.training.loop import Teacher, TrainingSettings
from speccascade.training.packing import packed
from speccascade.training.rewriting import rewritten


class Ingredients(NamedTuple):
    """Everything that a training needs but its settings.

    Attributes:
      task: its name.
      model: what is trained.
      vocabulary: of the whole model; a cut has only some of its ids.
      pairs: training rows.
      validation: batches.
      initial: parameters that it starts from; None: random ones.
      teacher: whose distributions it learns, if any.
      evaluate: the task's metric of parameters, if it is asked for.
      buckets: lengths that rows are padded to.
      ids: that a cut model has; None: all.
    """

    task: str
    model: Trainable
    vocabulary: Vocabulary
    pairs: Sequence[Pair]
    validation: Sequence[Batch]
    initial: Params | None
    teacher: Teacher | None
    evaluate: Callable[[Params], dict[str, float]] | None = None
    buckets: Sequence[int] = BUCKETS
    ids: Sequence[int] | None = None


def gather(config: Config, report: Callable[[str], None]) -> Ingredients:
    """Reads data and weights; a teacher that rewrites answers does so here.

    Raises:
      UserError: an option is out of its range or could not act, or a file is missing.
    """
    if config.training.cut is not None:
        return _cut_out(config, report)
    return _whole(config, report)


def _whole(config: Config, report: Callable[[str], None]) -> Ingredients:
    """A model that is described by its shape."""
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
        initial = _initial(model, asked)
    validation = task.training_pairs(vocabulary, "validation")
    # Prompts longer than ours are the task's to announce.
    buckets = (*BUCKETS, *(size for size in task.buckets if size > BUCKETS[-1]))
    evaluate = None
    if asked.metric_examples:
        cache = Path(config.paths.cache).expanduser() / "tasks"
        examples = task.examples("validation", vocabulary, cache)
        evaluate = greedy_metrics(
            model, task, vocabulary, examples[: asked.metric_examples]
        )
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
            buckets=buckets,
            report=report,
        )
    return Ingredients(
        task=task.name,
        model=model,
        vocabulary=vocabulary,
        pairs=pairs,
        validation=_batches(
            validation, settings.tokens_per_batch, asked.validation_batches, buckets
        ),
        initial=initial,
        teacher=teacher,
        evaluate=evaluate,
        buckets=buckets,
    )


def _cut_out(config: Config, report: Callable[[str], None]) -> Ingredients:
    """Some layers and ids of the teacher, which is a checkpoint of any kind."""
    asked, cut = config.training, config.training.cut
    _check_cut(asked)
    settings = make(asked, "settings", TrainingSettings)
    task = make(config, "task", Task)
    whole = load(asked.teacher.uri)
    vocabulary = whole.vocabulary
    if not isinstance(whole.model, Gemma) or vocabulary is None:
        raise UserError(
            f"training.teacher.uri = {asked.teacher.uri} must be a decoder-only model "
            "that brings its vocabulary."
        )
    report("reading the training text in the teacher's vocabulary")
    texts = {
        split: _worked(task, vocabulary, split) for split in ("train", "validation")
    }
    # Some decoders, such as Qwen2, have no BOS; their end token then begins a row.
    opener = vocabulary.bos_id if vocabulary.bos_id >= 0 else vocabulary.eos_id
    special = [opener, vocabulary.eos_id]
    ids = cutting.frequent_ids(texts["train"], cut.ids, also=special)
    narrow, params = cutting.cut_vocabulary(whole.model, whole.params, ids)
    model, initial = cutting.cut_layers(narrow, params, tuple(cut.layers))
    rows = {
        split: cutting.narrowed(packed(found, cut.row_tokens, bos_id=opener), ids)
        for split, found in texts.items()
    }
    buckets = (BUCKETS[0], cut.row_tokens)
    return Ingredients(
        task=task.name,
        model=model,
        vocabulary=vocabulary,
        pairs=rows["train"],
        validation=_batches(
            rows["validation"],
            settings.tokens_per_batch,
            asked.validation_batches,
            buckets,
        ),
        initial=initial,
        teacher=Teacher(model=narrow, params=params),
        buckets=buckets,
        ids=ids.tolist(),
    )


def _worked(task: Task, vocabulary: Vocabulary, split: str) -> list[list[int]]:
    """Every example as a few-shot prompt shows it, in ids, without BOS."""
    begin = len(vocabulary.encode_open(""))
    return [
        vocabulary.encode_open(task.worked_example(text))[begin:]
        for text in task.texts(split)
    ]


def _check_cut(asked: Any) -> None:
    """Raises UserError for an option that a cut lacks, or that it has no use for."""
    if asked.teacher.uri is None:
        raise UserError("training.cut needs what it cuts: set training.teacher.uri.")
    idle = {
        "training.model": asked.model is not None,
        "training.initial": asked.initial is not None,
        "training.initial_decoder_layers": asked.initial_decoder_layers is not None,
        "training.initial_layers": asked.initial_layers is not None,
        "training.teacher.weights": asked.teacher.weights is not None,
        "training.teacher.rewrites": asked.teacher.rewrites != 0,
        "training.metric_examples": asked.metric_examples != 0,
    }
    if given := [name for name, found in idle.items() if found]:
        raise UserError(f"A training.cut has no use for {', '.join(given)}: remove it.")
    if asked.cut.ids < 1 or asked.cut.row_tokens <= BUCKETS[0]:
        raise UserError(
            f"training.cut needs at least 1 of ids and more than {BUCKETS[0]} "
            f"row_tokens, not {asked.cut.ids} and {asked.cut.row_tokens}."
        )


def _check_options(asked: Any, model: Trainable) -> None:
    """Raises UserError for an option that is out of its range or could not act."""
    rewrites, fewer = asked.teacher.rewrites, asked.initial_decoder_layers
    if rewrites < 0:
        raise UserError(f"training.teacher.rewrites must be >= 0, not {rewrites}.")
    if rewrites and asked.teacher.weights is None:
        raise UserError(
            "training.teacher.rewrites needs a teacher: set training.teacher.weights."
        )
    if asked.teacher.uri is not None:
        raise UserError(
            "training.teacher.uri is what training.cut cuts: set that, or give the "
            "teacher as training.teacher.weights and training.teacher.config."
        )
    layers = getattr(model.config, "num_decoder_layers", None)
    if asked.initial_layers is not None and (
        asked.initial is None or not isinstance(model, Gemma)
    ):
        raise UserError(
            "training.initial_layers chooses layers of training.initial for a "
            "decoder-only model: set that, or remove it."
        )
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


def _initial(model: Trainable, asked: Any) -> Params:
    """The weights to start from, deepened or cut to the layers that the model has."""
    path, fewer = asked.initial, asked.initial_decoder_layers
    if asked.initial_layers is not None:
        whole = load(f"mini:{resolve(path)}")
        if not isinstance(whole.model, Gemma):
            raise UserError(f"training.initial = {path} is no decoder-only model.")
        cut, params = cutting.cut_layers(
            whole.model, whole.params, tuple(asked.initial_layers)
        )
        if cut.config != model.config:
            raise UserError(
                f"training.initial_layers makes {cut.config} of {path}, and "
                f"training.model is {model.config}: they must be equal."
            )
        return params
    if fewer is None:
        return _load(model, path)
    shallow = dataclasses.replace(model.config, num_decoder_layers=fewer)
    layers = model.config.num_decoder_layers
    return deepen_decoder(_load(model_of(shallow), path), layers)


def _check_width(vocabulary: Vocabulary, model: Trainable) -> None:
    if vocabulary.size > model.vocab_size:
        raise UserError(
            f"The vocabulary {vocabulary.path} has {vocabulary.size} pieces, more than "
            f"vocab_size = {model.vocab_size}; raise the model's vocab_size."
        )


def _load(model: Trainable, path: str) -> Params:
    return safetensors_io.load(resolve(path), model_shapes(model))


def _batches(
    rows: Sequence[Pair], tokens_per_batch: int, count: int, buckets: Sequence[int]
) -> list[Batch]:
    found = list(epoch(rows, tokens_per_batch, seed=0, number=0, buckets=buckets))
    if not found[:count]:
        raise UserError(
            "The validation data do not fill one batch of training.settings."
            f"tokens_per_batch = {tokens_per_batch}; lower it."
        )
    return found[:count]
