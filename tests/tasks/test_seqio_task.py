"""The seqio side. These tests import TensorFlow: all but one are marked slow."""

import subprocess
import sys
import time

import pytest

from speccascade.tasks.translation import EndeDocs


def test_importing_tasks_imports_neither_seqio_nor_tensorflow():
    program = """
import sys
import speccascade.tasks, speccascade.tasks.base, speccascade.tasks.translation
assert not {"tensorflow", "seqio"} & set(sys.modules), "imported"
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_seqio_gives_the_tokens_of_the_vocabulary_and_a_second_start_is_quick(
    vocabulary, tmp_path
):
    task = EndeDocs()
    examples = task.examples("test", vocabulary, tmp_path)
    for example, text in zip(examples, task.texts("test"), strict=True):
        assert (example.id, example.source) == (text.id, text.source)
        assert list(example.tokens) == vocabulary.encode(text.source)
    # Processor time: what else the machine does is not ours to answer for.
    start = time.process_time()
    assert EndeDocs().examples("test", vocabulary, tmp_path) == examples
    assert time.process_time() - start < 0.5


@pytest.mark.slow
def test_the_seqio_task_is_a_real_one_and_is_in_no_registry(vocabulary):
    import seqio
    import tensorflow as tf

    task = EndeDocs().seqio_task(vocabulary)
    assert isinstance(task, seqio.Task)
    assert task.name not in seqio.TaskRegistry.names()
    assert not tf.config.get_visible_devices("GPU")
    dataset = task.get_dataset(split="validation", shuffle=False)
    first = next(dataset.as_numpy_iterator())
    text = EndeDocs().texts("validation")[0]
    assert first["id"] == text.id
    assert first["inputs"].tolist() == vocabulary.encode(text.source)
    assert first["targets"].tolist() == vocabulary.encode(text.reference)
    assert first["targets_pretokenized"].decode() == text.reference


@pytest.mark.slow
def test_metric_functions_of_the_seqio_task_score_text(vocabulary):
    task = EndeDocs().seqio_task(vocabulary)
    texts = [text.reference for text in EndeDocs().texts("validation")[:20]]
    scores = [fn(texts, texts) for fn in task.predict_metric_fns]
    assert [list(score) for score in scores] == [["bleu"], ["chrf"], ["bleu_13a"]]
    for score in scores:
        assert list(score.values()) == pytest.approx([100.0])


@pytest.mark.slow
def test_awkward_text_is_tokenised_by_seqio_as_by_sentencepiece(vocabulary):
    import seqio

    ours = [
        "",
        " leading and trailing ",
        "two  spaces\tand a tab\nand a line",
        "Ümläute, ß, “quotes”, … – 25 %",
        "日本語 \U0001f600",
        "1234567 3.14",
    ]
    theirs = seqio.SentencePieceVocabulary(str(vocabulary.path))
    for text in ours:
        tokens = [*theirs.encode_tf(text).numpy().tolist(), theirs.eos_id]
        assert tokens == vocabulary.encode(text)
