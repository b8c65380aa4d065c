"""XSum, CNN/DailyMail and SciTLDR: rows, prompts in both forms, scores."""

import dataclasses
import json
import os

import pytest

from speccascade.errors import UserError
from speccascade.tasks.metrics import corpus_score
from speccascade.tasks.summarization import CnnDailymail, SciTldr, XSum
from tests.tasks.local_texts import read_golden, write_lines, write_rows

DEEDS = {
    "otter": "swam",
    "heron": "fished",
    "fox": "drank",
    "badger": "dug",
    "goose": "slept",
    "horse": "stood",
    "toad": "sang",
}
ARTICLES = [
    f"The {animal} left its park at noon.\nIt went to the river, where it {deed}."
    for animal, deed in DEEDS.items()
]
SUMMARIES = [f"The {animal} has left its park." for animal in DEEDS]
XSUM = [
    {"id": str(number), "document": text, "summary": summary}
    for number, (text, summary) in enumerate(zip(ARTICLES, SUMMARIES, strict=True))
]
CNN = [
    {"article": text, "highlights": f"{summary}\nIt went to the river ."}
    for text, summary in zip(ARTICLES, SUMMARIES, strict=True)
]
TLDR = [
    {"source": text.split("\n"), "target": [summary, "Animals  move."]}
    for text, summary in zip(ARTICLES, SUMMARIES, strict=True)
]
TASKS = [
    (XSum, "xsum/{}.jsonl", XSUM),
    (CnnDailymail, "cnn_dailymail/{}.jsonl", CNN),
    (SciTldr, "scitldr/{}.jsonl", TLDR),
]
each = pytest.mark.parametrize(("kind", "file", "rows"), TASKS)


def put(folder, file, rows):
    """Seven rows in the training and the validation split."""
    write_rows(folder, file.format("train"), rows)
    there = "dev" if file.startswith("scitldr") else "validation"
    return write_rows(folder, file.format(there), rows)


@each
@pytest.mark.parametrize("form", ["fine_tuned", "few_shot"])
def test_a_prompt_is_what_the_golden_file_shows(kind, file, rows, form, tmp_path):
    task = kind(data=put(tmp_path, file, rows)).in_form(form)
    text = task.texts("validation")[-1]
    assert task.prompt(text.source) == read_golden(f"{task.name}.{form}")


@each
def test_fine_tuned_texts_stay_as_they_are(kind, file, rows, tmp_path):
    task = kind(data=put(tmp_path, file, rows))
    text = task.texts("validation")[0]
    assert text.source == ARTICLES[0].replace("\n", " " if kind is SciTldr else "\n")
    first = {XSum: SUMMARIES[0], SciTldr: SUMMARIES[0]}
    assert text.written == first.get(kind, CNN[0]["highlights"])
    assert task.cuts_prompts


@each
def test_few_shot_texts_are_cut_to_their_words_and_stand_on_one_line(
    kind, file, rows, tmp_path
):
    short = kind(data=put(tmp_path, file, rows), few_shot_words=6).in_form("few_shot")
    assert not short.cuts_prompts
    for text, article in zip(short.texts("validation"), ARTICLES, strict=True):
        assert text.source == " ".join(article.split()[:6])
        assert "\n" not in text.written
        assert text.source in short.worked_example(text)
    assert short.recipe("validation")["words"] == 6
    assert len(short.prompt_form.split("\n\n")) == 6


def test_highlights_are_one_reference_and_their_lines_count_for_rouge_lsum(tmp_path):
    task = CnnDailymail(data=put(tmp_path, *TASKS[1][1:]))
    text = task.texts("validation")[0]
    assert text.reference == "The otter has left its park.\nIt went to the river ."
    swapped = "\n".join(reversed(text.reference.split("\n")))
    by_name = {metric.name: metric for metric in task.metrics}
    assert corpus_score(by_name["rougeLsum"], [swapped], [text.reference]) == 100
    assert corpus_score(by_name["rougeL"], [swapped], [text.reference]) < 100


def test_the_headline_of_cnn_dailymail_depends_on_the_form(tmp_path):
    task = CnnDailymail(data=put(tmp_path, *TASKS[1][1:]))
    names = [metric.name for metric in task.metrics]
    assert names[:3] == ["rouge2", "rougeL", "rougeLsum"]
    few = [metric.name for metric in task.in_form("few_shot").metrics]
    assert few[:3] == ["rougeL", "rouge2", "rougeLsum"]
    assert sorted(few) == sorted(names)


def test_an_abstract_is_scored_against_the_summary_that_is_nearest(tmp_path):
    task = SciTldr(data=put(tmp_path, *TASKS[2][1:]))
    text = task.texts("validation")[2]
    assert text.reference == "The fox has left its park.\nAnimals move."
    assert text.written == "The fox has left its park."
    for metric in task.metrics:
        assert corpus_score(metric, ["Animals move."], [text.reference]) == 100
        assert corpus_score(metric, ["Stones lie."], [text.reference]) == 0


@pytest.mark.parametrize(
    ("kind", "words", "limits"),
    [
        (XSum, "rouge2", (1024, 64, 5)),
        (CnnDailymail, "rouge2", (2048, 128, 5)),
    ],
)
def test_the_papers_tasks_have_the_papers_limits_and_headlines(kind, words, limits):
    task = kind()
    assert task.metrics[0].name == words
    assert (task.max_prompt_tokens, task.max_new_tokens, task.shots) == limits


@pytest.mark.parametrize(
    ("kind", "file", "row", "message"),
    [
        (XSum, "xsum/test.jsonl", '{"document": "a"}', "KeyError: 'summary'"),
        (XSum, "xsum/test.jsonl", '{"document": 3, "summary": ""}', "is a int, not te"),
        (XSum, "xsum/test.jsonl", '{"document": "a', "is no JSON"),
        (CnnDailymail, "cnn_dailymail/test.jsonl", "[]", "is no example of task 'cnn"),
        (SciTldr, "scitldr/test.jsonl", '{"source": "a", "target": ["b"]}', "lists"),
        (SciTldr, "scitldr/test.jsonl", '{"source": ["a"], "target": []}', "lists"),
    ],
)
def test_a_malformed_row_is_named_with_its_file_and_line(
    kind, file, row, message, tmp_path
):
    good = dict(TASKS[[one for one, _, _ in TASKS].index(kind)][2][0])
    data = write_rows(tmp_path, file, [good])
    assert len(kind(data=data).texts("test")) == 1
    write_lines(tmp_path, file, [json.dumps(good), row])
    where = rf"{file.split('/')[1]}, line 2 .*{message}"
    with pytest.raises(UserError, match=where):
        kind(data=data).texts("test")


@pytest.mark.parametrize(
    ("task", "split", "rows"),
    [
        (XSum(), "test", 300),
        (SciTldr(), "train", 1992),
        (SciTldr(), "validation", 619),
    ],
)
def test_the_real_files_are_read_whole(task, split, rows):
    folder = os.environ.get("SPECCASCADE_RESEARCH")
    if folder is None:
        pytest.skip("SPECCASCADE_RESEARCH does not name a folder with the benchmarks")
    texts = dataclasses.replace(task, data=folder).texts(split)
    assert len(texts) == rows
    assert all(text.source and text.reference for text in texts)
