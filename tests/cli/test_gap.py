"""Answers without a model are scored as a model's are."""

import pytest

from speccascade.cli.gap import trivial_score
from speccascade.tasks.mini.suite import SmallFunctions, WikiDesc, WikiQa, WordProblems


def test_the_last_number_that_is_told_is_an_answer():
    task = WordProblems()
    right = [
        text.id
        for text in task.texts("test")
        if task.trivial(text.source).split()[-1] == f"{text.reference}."
    ]
    assert 0 < len(right) < 100
    metric = task.metrics[0]
    assert trivial_score(task, "test", metric, right) == 100
    everyone = range(len(task.texts("test")))
    share = trivial_score(task, "test", metric, list(everyone))
    assert share == pytest.approx(100 * len(right) / len(everyone))


def test_the_other_answers_without_a_model_are_what_they_say():
    lead = "One two three four five six seven."
    assert WikiDesc().trivial(lead) == "One two three four five six"
    question = f"What is X? context: X. {lead}"
    assert WikiQa().trivial(question) == "One two three four five six"
    told = "Define `pick(ys)` for a list of numbers: sort."
    assert SmallFunctions().trivial(told) == "def pick(ys):\n    return ys"
