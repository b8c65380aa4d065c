"""ROUGE against rouge-score: its published cases, its aggregate, and our choices."""

import numpy as np
import pytest
from rouge_score import rouge_scorer, scoring

from speccascade.tasks.metrics import Metric, corpus_score, metric_fn
from speccascade.tasks.rouge import Rouge

KINDS = ("rouge1", "rouge2", "rougeL", "rougeLsum")


# From rouge-score's README and its own tests (rouge_scorer_test.py), without stemming.
@pytest.mark.parametrize(
    ("kind", "target", "prediction", "f_measure"),
    [
        ("rouge1", "testing one two", "testing", 0.5),
        ("rouge1", "testing one two", "", 0.0),
        ("rouge1", "", "testing", 0.0),
        ("rouge2", "testing one two", "testing one", 2 / 3),
        ("rougeL", "testing one two", "testing two", 0.8),
        ("rougeL", "testing one two", "two testing", 0.4),
        # 4 of 10 words against 4 of 5: the summary-level case of Lin (2004).
        ("rougeLsum", "w1 w2 w3 w4 w5", "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", 8 / 15),
    ],
)
def test_published_cases_score_what_they_should(kind, target, prediction, f_measure):
    (score, count) = Rouge(kind=kind, stemmer=False).parts(prediction, target)
    assert score == pytest.approx(f_measure, abs=1e-12)
    assert count == 1


def test_the_example_of_the_readme_is_reproduced_with_the_stemmer():
    target = "The quick brown fox jumps over the lazy dog"
    prediction = "The quick brown dog jumps on the log."
    rouge1 = Rouge(kind="rouge1").parts(prediction, target)[0]
    rouge_l = Rouge(kind="rougeL").parts(prediction, target)[0]
    # P = 0.75, R = 2/3 and P = 0.625, R = 5/9.
    assert rouge1 == pytest.approx(0.7058823529411765)
    assert rouge_l == pytest.approx(0.5882352941176471)


@pytest.fixture(scope="module")
def corpus(shipped_test_rows):
    rng = np.random.default_rng(0)
    references = [row["en"] for row in shipped_test_rows[:60]]
    predictions = [
        " ".join(word for word in text.split() if rng.random() < 0.7)
        for text in references
    ]
    return ["", *predictions], [references[1], *references]


@pytest.mark.parametrize("stemmer", [True, False])
def test_summed_parts_give_the_mean_that_rouge_score_resamples(stemmer, corpus):
    predictions, references = corpus
    scorer = rouge_scorer.RougeScorer(KINDS, use_stemmer=stemmer)
    aggregator = scoring.BootstrapAggregator(n_samples=400)
    scores = []
    for prediction, reference in zip(predictions, references, strict=True):
        scores.append(scorer.score(reference, prediction))
        aggregator.add_scores(scores[-1])
    np.random.seed(0)  # the aggregator's
    theirs = aggregator.aggregate()
    for kind in KINDS:
        ours = corpus_score(Rouge(kind=kind, stemmer=stemmer), predictions, references)
        single = [100 * score[kind].fmeasure for score in scores]
        assert ours == pytest.approx(np.mean(single), abs=1e-9)
        assert 10 < ours < 98
        # `mid` is the median of 400 resampled means. Its standard error is 1.25 of that
        # of one mean / sqrt(400); ten of them would be far out.
        error = np.std(single) / np.sqrt(len(single))
        assert abs(ours - 100 * theirs[kind].mid.fmeasure) < 10 * 1.25 * error / 20


def test_combine_scores_every_corpus_of_a_stack():
    rouge = Rouge(kind="rouge1")
    parts = np.array([[[3.0, 4.0], [1.0, 4.0]], [[0.0, 0.0], [2.0, 2.0]]])
    assert rouge.combine(parts).tolist() == [[75.0, 25.0], [0.0, 100.0]]


def test_the_stemmer_is_on_unless_said_and_both_numbers_have_their_names():
    assert Rouge().parts("running dogs bark", "run dog barks")[0] == 1
    plain = Rouge(stemmer=False)
    assert plain.parts("running dogs bark", "run dog barks")[0] == 0
    assert (Rouge().name, plain.name) == ("rouge2", "rouge2_unstemmed")
    assert Rouge().signature.startswith("kind:rouge2|stem:porter|refs:1|score:f|vers")
    assert "stem:no" in plain.signature


def test_a_sentence_ends_with_its_line_or_as_t5_writes_it():
    rouge = Rouge(kind="rougeLsum", stemmer=False)
    as_lines = rouge.parts("w1 w2 w6 w7 w8 .\nw1 w3 w8 w9 w5 .", "w1 w2 w3 w4 w5")
    assert (
        rouge.parts("w1 w2 w6 w7 w8 . w1 w3 w8 w9 w5 .", "w1 w2 w3 w4 w5") == as_lines
    )
    assert as_lines[0] == pytest.approx(8 / 15)


def test_of_several_references_the_one_with_the_highest_rouge_1_counts():
    references = "alpha beta\ngamma alpha beta delta\nbeta alpha"
    first = Rouge(kind="rougeL", several=True)
    # ROUGE-1 is 1 with the first and the last; the first of them counts.
    assert first.parts("beta alpha", references)[0] == pytest.approx(0.5)
    assert first.parts("beta alpha", "beta alpha\nalpha beta")[0] == 1
    assert Rouge(kind="rougeL").parts("beta alpha", references)[0] < 0.5
    assert "refs:lines,best:rouge1" in first.signature


def test_it_is_a_metric_for_records_and_for_seqio():
    rouge = Rouge(kind="rouge1")
    assert isinstance(rouge, Metric)
    score = metric_fn(rouge)(targets=["one two"], predictions=["one two"])
    assert score == {"rouge1": 100.0}
