"""The shipped evaluation data are what the rebuild chooses from the corpus."""

import pytest

from speccascade.tasks.corpus import CorpusRow
from speccascade.tasks.rebuild.evaluation import (
    evaluation_lines,
    evaluation_rows,
    write_evaluation,
)
from speccascade.tasks.splits import group_of, split_of

ORIGIN = "libreoffice-help"


@pytest.fixture(scope="module")
def chosen(corpus_rows, vocabulary):
    return evaluation_rows(corpus_rows, vocabulary.encode)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_the_shipped_file_is_what_the_rebuild_makes(chosen, split, data_folder):
    shipped = (data_folder / f"ende_docs.{split}.jsonl").read_bytes()
    assert evaluation_lines(chosen[split]).encode() == shipped


def test_no_held_out_group_occurs_in_training(chosen, corpus_rows):
    training = {
        group_of(row.origin, row.doc) for row in corpus_rows if row.split == "train"
    }
    for rows in chosen.values():
        assert not {group_of(row.origin, row.doc) for row in rows} & training


def page(split, start=0):
    """A page name that the split function puts into `split`."""
    names = (f"page{number}.html" for number in range(start, start + 10_000))
    return next(name for name in names if split_of(ORIGIN, name) == split)


def row(split, en, origin=ORIGIN):
    return CorpusRow(origin, page(split), en, f"[{en}]")


ROWS = [
    row("train", "the quick brown fox jumps over the lazy dog"),
    row("test", "the quick brown fox jumps over the lazy cat"),  # near copy
    row("test", "a sentence that nobody trains on"),
    row("test", "a sentence that nobody trains on"),  # second occurrence
    row("validation", "a sentence that nobody trains on"),  # stays in test
    row("validation", "another one of which little is known"),
    row("validation", "far " * 100),  # too long
    row("test", "from another origin it may not ship", origin="manpages"),
]


def test_near_copies_repetitions_long_texts_and_other_origins_are_left_out():
    chosen = evaluation_rows(ROWS, str.split)
    assert [one.en for one in chosen["test"]] == ["a sentence that nobody trains on"]
    assert [one.en for one in chosen["validation"]] == [
        "another one of which little is known"
    ]


def test_the_order_of_the_corpus_does_not_matter():
    assert evaluation_rows(ROWS[::-1], str.split) == evaluation_rows(ROWS, str.split)


def test_files_are_numbered_and_end_with_a_newline(tmp_path):
    assert write_evaluation(ROWS, str.split, tmp_path) == {"test": 1, "validation": 1}
    text = (tmp_path / "ende_docs.test.jsonl").read_text()
    assert text.startswith('{"id": 0, "doc": "page') and text.endswith("}\n")
