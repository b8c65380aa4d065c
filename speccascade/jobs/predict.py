"""The engine as the `predict_fn` of `seqio.Evaluator`, with any pair and method.

    seqio.TaskRegistry.add_provider(task.name, task.seqio_task(vocabulary))
    evaluator = seqio.Evaluator(task.name, seqio.EncDecFeatureConverter(pack=False))
    metrics, outputs = evaluator.evaluate(
        compute_metrics=True, predict_fn=predict_fn(spec, Coordinates(threshold=0.3))
    )

The evaluator hands over a data set of (index, features of the model). A prompt is the
encoder's tokens or, for a decoder alone (`seqio.PrefixLMFeatureConverter`), what it may
attend to in both directions; 0 is padding. Neither has the BOS that the pair's
vocabulary begins texts with: it is put before them, as in our own tasks.

The index keys the random numbers, as the example's id does in a job: of one of our
tasks, in its own order and without a sample, the predictions are those of its records.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from speccascade.errors import UserError
from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.spec import JobSpec
from speccascade.store import Coordinates
from speccascade.tasks.base import Example


@runtime_checkable
class Dataset(Protocol):
    """What is needed of a `tf.data.Dataset`."""

    def as_numpy_iterator(self) -> Any:
        """Iterates over (index, features)."""
        ...


Predictions = list[tuple[int, list[int]]]


def predict_fn(spec: JobSpec, place: Coordinates) -> Callable[..., Predictions]:
    """A function from the evaluator's data set to each example's (index, answer's ids).

    Answers have `max_new_tokens` ids each, 0 after the end.

    Args:
      spec: pair, method, sampling and batch size; of its task the prompt's limits and
        form, the stops, and `max_new_tokens`.
      place: threshold, seed and sampling.

    Raises:
      UserError: the task asks in a chat; or, from the function, the features hold no
        prompt or one that is too long.
    """
    spec.task.check_seqio()
    job = LoadedJob.without_examples(spec)

    def predict(
        dataset: Dataset, model_feature_shapes: Mapping[str, Any] | None = None
    ) -> Predictions:
        del model_feature_shapes
        examples = [
            _example(job, int(index), features)
            for index, features in dataset.as_numpy_iterator()
        ]
        found: Predictions = []
        for bucket in spec.task.buckets:
            here = [one for one in examples if job.bucket(one) == bucket]
            found += _decoded(job, here, place)
        return sorted(found)

    return predict


def _decoded(
    job: LoadedJob, examples: Sequence[Example], place: Coordinates
) -> Predictions:
    """Answers to prompts of one bucket."""
    size, found = job.spec.engine.batch_size, []
    for start in range(0, len(examples), size):
        members = examples[start : start + size]
        generation = job.decode(job.execution, job.batch(members, place, size))
        rows = np.asarray(generation.tokens).tolist()[: len(members)]
        found += [(one.id, row) for one, row in zip(members, rows, strict=True)]
    return found


def _example(job: LoadedJob, index: int, features: Mapping[str, np.ndarray]) -> Example:
    task, vocabulary = job.spec.task, job.pair.vocabulary
    begin = vocabulary.encode("")[:-1]
    if task.open_prompt:
        begin = vocabulary.encode_open("")
    tokens = task.fitted(index, [*begin, *_prompt(features)])
    return Example(id=index, source="", reference="", tokens=tokens, sha256="")


def _prompt(features: Mapping[str, np.ndarray]) -> list[int]:
    """Prompt ids without padding."""
    if "encoder_input_tokens" in features:
        tokens = features["encoder_input_tokens"]
        return tokens[: int(np.flatnonzero(tokens)[-1]) + 1].tolist()
    if "decoder_causal_attention" in features:
        # Ones for the prompt and the first place of the answer, which it predicts.
        length = int(features["decoder_causal_attention"].sum()) - 1
        return features["decoder_target_tokens"][:length].tolist()
    raise UserError(
        f"The features {', '.join(sorted(features))} hold no prompt apart from its "
        "answer; use seqio's EncDecFeatureConverter or PrefixLMFeatureConverter."
    )
