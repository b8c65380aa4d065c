"""`predict_fn` against the records of a job, with and without seqio's evaluator."""

import dataclasses
import json

import numpy as np
import pytest

from speccascade.errors import UserError
from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.predict import predict_fn
from speccascade.jobs.run import decode_job
from speccascade.tasks.translation import EndeDocs
from tests.jobs.tiny import Counting, Silent, job


class Features:
    """A data set of the evaluator's, as `tf.data` would give it."""

    def __init__(self, rows):
        self.rows = rows

    def as_numpy_iterator(self):
        return iter(self.rows)


def encoder_features(examples, width):
    for one in examples:
        tokens = np.zeros(width, np.int32)
        tokens[: len(one.tokens)] = one.tokens
        yield np.int64(one.id), {"encoder_input_tokens": tokens}


@pytest.mark.slow
def test_predictions_are_those_of_the_jobs_records_in_the_order_of_the_index(tmp_path):
    spec = job(tmp_path)
    records = list(decode_job(spec, Silent()).records())
    loaded = LoadedJob.of(spec)
    rows = list(encoder_features(loaded.examples, width=8))[::-1]
    for place in loaded.coordinates[:2]:
        found = predict_fn(spec, place)(Features(rows))
        assert [index for index, _ in found] == list(range(20))
        assert {len(ids) for _, ids in found} == {spec.task.max_new_tokens}
        texts = [loaded.pair.vocabulary.decode(ids) for _, ids in found]
        assert texts == [one.prediction for one in records if one.coordinates == place]


def test_features_without_a_prompt_are_refused_with_what_there_is(tmp_path):
    spec = job(tmp_path)
    rows = [(0, {"decoder_target_tokens": np.ones(3, np.int32)})]
    with pytest.raises(UserError, match="decoder_target_tokens hold no prompt"):
        predict_fn(spec, LoadedJob.of(spec).coordinates[0])(Features(rows))


def test_a_prompt_over_the_limit_is_an_error_that_names_the_index(tmp_path):
    spec = job(tmp_path)
    rows = [(7, {"encoder_input_tokens": np.ones(9, np.int32)})]
    with pytest.raises(UserError, match=r"example 7 .* max_prompt_tokens = 6"):
        predict_fn(spec, LoadedJob.of(spec).coordinates[0])(Features(rows))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged(Counting):
    """A task that brings a score of whole corpora, as one of seqio's registry does."""

    def corpus_scores(self, split):
        return lambda predictions: {
            "answers": float(len(set(predictions.values()))),
            "last": float(max(predictions)),
        }


def test_scores_of_whole_corpora_are_stored_for_every_threshold_and_said(tmp_path):
    spec = job(tmp_path, task=Judged(), seeds=(0, 1))
    reporter = Silent()
    directory = decode_job(spec, reporter)
    found = json.loads((directory.path / "corpus_scores.json").read_text())
    assert [(one["threshold"], one["seed"]) for one in found] == [
        (threshold, seed) for threshold in spec.method.thresholds for seed in (0, 1)
    ]
    for one in found:
        rows = [
            record.prediction
            for record in directory.records()
            if (record.coordinates.threshold, record.coordinates.seed)
            == (one["threshold"], one["seed"])
        ]
        assert one["n"] == len(rows) == 20
        assert one["scores"] == {"answers": len(set(rows)), "last": 19}
    assert sum("answers" in line and "last 19" in line for line in reporter.lines) == 6


def test_a_task_without_them_leaves_no_such_file(tmp_path):
    directory = decode_job(job(tmp_path), Silent())
    assert not (directory.path / "corpus_scores.json").exists()


@pytest.mark.slow
def test_seqios_evaluator_gives_the_scores_of_our_records(tmp_path):
    import seqio

    task = EndeDocs(name="ende_docs_evaluated", max_new_tokens=12)
    spec = job(tmp_path, task=task, split="validation", num_examples=10)
    directory = decode_job(spec, Silent())
    loaded = LoadedJob.of(spec)
    theirs = task.seqio_task(loaded.pair.vocabulary)
    seqio.TaskRegistry.add_provider(task.name, theirs)
    try:
        evaluator = seqio.Evaluator(
            task.name, seqio.EncDecFeatureConverter(pack=False), num_examples=10
        )
        place = loaded.coordinates[1]
        metrics, _ = evaluator.evaluate(
            compute_metrics=True, predict_fn=predict_fn(spec, place)
        )
        scores = metrics.result()[task.name]
        evaluator.close()
    finally:
        seqio.TaskRegistry.remove(task.name)
    summary = json.loads((directory.path / "summary.json").read_text())
    (point,) = [one for one in summary["points"] if one["threshold"] == place.threshold]
    assert point["quality"]["chrf"] > 0.1
    assert {name: float(value) for name, value in scores.items()} == pytest.approx(
        point["quality"], abs=1e-9
    )
