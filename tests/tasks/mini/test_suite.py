"""The four tasks: what ships is held out, and what is trained on is not in it."""

import random

import pytest

from speccascade.errors import UserError
from speccascade.tasks.mini import suite, wiki
from speccascade.tasks.rebuild.mini_suite import evaluation_rows

TASKS = [
    suite.WikiDesc(),
    suite.WikiQa(),
    suite.WordProblems(),
    suite.SmallFunctions(),
]


def names(tasks):
    return [task.name for task in tasks]


@pytest.mark.parametrize("task", TASKS, ids=names(TASKS))
@pytest.mark.parametrize("split", ["validation", "test"])
def test_between_three_hundred_and_a_thousand_examples_ship(task, split):
    texts = task.texts(split)
    assert [text.id for text in texts] == list(range(len(texts)))
    assert (290 if split == "validation" else 300) <= len(texts) <= 1000
    assert len({text.source for text in texts}) > 0.98 * len(texts)
    assert all(text.source and text.reference for text in texts)


@pytest.mark.parametrize("task", TASKS, ids=names(TASKS))
def test_prompts_and_answers_fit(task, vocabulary):
    limit = task.max_prompt_tokens
    for text in task.texts("test"):
        assert len(vocabulary.encode(text.written)) <= task.max_new_tokens
        assert (
            task.cuts_prompts
            or len(task.encode_prompt(vocabulary, text.source)) <= limit
        )


@pytest.mark.parametrize("task", TASKS[2:], ids=names(TASKS[2:]))
@pytest.mark.parametrize("split", ["validation", "test"])
def test_what_is_made_to_order_is_what_ships(task, split):
    rows = list(evaluation_rows(task, split))
    assert rows == [(t.source, t.reference, t.solution) for t in task.texts(split)]


def test_following_words_are_those_of_the_text():
    text = "one two three four five six seven eight nine ten eleven twelve"
    for seed in range(50):
        question, answer = wiki.following(text, random.Random(seed))
        given = question.partition('"')[2].partition('"')[0]
        assert f"{given} {answer}" in text
        assert question.startswith(f"Which {len(answer.split())} words follow")


def test_training_without_the_texts_says_what_makes_them(monkeypatch, tmp_path):
    monkeypatch.setenv("SPECCASCADE_DATA", str(tmp_path))
    with pytest.raises(UserError, match=r"wiki_desc.jsonl.gz.*rebuild_mini_suite"):
        suite.WikiDesc().texts("train")


def test_a_mixture_has_no_examples_of_its_own():
    with pytest.raises(UserError, match="evaluate its tasks"):
        suite.MiniSuite().texts("test")
