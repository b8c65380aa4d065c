"""Question tasks on data sets of TFDS, in their schemas; imports TensorFlow."""

import dataclasses

import pytest

from speccascade.tasks.math import Gsm8k
from speccascade.tasks.metrics import corpus_score
from speccascade.tasks.qa import NqOpen, TriviaQa, WebQuestions
from speccascade.tasks.reading import Squad2, Xquad
from tests.tasks import local_files, tfds_fixture

TASKS = [Gsm8k, WebQuestions, NqOpen, TriviaQa, Squad2, Xquad]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tfds_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    for dataset, splits in local_files.PREPARED.items():
        tfds_fixture.prepare(folder, dataset, **splits)
    return folder


@pytest.mark.parametrize("kind", TASKS, ids=lambda kind: kind.name)
def test_a_prepared_data_set_gives_the_rows_of_the_local_file(
    kind, tfds_folder, vocabulary, tmp_path
):
    prepared = kind(tfds_data=str(tfds_folder))
    local = kind(data=str(local_files.write(tmp_path / "data")))
    assert prepared.texts("test") == local.texts("test")
    task = prepared.in_form("few_shot")
    examples = task.examples("test", vocabulary, tmp_path)
    texts = task.texts("test")
    assert len(examples) == (9 if kind is Xquad else 10)
    for example, text in zip(examples, texts, strict=True):
        ids = task.encode_prompt(vocabulary, text.source)
        assert example.tokens == tuple(ids)
    answers = [task.answer(f" {text.written}\nnext") for text in texts]
    references = [example.reference for example in examples]
    assert corpus_score(task.metrics[0], answers, references) == 100
    if "validation" in kind.TFDS_SPLITS:
        assert [text.id for text in prepared.texts("validation")] == [0]
        assert len(prepared.texts("train")) == 9


def test_local_files_come_before_prepared_ones(tfds_folder, tmp_path):
    task = NqOpen(tfds_data=str(tfds_folder))
    path = tmp_path / "nq_open/NQ-open.dev.jsonl"
    path.parent.mkdir()
    path.write_text('{"question": "q", "answer": ["a"]}\n')
    both = dataclasses.replace(task, data=str(tmp_path))
    assert [text.source for text in both.texts("test")] == ["q"]
    assert len(both.texts("validation")) == 1
