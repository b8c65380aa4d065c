"""The ende_docs task: shipped data, examples, limits, training pairs."""

import gzip
import json
import subprocess
import sys

import pytest

from speccascade.errors import UserError
from speccascade.tasks import base
from speccascade.tasks.corpus import FILE_NAME, FOLDER_VARIABLE
from speccascade.tasks.splits import split_of
from speccascade.tasks.translation import EndeDocs

SPLITS = ("validation", "test")


@pytest.fixture
def without_seqio(monkeypatch, vocabulary):
    """Replaces the seqio pipeline by sentencepiece; returns the calls made to it."""
    calls = []

    def encode(task, split, _):
        calls.append(split)
        return [
            base.Encoded(*text[:3], vocabulary.encode(task.prompt(text.source)))
            for text in task.texts(split)
        ]

    monkeypatch.setattr(EndeDocs, "_encode", encode)
    return calls


@pytest.mark.parametrize("split", SPLITS)
def test_shipped_rows_fit_the_limits_and_are_numbered_in_file_order(split, vocabulary):
    task = EndeDocs()
    texts = task.texts(split)
    assert len(texts) >= {"validation": 300, "test": 500}[split]
    assert [text.id for text in texts] == list(range(len(texts)))
    for text in texts:
        assert len(vocabulary.encode(text.source)) <= task.max_prompt_tokens
        assert len(vocabulary.encode(text.reference)) <= task.max_new_tokens


def test_no_shipped_source_occurs_twice_within_or_across_splits():
    sources = [text.source for split in SPLITS for text in EndeDocs().texts(split)]
    assert len(set(sources)) == len(sources)


@pytest.mark.parametrize("split", SPLITS)
def test_every_shipped_page_belongs_to_the_split_of_its_file(split, data_folder):
    with (data_folder / f"ende_docs.{split}.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            assert split_of("libreoffice-help", row["doc"]) == split
            assert set(row) == {"id", "doc", "en", "de"}


def test_the_first_examples_are_a_fair_sample_of_all():
    # Mean source length of the first 200 of 1,901; its standard error is 4.3 characters
    # (standard deviation 61), so 13 is three of them. Page order would miss by more.
    lengths = [len(text.source) for text in EndeDocs().texts("test")]
    assert abs(sum(lengths[:200]) / 200 - sum(lengths) / len(lengths)) < 13


def test_examples_are_encoded_once_and_read_from_the_cache_then(
    without_seqio, vocabulary, tmp_path
):
    first = EndeDocs().examples("validation", vocabulary, tmp_path)
    assert without_seqio == ["validation"]
    assert EndeDocs().examples("validation", vocabulary, str(tmp_path)) == first
    assert without_seqio == ["validation"]
    assert first[3].tokens == tuple(vocabulary.encode(first[3].source))
    assert first[3].sha256 == base.example_sha256(first[3].source, first[3].reference)


def test_a_damaged_cache_is_rebuilt(without_seqio, vocabulary, tmp_path):
    first = EndeDocs().examples("validation", vocabulary, tmp_path)
    (cached,) = tmp_path.iterdir()
    cached.write_bytes(cached.read_bytes()[:-40])
    assert EndeDocs().examples("validation", vocabulary, tmp_path) == first
    assert len(without_seqio) == 2


def test_a_warm_start_imports_neither_tensorflow_nor_seqio(
    without_seqio, vocabulary, tmp_path, data_folder
):
    EndeDocs().examples("validation", vocabulary, tmp_path)
    program = f"""
import sys
from types import SimpleNamespace
from speccascade.tasks.translation import EndeDocs
vocabulary = SimpleNamespace(sha256={vocabulary.sha256!r})
examples = EndeDocs().examples("validation", vocabulary, {str(tmp_path)!r})
assert len(examples) >= 300
assert not {{"tensorflow", "seqio"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_prompt_over_the_limit_names_the_example_and_the_limit(
    without_seqio, vocabulary, tmp_path
):
    with pytest.raises(UserError, match=r"example \d+ .* max_prompt_tokens = 40"):
        EndeDocs(max_prompt_tokens=40).examples("validation", vocabulary, tmp_path)


def test_the_prompt_form_reaches_the_tokens_but_not_the_source(
    without_seqio, vocabulary, tmp_path
):
    form = "translate English to German: {source}"
    task = EndeDocs(prompt_form=form, max_prompt_tokens=96, buckets=(96,))
    example = task.examples("validation", vocabulary, tmp_path)[0]
    assert example.source == EndeDocs().texts("validation")[0].source
    prompt = form.replace("{source}", example.source)
    assert example.tokens == tuple(vocabulary.encode(prompt))


def test_the_recipe_is_plain_json_and_knows_split_limits_and_scoring():
    recipe = EndeDocs().recipe("test")
    assert json.loads(json.dumps(recipe)) == recipe
    assert recipe["split"] == "test"
    assert "tok:intl|smooth:exp" in recipe["metrics"]["bleu"]
    assert "version" not in recipe["metrics"]["chrf"]
    assert EndeDocs(max_new_tokens=64).recipe("test") != recipe
    assert EndeDocs().recipe("validation") != recipe


@pytest.mark.parametrize("split", ["train", "dev", ""])
def test_an_unknown_evaluation_split_is_refused_with_the_known_ones(
    split, vocabulary, tmp_path
):
    with pytest.raises(UserError, match="it has validation and test"):
        EndeDocs().examples(split, vocabulary, tmp_path)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"prompt_form": "translate:"}, "lacks {source}"),
        ({"buckets": (80, 40)}, "must ascend"),
        ({"buckets": (40, 64)}, "max_prompt_tokens = 80"),
        ({"buckets": ()}, "max_prompt_tokens = 80"),
    ],
)
def test_a_task_that_cannot_work_is_refused_when_it_is_made(fields, message):
    with pytest.raises(UserError, match=message):
        EndeDocs(**fields)


def test_training_without_the_corpus_says_how_to_get_it(vocabulary, monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with pytest.raises(
        UserError, match=r"rebuild_ende_docs.py and set SPECCASCADE_DATA"
    ):
        EndeDocs().training_pairs(vocabulary)


def test_a_folder_without_the_corpus_is_named(vocabulary, monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(UserError, match=f"There is no {tmp_path / FILE_NAME}"):
        EndeDocs().training_pairs(vocabulary)


def test_a_corpus_that_is_cut_short_is_refused(vocabulary, monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    whole = gzip.compress(b'{"origin": "gnome", "doc": "gnome", "en": "a", "de": "b"}')
    (tmp_path / FILE_NAME).write_bytes(whole[:-9])
    with pytest.raises(UserError, match="cannot be read as a corpus"):
        EndeDocs().training_pairs(vocabulary)


def test_training_pairs_are_the_rows_of_training_groups(
    vocabulary, monkeypatch, tmp_path
):
    rows = [
        {"origin": "gnome", "doc": "gnome", "en": "An icon.", "de": "Ein Symbol."},
        {"origin": "libreoffice-help", "doc": "", "en": "Held out.", "de": "Nicht."},
    ]
    held_out = (f"page{n}" for n in range(100))
    rows[1]["doc"] = next(
        d for d in held_out if split_of(rows[1]["origin"], d) != "train"
    )
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with gzip.open(tmp_path / FILE_NAME, "wt") as sink:
        sink.writelines(json.dumps(row) + "\n" for row in rows)
    assert EndeDocs().training_pairs(vocabulary) == [
        (vocabulary.encode("An icon."), vocabulary.encode("Ein Symbol."))
    ]
