"""F1 and exact match of answers against what the official scripts give."""

import collections
import re
import string

import numpy as np
import pytest

from speccascade.errors import UserError
from speccascade.tasks.metrics import Metric, corpus_score
from speccascade.tasks.qa_metrics import (
    AnswerF1,
    AnswerMatch,
    answers_of,
    normalised,
    reference_of,
)

F1, EM = AnswerF1(), AnswerMatch()
NOBEL = "`Needs\tA_LOT of the 'normalization'.\"‘"


def scores(prediction, *answers, script="squad"):
    reference = reference_of(answers)
    metrics = AnswerF1(script=script), AnswerMatch(script=script)
    return tuple(
        corpus_score(metric, [prediction], [reference]) / 100 for metric in metrics
    )


def test_normalisation_is_that_of_the_published_tests():
    # t5/evaluation/qa_utils_test.py, which holds it to both official scripts.
    assert normalised(NOBEL, "squad") == "needs alot of normalization‘"
    assert normalised(NOBEL, "trivia_qa") == "needs lot of normalization"
    for script in ("squad", "trivia_qa"):
        assert normalised("needs no normalization", script) == "needs no normalization"


def test_a_corpus_scores_as_in_the_published_test():
    # qa_metrics of the same file: EM 25, F1 35 on text that is normalised already;
    # there "a big moose‘" is "a big moose‘" still, so its article is a word.
    answers = [["big moose", "hippo"], ["correct1"], ["correct2.1", "correct2.2"]]
    references = [reference_of(one) for one in [*answers, ["a1", "b"]]]
    predictions = ["one big moose‘", "wrong", "correct2.2", "c"]
    assert corpus_score(F1, predictions, references) == pytest.approx(35.0)
    assert corpus_score(EM, predictions, references) == 25.0


@pytest.mark.parametrize(
    ("prediction", "answers", "f1", "em"),
    [
        ("the 308", ["308"], 1, 1),
        ("Denver Broncos.", ["denver broncos"], 1, 1),
        ("Santa Clara, California", ["Levi's Stadium", "Santa Clara"], 4 / 5, 0),
        ("gold", ["blue"], 0, 0),
        # Words count as often as they occur.
        ("the the cat cat", ["cat"], 2 / 3, 0),
        ("", ["308"], 0, 0),
        # No answer: v2.0 takes the empty one and no other, and articles are no words.
        ("", [], 1, 1),
        ("the", [], 1, 1),
        ("308", [], 0, 0),
        # Accepted answers of which normalisation leaves nothing are dropped.
        ("", ["!", "308"], 0, 0),
        ("", ["!"], 1, 1),
    ],
)
def test_the_cases_of_the_squad_script(prediction, answers, f1, em):
    assert scores(prediction, *answers) == pytest.approx((f1, em))


def official(prediction, answers):
    """evaluate-v2.0.py of SQuAD in its own order of steps: (F1, EM)."""

    def normalise(text):
        text = "".join(c for c in text.lower() if c not in set(string.punctuation))
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())

    def f1(gold):
        ours, theirs = normalise(prediction).split(), normalise(gold).split()
        same = sum((collections.Counter(theirs) & collections.Counter(ours)).values())
        if not ours or not theirs:
            return int(ours == theirs)
        if same == 0:
            return 0
        precision, recall = same / len(ours), same / len(theirs)
        return 2 * precision * recall / (precision + recall)

    gold = [answer for answer in answers if normalise(answer)] or [""]
    same = [normalise(prediction) == normalise(one) for one in gold]
    return max(map(f1, gold)), int(any(same))


def test_answers_at_random_score_as_the_squad_script_scores_them():
    rng = np.random.default_rng(0)
    words = ["the", "a", "an", "U.S.", "us", "Zoë's", "zoës", "1,000", "-", "x", "X!"]
    seen = set()
    for _ in range(2000):
        texts = [" ".join(rng.choice(words, rng.integers(4))) for _ in range(4)]
        prediction, *answers = texts[: rng.integers(1, 5)]
        expected = official(prediction, answers)
        assert scores(prediction, *answers) == pytest.approx(expected, abs=1e-12)
        seen.add(expected)
    assert len(seen) >= 8  # empty, right, wrong, and several shares


def test_trivia_normalisation_parts_words_that_squad_joins():
    assert scores("Jean-Paul", "Jean Paul") == (0, 0)
    assert scores("Jean-Paul", "Jean Paul", script="trivia_qa") == (1, 1)
    assert scores("O’Neill", "O Neill", script="trivia_qa") == (1, 1)


def test_a_reference_holds_its_answers_one_a_line():
    assert reference_of(["New York", " NYC\n", "New  York"]) == "New York\nNYC"
    assert answers_of("New York\nNYC") == ["New York", "NYC"]
    assert reference_of([]) == "" and answers_of("") == []


def test_combine_scores_every_resampled_corpus():
    parts = np.array([F1.parts("a cat", "cat"), F1.parts("dog", "cat")])
    sums = parts[np.array([[0, 0], [0, 1], [1, 1]])].sum(axis=1)
    assert F1.combine(sums).tolist() == [100, 50, 0]
    assert F1.combine(np.zeros(2)) == 0


def test_both_are_metrics_with_names_and_signatures_of_their_own():
    assert isinstance(F1, Metric) and isinstance(EM, Metric)
    found = {
        m.signature
        for s in ("squad", "trivia_qa")
        for m in (AnswerF1(script=s), AnswerMatch(script=s))
    }
    assert len(found) == 4
    assert (F1.name, EM.name) == ("f1", "em")


def test_an_unknown_normalisation_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match="squad or trivia_qa"):
        AnswerF1(script="bleu")
