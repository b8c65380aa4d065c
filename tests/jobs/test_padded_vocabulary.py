"""A pair with more logits than pieces never writes an id without a piece."""

import dataclasses

import jax
import numpy as np
import pytest

from speccascade.checkpoints import SentencePieceVocabulary, safetensors_io
from speccascade.checkpoints.paths import resolve
from speccascade.engine import generate
from speccascade.jobs import switches as switching
from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.spec import JobSpec
from speccascade.models.t5 import T5
from speccascade.rules import RULES
from speccascade.training import evaluation
from tests.jobs import tiny

PIECES = 6144
# Twice the pieces: models of random weights put about half their mass on padding ids.
CONFIG = dataclasses.replace(tiny.CONFIG, vocab_size=2 * PIECES)


@pytest.fixture(scope="module")
def padded(tmp_path_factory) -> JobSpec:
    folder = tmp_path_factory.mktemp("padded")
    job = tiny.job(folder)
    models = {}
    for seed, role in enumerate(("drafter", "target")):
        path = folder / f"padded_{role}.safetensors"
        safetensors_io.save(T5(config=CONFIG).init(jax.random.key(seed)), path)
        models[role] = dataclasses.replace(
            getattr(job.pair, role), config=CONFIG, weights=str(path)
        )
    pair = dataclasses.replace(job.pair, **models)
    return dataclasses.replace(job, pair=pair)


@pytest.mark.parametrize("kind", ["drafter", "target", "speculative"])
def test_no_id_without_a_piece_is_written(padded, kind):
    rule = "lossless" if kind == "speculative" else None
    method = MethodSpec(name=kind, kind=kind, rule=rule, gamma=2)
    job = LoadedJob.of(dataclasses.replace(padded, method=method))
    members = [one for one in job.examples if job.bucket(one) == 3]
    batch = job.batch(members, job.coordinates[0], len(members))
    found = job.decode(job.execution, batch)
    assert int(np.sum(found.lengths)) > 50
    assert np.max(found.tokens) < PIECES


def test_results_of_a_padded_pair_have_an_identity_that_says_what_was_masked(padded):
    assert LoadedJob.of(padded).pair.identity["allowed_ids"] == str(PIECES)


def test_switches_are_those_of_the_masked_distributions(padded, monkeypatch):
    job = LoadedJob.of(padded)
    seen = []
    inner = switching._switch

    def watch(rule, q, p, gate_q, gate_p, greedy, drafted):
        seen.extend((q, p, gate_q, gate_p))
        return inner(rule, q, p, gate_q, gate_p, greedy, drafted)

    monkeypatch.setattr(switching, "_switch", watch)
    switching.switches(job, {"chow": RULES["chow"]})
    assert seen
    for distribution in seen:
        assert np.max(distribution[..., PIECES:]) == 0


def test_a_model_in_training_is_scored_without_ids_that_have_no_piece(
    padded, monkeypatch
):
    written = []

    def watch(*arguments, **limits):
        found = generate(*arguments, **limits)
        written.append(np.asarray(found.tokens))
        return found

    monkeypatch.setattr(evaluation, "generate", watch)
    model = T5(config=CONFIG)
    vocabulary = SentencePieceVocabulary(resolve(padded.pair.vocabulary))
    task = padded.task
    examples = task.examples("test", vocabulary, None)[:32]
    scores = evaluation.greedy_metrics(model, task, vocabulary, examples)
    scores(model.init(jax.random.key(0)))
    assert np.max(written) < PIECES
