"""WMT14, WMT22 and Multi30k: parallel files, prompts, scores."""

import dataclasses
import gzip
import os
from pathlib import Path

import pytest

from speccascade.errors import UserError
from speccascade.tasks.metrics import corpus_score
from speccascade.tasks.wmt import Multi30k, Wmt14EnDe, Wmt22
from tests.tasks.local_texts import read_golden, write_lines

ENGLISH = [f"Row {number} of the house is red." for number in range(10)]
GERMAN = [f"Reihe {number} des Hauses ist rot." for number in range(10)]
FILES = {
    Wmt14EnDe: {"validation": "wmt14/newstest2013.{}", "train": "wmt14/train.{}"},
    Multi30k: {"validation": "multi30k/val.{}.gz", "train": "multi30k/train.{}.gz"},
}


@pytest.fixture
def data(tmp_path):
    """Ten lines of each split that the few-shot prompts need."""
    for files in FILES.values():
        for pattern in files.values():
            write_lines(tmp_path, pattern.format("en"), ENGLISH)
            write_lines(tmp_path, pattern.format("de"), GERMAN)
    write_lines(tmp_path, "wmt22/general.en-de.src.en", ENGLISH)
    write_lines(tmp_path, "wmt22/general.en-de.ref.A.de", GERMAN)
    write_lines(tmp_path, "wmt22/general.en-de.ref.B.de", reversed(GERMAN))
    return str(tmp_path)


TASKS = [(Wmt14EnDe, "validation"), (Multi30k, "validation"), (Wmt22, "test")]


@pytest.mark.parametrize(("kind", "split"), TASKS)
def test_line_n_of_one_file_translates_line_n_of_the_other(kind, split, data):
    texts = kind(data=data).texts(split)
    assert [text.id for text in texts] == list(range(10))
    assert [text.source for text in texts] == ENGLISH
    assert [text.reference for text in texts] == GERMAN


@pytest.mark.parametrize("form", ["fine_tuned", "few_shot"])
@pytest.mark.parametrize(("kind", "split"), TASKS)
def test_a_prompt_is_what_the_golden_file_shows(kind, split, form, data):
    task = kind(data=data).in_form(form)
    assert task.prompt("It is late.") == read_golden(f"{task.name}.{form}")


def test_shown_lines_are_not_asked_where_there_is_nothing_to_train_on(data):
    task = Wmt22(data=data).in_form("few_shot")
    assert [text.source for text in task.texts("test")] == ENGLISH[:5]
    shown = Wmt14EnDe(data=data).in_form("few_shot")
    assert len(shown.texts("validation")) == 10


def test_a_few_shot_answer_ends_with_its_line_and_is_never_cut_at_the_front(data):
    task = Multi30k(data=data).in_form("few_shot")
    assert task.answer(" Das Haus ist rot.\n\nEnglish: Next") == "Das Haus ist rot."
    assert not task.cuts_prompts
    assert Multi30k(data=data).cuts_prompts


@pytest.mark.parametrize("lines", [GERMAN[:9], [*GERMAN, ""]])
def test_files_of_different_length_are_refused_with_both_numbers(data, lines):
    write_lines(Path(data), "multi30k/val.de.gz", lines)
    message = rf"val.en.gz has 10 lines and .*val.de.gz {len(lines)}"
    with pytest.raises(UserError, match=message):
        Multi30k(data=data).texts("validation")


def test_a_missing_german_file_is_named(data):
    (Path(data) / "multi30k/val.de.gz").unlink()
    with pytest.raises(UserError, match=r"val.de.gz cannot be read"):
        Multi30k(data=data).texts("validation")


def test_a_file_that_is_cut_short_is_refused(data):
    path = Path(data) / "multi30k/val.de.gz"
    path.write_bytes(gzip.compress("\n".join(GERMAN).encode())[:-9])
    with pytest.raises(UserError, match=r"val.de.gz cannot be read"):
        Multi30k(data=data).texts("validation")


def test_another_german_file_is_another_cache(data, vocabulary, tmp_path, monkeypatch):
    monkeypatch.setattr(Multi30k, "_encode", encode_without_seqio)
    task, cache = Multi30k(data=data), tmp_path / "cache"
    first = task.examples("validation", vocabulary, cache)
    write_lines(Path(data), "multi30k/val.de.gz", [*GERMAN[:9], "Anders."])
    second = task.examples("validation", vocabulary, cache)
    assert first[9].reference == GERMAN[9]
    assert second[9].reference == "Anders."
    assert first[9].sha256 != second[9].sha256


def encode_without_seqio(task, split, vocabulary):
    from speccascade.tasks.cache import Encoded

    return [
        Encoded(*text[:3], vocabulary.encode(task.prompt(text.source)))
        for text in task.texts(split)
    ]


@pytest.mark.parametrize(("kind", "split"), TASKS)
def test_perfect_answers_score_100_and_the_recipe_has_every_signature(
    kind, split, data
):
    task = kind(data=data)
    for metric in task.metrics:
        assert corpus_score(metric, GERMAN, GERMAN) == pytest.approx(100)
        assert corpus_score(metric, ENGLISH, GERMAN) < 30
    assert [metric.name for metric in task.metrics] == ["bleu", "bleu_13a", "chrf"]
    assert "tok:intl" in task.recipe(split)["metrics"]["bleu"]
    assert "tok:13a" in task.recipe(split)["metrics"]["bleu_13a"]


def test_the_papers_task_has_the_papers_limits():
    task = Wmt14EnDe()
    assert (task.max_prompt_tokens, task.max_new_tokens, task.shots) == (80, 80, 5)


def test_what_is_not_there_says_where_it_is_looked_for():
    with pytest.raises(UserError, match="prepare wmt14_translate/de-en with tfds"):
        Wmt14EnDe().texts("validation")
    with pytest.raises(UserError, match=r"put wmt22/\*.src.en\* into a folder"):
        Wmt22().texts("test")
    with pytest.raises(UserError, match="it has none"):
        Wmt22().texts("validation")


@pytest.mark.parametrize(
    ("task", "split", "rows"),
    [
        (Multi30k(), "train", 29_000),
        (Multi30k(), "validation", 1014),
        (Multi30k(), "test", 1000),
        (Wmt22(), "test", 500),
    ],
)
def test_the_real_files_are_read_whole(task, split, rows):
    folder = os.environ.get("SPECCASCADE_RESEARCH")
    if folder is None:
        pytest.skip("SPECCASCADE_RESEARCH does not name a folder with the benchmarks")
    texts = dataclasses.replace(task, data=folder).texts(split)
    assert len(texts) == rows
    assert all(text.source and text.reference for text in texts)
