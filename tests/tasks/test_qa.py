"""Question answering and word problems: rows, prompts of both forms, answers."""

import dataclasses
import json
import os
from pathlib import Path

import pytest

from speccascade.errors import UserError
from speccascade.tasks.math import Gsm8k, exemplars
from speccascade.tasks.metrics import corpus_score
from speccascade.tasks.qa import NqOpen, TriviaQa, WebQuestions
from speccascade.tasks.reading import Squad2, Xquad, first_words
from tests.tasks import local_files

GOLDEN = Path(__file__).parent / "golden"
TASKS = [Gsm8k, WebQuestions, NqOpen, TriviaQa, Squad2, Xquad]
FORMS = ["fine_tuned", "few_shot"]
every_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
every_form = pytest.mark.parametrize("form", FORMS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return local_files.write(tmp_path_factory.mktemp("data"))


@every_task
@every_form
def test_the_prompt_is_the_golden_one(task, form, folder):
    task = task(data=str(folder)).in_form(form)
    text = task.texts("test")[0]
    golden = GOLDEN / f"{task.name}.{form}.txt"
    assert f"{task.prompt(text.source)}\n" == golden.read_text(encoding="utf-8")


@every_task
@every_form
def test_a_model_that_writes_the_solutions_scores_all_and_a_silent_one_little(
    task, form, folder
):
    task = task(data=str(folder)).in_form(form)
    texts = task.texts("test")
    written = [task.answer(f" {text.written}") for text in texts]
    references = [text.reference for text in texts]
    unanswered = 100 * references.count("") / len(references)
    for metric in task.metrics:
        assert corpus_score(metric, written, references) == 100
        silent = corpus_score(metric, [""] * len(references), references)
        assert silent == pytest.approx(unanswered)


@every_task
def test_prompts_are_encoded_within_the_limits(task, folder, vocabulary):
    for form in FORMS:
        asked = task(data=str(folder)).in_form(form)
        for text in asked.texts("test"):
            ids = asked.encode_prompt(vocabulary, text.source)
            assert len(ids) <= asked.max_prompt_tokens


def test_the_limits_are_those_of_the_paper():
    # Section 5.2 of the paper: shots, tokens, headline.
    found = {
        task.name: (task.shots, task.max_new_tokens, task.metrics[0].name)
        for task in (kind() for kind in TASKS)
    }
    assert found.pop("gsm8k") == (8, 320, "exact_match")
    assert found.pop("xquad") == (1, 16, "f1")
    assert set(found.values()) == {(1, 5, "f1")}


def test_a_shown_row_is_not_asked_and_training_rows_are_shown_first(folder):
    # XQuAD and these SQuAD and TriviaQA files have no training split.
    for kind in (Xquad, Squad2, TriviaQa):
        plain = kind(data=str(folder))
        task = plain.in_form("few_shot")
        assert len(task.texts("test")) == len(plain.texts("test")) - 1
        assert plain.texts("test")[-1].reference.split("\n")[0] in task.prompt_form or (
            "unanswerable" in task.prompt_form
        )
    task = NqOpen(data=str(folder)).in_form("few_shot")
    assert len(task.texts("test")) == 10
    assert task.prompt_form.startswith("Question: what is the capital of Chile\n")


def test_word_problems_lose_annotations_and_keep_their_steps(folder):
    text = Gsm8k(data=str(folder)).texts("test")[1]
    assert text.reference == "1,998"
    assert text.written == "Lima has 2000 - 2 others.\nSo it has 1,998.\n#### 1,998"


def test_the_eight_worked_examples_state_their_numbers():
    found = [text.reference for text in exemplars()]
    assert found == ["6", "5", "39", "8", "9", "29", "33", "8"]
    assert all("The answer is" in text.written for text in exemplars())
    with pytest.raises(UserError, match="8 worked examples, fewer than shots = 9"):
        Gsm8k(shots=9).in_form("few_shot")


def test_an_answer_to_a_word_problem_ends_before_the_next_question():
    task = Gsm8k().in_form("few_shot")
    answer = " 2 + 2 = 4.\nThe answer is 4.\n\nQ: The answer is 5."
    assert task.answer(answer) == "2 + 2 = 4.\nThe answer is 4."


def test_declining_is_the_empty_answer_in_whatever_spelling():
    task = Squad2(shots=0).in_form("few_shot")
    for text in (" unanswerable", " Unanswerable.\nTitle:", "the UNANSWERABLE"):
        assert task.answer(text) == ""
    assert task.answer(" an unanswerable one") == "an unanswerable one"


def test_long_passages_lose_their_end_in_few_shot_prompts_alone(folder):
    task = Xquad(data=str(folder), max_passage_words=3)
    source = task.in_form("few_shot").texts("test")[0].source
    assert "Background: Oslo is the\n\nQuestion: Which country" in source
    assert task.texts("test")[0].source.endswith("Norway.\nIt lies on a river.")
    assert first_words("  a\nb c", 2) == "  a\nb" and first_words("", 2) == ""
    assert task.recipe("test") != Xquad().recipe("test")


def test_questions_of_web_questions_fall_back_to_devtest(folder, tmp_path):
    (tmp_path / "webquestions").mkdir()
    task = WebQuestions(data=str(tmp_path))
    with pytest.raises(UserError, match="does not find its test split"):
        task.texts("test")
    found = tmp_path / "webquestions/devtest.json"
    found.write_text(json.dumps(local_files.WEB[:3]))
    assert len(task.texts("test")) == 3
    assert task.evaluation_file("test") == found
    assert WebQuestions(data=str(folder)).evaluation_file("test").name == "test.json"


@every_task
def test_a_sample_gives_its_rows_in_its_order(task, folder, tmp_path):
    sample = tmp_path / "sample.json"
    sample.write_text("[7,2]")
    texts = task(data=str(folder), sample=str(sample)).texts("test")
    assert [text.id for text in texts] == [7, 2]
    sample.write_text("[10]")
    with pytest.raises(UserError, match=r"names row 10.*task.sample=null"):
        task(data=str(folder), sample=str(sample)).texts("test")


def broken_lines(name, row):
    """The file of ten rows with one in the third line that lacks what it needs."""
    rows = local_files.FILES[name].splitlines()
    rows[2] = json.dumps(row)
    return "\n".join(rows)


def broken_squad(change, *, unanswerable=True):
    document = local_files.squad(unanswerable=unanswerable)
    change(document["data"][2]["paragraphs"][0]["qas"][0])
    return json.dumps(document)


@pytest.mark.parametrize(
    ("task", "name", "text", "message"),
    [
        (
            Gsm8k,
            "gsm8k/test.jsonl",
            broken_lines("gsm8k/test.jsonl", {"question": "?", "answer": "It is 3."}),
            r"gsm8k/test.jsonl, line 3 is no example .*'#### ' and a number",
        ),
        (
            Gsm8k,
            "gsm8k/test.jsonl",
            broken_lines("gsm8k/test.jsonl", {"question": "?", "answer": "#### many"}),
            "line 3 is no example",
        ),
        (
            NqOpen,
            "nq_open/NQ-open.dev.jsonl",
            broken_lines("nq_open/NQ-open.dev.jsonl", {"question": "?"}),
            "line 3 is no example of task 'nq_open' .KeyError: 'answer'",
        ),
        (
            NqOpen,
            "nq_open/NQ-open.dev.jsonl",
            '{"question": "?", "answer": ["a"]}\n{"question',
            "line 2 is no JSON",
        ),
        (
            TriviaQa,
            "triviaqa/test.jsonl",
            broken_lines(
                "triviaqa/test.jsonl", {"question": "?", "golden_answers": []}
            ),
            "line 3 .* there is no accepted answer",
        ),
        (
            WebQuestions,
            "webquestions/test.json",
            json.dumps([*local_files.WEB[:2], {"qText": "?"}]),
            "webquestions/test.json, question 3 .*KeyError: 'answers'",
        ),
        (
            WebQuestions,
            "webquestions/test.json",
            "[\n{]",
            "test.json, line 2 is no JSON",
        ),
        (WebQuestions, "webquestions/test.json", "{}", "is no list of questions"),
        (
            Squad2,
            "squad/dev-v2.0.json",
            broken_squad(lambda row: row.update(answers=[], is_impossible=False)),
            "article 3, paragraph 1, question 1 .*no accepted answer",
        ),
        (
            Squad2,
            "squad/dev-v2.0.json",
            broken_squad(lambda row: row.pop("question")),
            "article 3, paragraph 1, question 1 .*KeyError: 'question'",
        ),
        (
            Xquad,
            "xquad/xquad.en.json",
            broken_squad(lambda row: row.update(answers=[]), unanswerable=False),
            "article 3, .*no accepted answer",
        ),
        (Xquad, "xquad/xquad.en.json", "[]", "has not the form of SQuAD"),
        (Xquad, "xquad/xquad.en.json", '{"data": [{}]}', "KeyError: 'paragraphs'"),
    ],
)
def test_a_malformed_row_is_named_and_not_dropped(task, name, text, message, tmp_path):
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        task(data=str(tmp_path)).texts("test")


@pytest.fixture(scope="module")
def research():
    if "SPECCASCADE_RESEARCH" not in os.environ:
        pytest.skip("SPECCASCADE_RESEARCH does not name a folder with the benchmarks")
    return os.environ["SPECCASCADE_RESEARCH"]


@pytest.mark.parametrize(
    ("kind", "rows"),
    [(Gsm8k, 200), (WebQuestions, 189), (NqOpen, 999), (TriviaQa, 299), (Xquad, 1189)],
    ids=lambda kind: getattr(kind, "name", None),
)
def test_the_real_files_are_read_whole_and_fit(kind, rows, research, vocabulary):
    task = kind(data=research).in_form("few_shot")
    asked = len(task.texts("test"))
    assert asked == rows
    for text in task.texts("test")[::10]:
        ids = task.encode_prompt(vocabulary, text.source)
        assert len(ids) <= task.max_prompt_tokens
        for metric in task.metrics:
            answer = task.answer(f" {text.written}")
            assert metric.parts(answer, text.reference) == [1.0, 1.0]


def test_real_problems_all_have_numbers_and_lose_their_annotations(research):
    texts = Gsm8k(data=research).texts("train")
    assert len(texts) == 7473
    assert not any("<<" in text.written for text in texts)


def test_forms_and_splits_have_recipes_of_their_own():
    for kind in TASKS:
        recipes = [
            dataclasses.replace(kind(), shots=0).in_form(form).recipe(split)
            for form in FORMS
            for split in ("validation", "test")
        ]
        assert len({json.dumps(recipe) for recipe in recipes}) == 4
