"""Byte-level vocabularies in GGUF files, against the tokenizers they were made of."""

import numpy as np
import pytest

from speccascade.checkpoints import load
from speccascade.checkpoints.gguf_bpe import PRE_TOKENIZERS
from speccascade.checkpoints.gguf_header import read_header
from speccascade.checkpoints.gguf_vocabulary import vocabulary_of
from speccascade.checkpoints.tokenizers_vocabulary import TokenizersVocabulary
from speccascade.errors import UserError
from tests.checkpoints import tokenizer_files
from tests.checkpoints.gguf_files import metadata, tensors, write
from tests.checkpoints.tokenizer_files import (
    BOS,
    DECOMPOSED,
    EOS,
    PAD,
    SPECIAL,
    TEXTS,
    gguf_metadata,
    tokenizers,
    trained,
)

KINDS = list(tokenizer_files.PRE_TOKENIZERS)


def stored(tmp_path, said):
    """The vocabulary after it has been in a file."""
    path = tmp_path / "model.gguf"
    write(path, "llama", {}, {"tensor": np.zeros(1, np.float32)}, extra=said)
    return vocabulary_of(read_header(path).metadata, path)


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_those_of_the_tokenizer_that_was_written(tmp_path, kind):
    tokenizer = tokenizers.Tokenizer.from_str(trained(kind).to_str())
    found = stored(tmp_path, gguf_metadata(tokenizer, kind))
    tokenizer.encode_special_tokens = True
    for text in [*TEXTS, SPECIAL, DECOMPOSED]:
        expected = tokenizer.encode(text)
        assert [*found._start, *found.encode_alone(text)] == expected.ids
        assert found.decode(found.encode(text)) == tokenizer.decode(expected.ids)
    assert found.piece(found.eos_id) == EOS and found.piece(found.pad_id) == PAD
    assert found.size == tokenizer.get_vocab_size()  # without the unused ones


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_and_a_tokenizer_json_of_one_model_have_one_vocabulary(kind, tmp_path):
    found = vocabulary_of(gguf_metadata(trained(kind), kind), tmp_path)
    content = trained(kind).to_str().encode()
    other = TokenizersVocabulary("file", model=content, eos=[EOS], bos=[BOS])
    assert found.first_difference(other) is None
    assert found.bos_id == other.bos_id
    assert (found.bos_id >= 0) == (kind == "llama-bpe")


def test_the_kinds_cut_text_differently(tmp_path):
    said = gguf_metadata(trained(), "gpt-2")
    text = "  12345 it'Ll\n\n x"
    ids = [
        vocabulary_of(said | {"tokenizer.ggml.pre": kind}, tmp_path).encode_alone(text)
        for kind in KINDS
    ]
    assert len(set(map(tuple, ids))) == len(KINDS)


def test_every_kind_is_tried():
    aliases = {"llama-v3", "llama3"}
    assert {*KINDS, *aliases, "default"} == set(PRE_TOKENIZERS)
    assert all(PRE_TOKENIZERS[name] is PRE_TOKENIZERS["llama-bpe"] for name in aliases)


def test_default_cuts_punctuation_and_then_digits_by_three():
    parts = ["ab==12345 y"]
    for expression in PRE_TOKENIZERS["default"].cuts:
        split = tokenizers.pre_tokenizers.Split(
            tokenizers.Regex(expression), behavior="isolated"
        )
        parts = [cut for part in parts for cut, _ in split.pre_tokenize_str(part)]
    assert parts == ["ab", "==", "123", "45", " y"]


def test_default_is_what_a_file_that_does_not_say_has(tmp_path):
    said = gguf_metadata(trained(), "default")
    silent = {name: value for name, value in said.items() if not name.endswith(".pre")}
    found, other = (vocabulary_of(one, tmp_path) for one in (said, silent))
    assert found.sha256 == other.sha256
    assert found.sha256 != stored(tmp_path, gguf_metadata(trained(), "gpt-2")).sha256
    for text in [*TEXTS, SPECIAL]:
        assert found.decode(found.encode(text)) == text


def test_bos_begins_texts_where_the_file_says_so(tmp_path):
    said = gguf_metadata(trained(), "gpt-2")
    begin = trained().token_to_id(BOS)
    for word, expected in ((True, begin), (False, -1)):
        said["tokenizer.ggml.add_bos_token"] = word
        assert stored(tmp_path, said).bos_id == expected


def test_an_unused_piece_among_others_keeps_its_id(tmp_path):
    said = gguf_metadata(trained(), "gpt-2")
    said["tokenizer.ggml.token_type"] = [*said["tokenizer.ggml.token_type"][:-1], 1]
    found = vocabulary_of(said, tmp_path)
    assert found.size == trained().get_vocab_size() + 3
    assert found.encode("a b") == vocabulary_of(
        gguf_metadata(trained(), "gpt-2"), tmp_path
    ).encode("a b")


def test_a_model_brings_its_vocabulary(tmp_path):
    said = gguf_metadata(trained("qwen2"), "qwen2")
    uri = write(
        tmp_path / "model.gguf",
        "qwen2",
        metadata("qwen2"),
        tensors("qwen2"),
        extra=said,
    )
    found = load(uri).vocabulary
    assert found.sha256 == vocabulary_of(said, tmp_path).sha256


def test_an_unknown_kind_is_one_sentence_with_the_known_ones(tmp_path):
    said = gguf_metadata(trained(), "kimi-k2")
    with pytest.raises(
        UserError, match=r"like 'kimi-k2' \(.*\); known are default, gpt-2, llama-bpe,"
    ):
        vocabulary_of(said, tmp_path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"token_type": [1]}, "incomplete"),
        ({"merges": None}, r"incomplete \('merges'\)"),
        ({"eos_token_id": None}, r"incomplete \('eos_token_id'\)"),
        ({"eos_token_id": 4000}, "end token .* it has no 4000"),
        ({"merges": ["zz qq"]}, "cannot be read"),
    ],
)
def test_an_incomplete_vocabulary_is_one_sentence(tmp_path, change, complaint):
    said = gguf_metadata(trained(), "gpt-2")
    said |= {f"tokenizer.ggml.{name}": value for name, value in change.items()}
    said = {name: value for name, value in said.items() if value is not None}
    with pytest.raises(UserError, match=complaint):
        vocabulary_of(said, tmp_path)
