"""The task's own metric of a model in training: greedy answers, scored."""

from collections.abc import Callable, Sequence

import numpy as np

from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.engine import Execution, PairParams, generate
from speccascade.engine.batch import RowRequest, make_batch
from speccascade.models.interface import Model, Params
from speccascade.tasks.base import Example, Task
from speccascade.tasks.metrics import corpus_score

BATCH = 32


def greedy_metrics(
    model: Model, task: Task, vocabulary: Vocabulary, examples: Sequence[Example]
) -> Callable[[Params], dict[str, float]]:
    """A function from parameters to every metric of the task on `examples`.

    Args:
      model: decodes alone, at temperature 0.
      task: gives limits and metrics.
      vocabulary: turns tokens into text.
      examples: of a validation split; all prompts are padded to the longest bucket, so
        that one program serves.
    """

    mask = vocabulary.mask(model.vocab_size)

    def evaluate(params: Params) -> dict[str, float]:
        predictions: list[str] = []
        for start in range(0, len(examples), BATCH):
            requests = [
                RowRequest(tokens=one.tokens, example=one.id, temperature=0.0)
                for one in examples[start : start + BATCH]
            ]
            prompts, rows = make_batch(requests, task.buckets[-1], BATCH)
            generation = generate(
                Execution(kind="target"),
                model,
                model,
                PairParams(drafter=None, target=params),
                prompts,
                rows,
                mask,
                max_new_tokens=task.max_new_tokens,
                eos_id=vocabulary.eos_id,
            )
            tokens = np.asarray(generation.tokens)[: len(requests)]
            texts = [vocabulary.decode(row.tolist()) for row in tokens]
            predictions += map(task.answer, texts)
        references = [one.reference for one in examples]
        return {
            metric.name: corpus_score(metric, predictions, references)
            for metric in task.metrics
        }

    return evaluate
