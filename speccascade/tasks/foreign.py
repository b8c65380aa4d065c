"""Any Task or Mixture that the user registered with seqio, as a task of ours.

    speccascade run task=seqio task.name=NAME task.module=PACKAGE

The module is imported, which registers what it has; the name is then looked up in
seqio's registry. Nothing is cached on disk, since nobody could know when it is stale:
every start imports TensorFlow and runs the Task's pipeline, up to its tokenisation.

Texts are `inputs_pretokenized` and `targets_pretokenized` where the Task keeps them,
and otherwise what its vocabulary decodes its tokens to. Where its vocabulary is the
pair's, its tokens are used as they are; elsewhere the pair's vocabulary tokenises the
texts.

A Mixture is its Tasks: their examples take turns, in the order of the Tasks' names, so
that the first n are of all of them. Tasks without the split are left out, as
`seqio.Evaluator` does.

Two kinds of scores:

- `metrics`, ours, score every example by additive parts, so that curves, intervals and
  paired tests work as everywhere. They see the model's text and the target's as it is.
- The Task's own metric functions see all predictions at once, after its postprocessor.
  They are no sums, and scoring examples one by one would be right for means alone; so
  they are computed over the predictions of each point, when it is decoded, and stored
  beside the summary without an interval. Those that need scores of the model instead
  of its text, and metric objects, are left out.
"""

import dataclasses
import difflib
import functools
import importlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.errors import UserError
from speccascade.tasks.base import Example, Task, Text
from speccascade.tasks.cache import Encoded
from speccascade.tasks.metrics import Bleu, Metric
from speccascade.tasks.rouge import Rouge

if TYPE_CHECKING:
    import seqio


class Row(NamedTuple):
    """An example as its Task gives it, and that Task."""

    task: "seqio.Task"
    fields: Mapping[str, Any]

    def text(self, feature: str) -> str:
        """The text of `inputs` or `targets`."""
        kept = self.fields.get(f"{feature}_pretokenized")
        if kept is not None:
            return kept.decode() if isinstance(kept, bytes) else str(kept)
        vocabulary = self.task.output_features[feature].vocabulary
        return vocabulary.decode(self.fields[feature].tolist())


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeqioTask(Task):
    """A Task or Mixture of seqio's registry, with the features inputs and targets.

    Attributes:
      name: in the registry.
      module: Python module that registers it.
    """

    name: str = ""
    module: str = ""
    cuts_prompts: bool = True
    metrics: tuple[Metric, ...] = (Bleu(), Rouge(kind="rougeL"))

    def __post_init__(self) -> None:
        if not self.name or not self.module:
            raise UserError(
                "task=seqio needs task.name, of a registered Task or Mixture, and "
                "task.module, the Python module that registers it."
            )
        super().__post_init__()

    @property
    def source(self) -> str:
        return f"seqio/{self.module}"

    def in_form(self, form: str) -> Task:
        """`few_shot`: the model goes on with the prompt that the Task makes."""
        if form != "few_shot":
            return super().in_form(form)
        return dataclasses.replace(self, open_prompt=True, cuts_prompts=False)

    def check_split(self, split: str) -> None:
        """Accepts every name; what there is, `texts` finds out."""

    def evaluation_file(self, split: str) -> Path:
        raise UserError(f"Task {self.name!r} is read through seqio, from no file.")

    def texts(self, split: str) -> list[Text]:
        return [
            Text(number, row.text("inputs"), row.text("targets"))
            for number, row in enumerate(self._rows(split))
        ]

    def examples(
        self, split: str, vocabulary: Vocabulary, cache_dir: str | Path
    ) -> list[Example]:
        """As every task's, but never from the cache."""
        del cache_dir
        return [self._example(*one) for one in self._encode(split, vocabulary)]

    def seqio_task(self, vocabulary: Vocabulary) -> "seqio.Task":
        raise UserError(f"{self.name!r} is in seqio's registry: take it from there.")

    def corpus_scores(
        self, split: str
    ) -> Callable[[Mapping[int, str]], dict[str, float]]:
        """The metric functions of the Task, or of each Task of a Mixture."""
        rows = self._rows(split)

        def scores(predictions: Mapping[int, str]) -> dict[str, float]:
            by_task: dict[str, list[tuple[Row, str]]] = {}
            for number, prediction in sorted(predictions.items()):
                row = rows[number]
                by_task.setdefault(row.task.name, []).append((row, prediction))
            return {
                metric if len(by_task) == 1 else f"{name}/{metric}": value
                for name, answered in by_task.items()
                for metric, value in _own_scores(answered).items()
            }

        return scores

    def _rows(self, split: str) -> tuple[Row, ...]:
        lengths = self.max_prompt_tokens, self.max_new_tokens
        return _rows(self.name, self.module, split, lengths)

    def _encode(self, split: str, vocabulary: Vocabulary) -> list[Encoded]:
        from speccascade.tasks.seqio_task import is_vocabulary

        begin = vocabulary.encode_open("") if self.open_prompt else []
        begin = begin or vocabulary.encode("")[:-1]
        rows, encoded = self._rows(split), []
        ours = {
            name: is_vocabulary(task.output_features["inputs"].vocabulary, vocabulary)
            for name, task in {row.task.name: row.task for row in rows}.items()
        }
        for text, row in zip(self.texts(split), rows, strict=True):
            as_it_is = self.prompt_form == "{source}" and not self.chat
            if ours[row.task.name] and as_it_is:
                ids = row.fields["inputs"].tolist()
                if self.open_prompt and ids and ids[-1] == vocabulary.eos_id:
                    ids.pop()
                ids = [*begin, *ids]
            else:
                ids = self.encode_prompt(vocabulary, text.source)
            encoded.append(Encoded(text.id, text.source, text.reference, ids))
        return encoded


@functools.lru_cache(maxsize=4)
def _rows(
    name: str, module: str, split: str, lengths: tuple[int, int]
) -> tuple[Row, ...]:
    """The examples of a split; those of a Mixture's Tasks take turns.

    Raises:
      UserError: the module, the name, the split or a feature is not there.
    """
    tasks = _tasks(name, module)
    there = [task for task in tasks if split in task.splits]
    if not there:
        known = sorted({str(one) for task in tasks for one in task.splits})
        raise UserError(
            f"{name!r} of seqio's registry has no split {split!r}; it has "
            f"{', '.join(known)}."
        )
    for task in there:
        if missing := {"inputs", "targets"} - task.output_features.keys():
            raise UserError(
                f"Task {task.name!r} has no feature {min(missing)}: it must have "
                "inputs and targets."
            )
    examples = [_examples(task, split, lengths) for task in there]
    turns = itertools.zip_longest(*examples)
    return tuple(row for turn in turns for row in turn if row is not None)


def _examples(task: "seqio.Task", split: str, lengths: tuple[int, int]) -> list[Row]:
    dataset = task.get_dataset(
        sequence_length=dict(zip(("inputs", "targets"), lengths, strict=True)),
        split=split,
        shuffle=False,
        seed=0,
        trim_output_features=False,
    )
    return [Row(task, fields) for fields in dataset.as_numpy_iterator()]


def _tasks(name: str, module: str) -> "Sequence[seqio.Task]":
    """What a name means, once its module has been imported."""
    # Before the user's module: it sets up what TensorFlow may not take.
    importlib.import_module("speccascade.tasks.seqio_task")
    import seqio

    try:
        importlib.import_module(module)
    except Exception as error:
        raise UserError(
            f"task.module={module} cannot be imported ({type(error).__name__}: "
            f"{error})."
        ) from error
    known = [*seqio.TaskRegistry.names(), *seqio.MixtureRegistry.names()]
    if name not in known:
        near = difflib.get_close_matches(name, known, cutoff=0.5) or sorted(known)[:5]
        listed = f"near names are {', '.join(near)}" if near else "nor any other"
        raise UserError(
            f"{module} registers no seqio Task or Mixture {name!r}; {listed}."
        )
    return seqio.get_subtasks(seqio.get_mixture_or_task(name))


def _own_scores(answered: Sequence[tuple[Row, str]]) -> dict[str, float]:
    """What one Task's own metric functions give for all its answers: the numbers."""
    task = answered[0][0].task
    targets = [
        task.postprocess_fn(row.text("targets"), example=row.fields, is_target=True)
        for row, _ in answered
    ]
    predictions = [
        task.postprocess_fn(prediction, example=row.fields, is_target=False)
        for row, prediction in answered
    ]
    scores: dict[str, float] = {}
    for metric in task.predict_metric_fns:
        for name, value in metric(targets, predictions).items():
            number = getattr(value, "value", value)  # seqio.metrics.Scalar
            if isinstance(number, (int, float, np.number)) and not np.isnan(number):
                scores[name] = float(number)
    return scores
