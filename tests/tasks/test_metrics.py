"""BLEU and chrF from summed parts against sacrebleu's own corpus scores."""

import time

import numpy as np
import pytest
import sacrebleu

from speccascade.tasks.metrics import Bleu, Chrf, corpus_score, metric_fn

ORACLES = {
    "bleu": sacrebleu.BLEU(tokenize="intl", force=True),
    "bleu_13a": sacrebleu.BLEU(tokenize="13a", force=True),
    "chrf": sacrebleu.CHRF(),
}
METRICS = [Bleu(), Bleu(tokenize="13a"), Chrf()]
by_name = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)


def corrupted(reference, rng):
    """A plausible bad translation: words dropped, swapped, or nothing at all."""
    words = reference.split()
    kind = rng.integers(6)
    if kind == 0:
        return ""
    if kind == 1:
        return words[0]
    kept = [word for word in words if rng.random() < 0.8]
    if kind == 2:
        rng.shuffle(kept)
    return " ".join(kept) + (" ." if kind == 3 else "")


@pytest.fixture(scope="module")
def corpus(shipped_test_rows):
    rng = np.random.default_rng(0)
    references = [row["de"] for row in shipped_test_rows[:150]]
    return [corrupted(text, rng) for text in references], references


def oracle(metric, predictions, references):
    return ORACLES[metric.name].corpus_score(predictions, [references]).score


@by_name
def test_summed_parts_give_the_corpus_score_of_sacrebleu(metric, corpus):
    predictions, references = corpus
    assert any(not text for text in predictions)
    ours = corpus_score(metric, predictions, references)
    assert ours == pytest.approx(oracle(metric, *corpus), abs=1e-9)
    assert 10 < ours < 95


@by_name
def test_small_corpora_with_empty_orders_agree_with_sacrebleu(metric, corpus):
    # One to three sentences: n-gram orders without matches, and smoothing, are common.
    predictions, references = corpus
    rng = np.random.default_rng(1)
    for _ in range(100):
        chosen = rng.integers(len(references), size=rng.integers(1, 4))
        shifted = (chosen + rng.integers(2)) % len(references)
        ours = [predictions[i] for i in chosen]
        theirs = [references[i] for i in shifted]
        expected = oracle(metric, ours, theirs)
        assert corpus_score(metric, ours, theirs) == pytest.approx(expected, abs=1e-9)


@by_name
@pytest.mark.parametrize(
    ("prediction", "reference"),
    [
        ("", ""),
        ("", "Ein Satz."),
        ("Ein Satz.", ""),
        ("a", "a"),
        ("a b c", "a b c"),
        ("Das ist ein Test .", "Das ist ein Test."),
        ("völlig anders", "gar nichts gemein hier drin"),
    ],
)
def test_degenerate_sentences_agree_with_sacrebleu(metric, prediction, reference):
    expected = oracle(metric, [prediction], [reference])
    ours = corpus_score(metric, [prediction], [reference])
    assert ours == pytest.approx(expected, abs=1e-9)


@by_name
def test_combine_scores_every_resampled_corpus_of_a_stack(metric, corpus):
    predictions, references = corpus
    parts = np.array(
        [metric.parts(*pair) for pair in zip(predictions, references, strict=True)]
    )
    draws = np.random.default_rng(2).integers(len(parts), size=(2, 3, len(parts)))
    scores = metric.combine(parts[draws].sum(axis=-2))
    assert scores.shape == (2, 3)
    for index in np.ndindex(2, 3):
        ours = [predictions[i] for i in draws[index]]
        theirs = [references[i] for i in draws[index]]
        expected = oracle(metric, ours, theirs)
        assert scores[index] == pytest.approx(expected, abs=1e-9)


@by_name
def test_ten_thousand_corpora_are_combined_within_a_second(metric):
    parts = np.random.default_rng(3).integers(0, 50, size=(10_000, 18)).astype(float)
    parts = parts[:, : len(metric.parts("a", "a"))]
    start = time.process_time()
    assert np.isfinite(metric.combine(parts)).all()
    assert time.process_time() - start < 1


def test_signatures_name_the_tokenisation_and_the_smoothing():
    assert "tok:intl|smooth:exp" in Bleu().signature
    assert "tok:13a|smooth:exp" in Bleu(tokenize="13a").signature
    assert "nc:6|nw:0" in Chrf().signature


def test_the_headline_is_called_bleu_and_the_other_tokenisation_says_which():
    assert [metric.name for metric in METRICS] == ["bleu", "bleu_13a", "chrf"]


@by_name
def test_metric_fn_takes_targets_before_predictions_as_seqio_does(metric):
    score = metric_fn(metric)(targets=["ein langer Satz hier"], predictions=["ein"])
    expected = corpus_score(metric, ["ein"], ["ein langer Satz hier"])
    assert score == {metric.name: expected}


def test_unequal_numbers_of_predictions_and_references_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        corpus_score(Bleu(), ["a"], [])
