"""The seqio side. These tests import TensorFlow: all but one are marked slow."""

import dataclasses
import subprocess
import sys
import time

import pytest

from speccascade.checkpoints import SentencePieceVocabulary
from speccascade.checkpoints.huggingface_vocabulary import vocabulary_of
from speccascade.tasks.translation import EndeDocs


def test_importing_tasks_imports_neither_seqio_nor_tensorflow():
    program = """
import sys
import speccascade.tasks, speccascade.tasks.base, speccascade.tasks.translation
import speccascade.tasks.foreign, speccascade.tasks.summarization
import speccascade.tasks.wmt
assert not {"tensorflow", "seqio", "nltk", "rouge_score"} & set(sys.modules), "imported"
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


@pytest.fixture(scope="module")
def byte_level(tmp_path_factory):
    """A vocabulary of the package `tokenizers` that begins texts with BOS."""
    files = pytest.importorskip("tests.checkpoints.tokenizer_files")
    folder = tmp_path_factory.mktemp("byte_level")
    names = {"eos_token": files.EOS, "bos_token": files.BOS, "pad_token": files.PAD}
    files.write_tokenizer(folder, files.trained("llama-bpe"), **names)
    return vocabulary_of(folder)


@pytest.mark.slow
@pytest.mark.parametrize("open_prompt", [False, True])
def test_seqio_gives_the_tokens_of_any_vocabulary(byte_level, tmp_path, open_prompt):
    task = dataclasses.replace(
        EndeDocs(), open_prompt=open_prompt, max_prompt_tokens=999, buckets=(999,)
    )
    examples = task.examples("validation", byte_level, tmp_path)
    for example, text in zip(examples, task.texts("validation"), strict=True):
        expected = task.encode_prompt(byte_level, text.source)
        assert list(example.tokens) == expected
        assert expected[0] == byte_level.bos_id
        assert (expected[-1] == byte_level.eos_id) != open_prompt


@pytest.mark.slow
def test_a_vocabulary_for_seqio_encodes_and_decodes_as_ours(byte_level):
    import seqio
    import tensorflow as tf

    from speccascade.tasks.seqio_task import seqio_vocabulary

    theirs = seqio_vocabulary(byte_level)
    assert isinstance(theirs, seqio.Vocabulary)
    assert theirs == seqio_vocabulary(byte_level)
    assert (theirs.eos_id, theirs.pad_id) == (byte_level.eos_id, byte_level.pad_id)
    assert theirs.vocab_size == byte_level.size
    texts = ["", "two  spaces\tand a tab\nand a line", "日本語 \U0001f600"]
    rows = []
    for text in texts:
        ids = theirs.encode(text)
        assert ids == byte_level.encode_alone(text)
        assert theirs.encode_tf(tf.constant(text)).numpy().tolist() == ids
        assert theirs.decode([*ids, theirs.eos_id, 5, 6]) == text
        rows.append([*ids, theirs.eos_id, *[5] * (60 - len(ids))])
    decoded = theirs.decode_tf(tf.constant(rows, tf.int32)).numpy()
    assert [text.decode() for text in decoded] == texts
    assert theirs.decode_tf(tf.constant(rows[1], tf.int32)).numpy().decode() == texts[1]


@pytest.mark.slow
def test_the_seqio_task_takes_any_vocabulary(byte_level):
    dataset = (
        EndeDocs()
        .seqio_task(byte_level)
        .get_dataset(sequence_length=None, split="validation", shuffle=False)
    )
    first, text = next(dataset.as_numpy_iterator()), EndeDocs().texts("validation")[0]
    for name, said in (("inputs", text.source), ("targets", text.reference)):
        expected = [*byte_level.encode_alone(said), byte_level.eos_id]
        assert first[name].tolist() == expected


@pytest.mark.slow
def test_prompts_begin_with_bos_where_a_sentencepiece_vocabulary_says_so(
    vocabulary, tmp_path
):
    begins = SentencePieceVocabulary(vocabulary.path, adds_bos=True)
    task = EndeDocs()
    for example in task.examples("validation", begins, tmp_path):
        assert list(example.tokens) == begins.encode(example.source)
        assert example.tokens[0] == begins.bos_id
