"""Vocabularies inside GGUF files, against the SentencePiece models that they are of."""

import io

import numpy as np
import pytest
import sentencepiece

from speccascade.checkpoints.gguf_vocabulary import vocabulary_of
from speccascade.errors import UserError

TEXTS = [
    "the lighthouse keeper",
    "  two   spaces    and\n\n\tindents ",
    "größer und schöner",
    "日本 \x07",
    "",
    "<eos> is text",
]


@pytest.fixture(scope="module", params=[False, True], ids=["no prefix", "prefix"])
def original(request):
    """A small SentencePiece model of Gemma's kind; Llama puts a space before texts."""
    words = ["the", "keeper", "of", "a", "lighthouse", "sees", "ships", "at", "night"]
    sentences = [" ".join(np.roll(words, shift)[:8]) for shift in range(40)]
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=written,
        model_type="bpe",
        vocab_size=330,
        byte_fallback=True,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        eos_piece="<eos>",
        bos_piece="<bos>",
        unk_piece="<unk>",
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=request.param,
        user_defined_symbols=["\n", "\n\n", "\u2581\u2581", "\u2581\u2581\u2581"],
        minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor()
    processor.LoadFromSerializedProto(written.getvalue())
    return processor, request.param


def metadata(processor, prefix):
    """As llama.cpp's converter writes it, and the traps of the file of Gemma 3 270M."""
    ids = range(processor.GetPieceSize())
    types = [
        6 if processor.IsByte(index) else 3 if processor.IsControl(index) else 1
        for index in ids
    ]
    runs = {index for index in ids if set(processor.IdToPiece(index)) == {"\u2581"}}
    runs = {index for index in runs if len(processor.IdToPiece(index)) > 1}
    for index in ids:
        if index in runs or "\n" in processor.IdToPiece(index):
            types[index] = 4
    types[3] = 3  # the unknown piece, as a control symbol
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": [
            processor.IdToPiece(index).replace(
                "\u2581", " " if index in runs else "\u2581"
            )
            for index in ids
        ],
        "tokenizer.ggml.scores": np.array(
            [processor.GetScore(index) for index in ids], np.float32
        ),
        "tokenizer.ggml.token_type": np.array(types, np.int32),
        "tokenizer.ggml.padding_token_id": 0,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.bos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 3,
        "tokenizer.ggml.add_space_prefix": prefix,
        "tokenizer.ggml.add_bos_token": True,
    }


def test_ids_are_those_of_the_original_between_bos_and_eos(original, tmp_path):
    processor, prefix = original
    found = vocabulary_of(metadata(processor, prefix), tmp_path)
    for text in TEXTS:
        assert found.encode(text) == [2, *processor.EncodeAsIds(text), 1]
    assert len(found.encode("    ")) < 2 + 4  # runs of spaces are pieces


def test_text_comes_back_exactly(original, tmp_path):
    processor, prefix = original
    found = vocabulary_of(metadata(processor, prefix), tmp_path)
    for text in TEXTS:
        assert found.decode(found.encode(text)) == text
    assert (found.size, found.pad_id, found.eos_id) == (330, 0, 1)


def test_bos_is_left_out_where_the_file_says_so(original, tmp_path):
    processor, prefix = original
    said = metadata(processor, prefix) | {"tokenizer.ggml.add_bos_token": False}
    found = vocabulary_of(said, tmp_path)
    assert found.encode("the sea")[0] == processor.EncodeAsIds("the sea")[0]
    assert found.sha256 != vocabulary_of(metadata(processor, prefix), tmp_path).sha256
    assert found.sha256 == vocabulary_of(said, tmp_path / "elsewhere").sha256


def test_other_kinds_and_none_at_all_give_no_vocabulary(tmp_path):
    assert vocabulary_of({"tokenizer.ggml.model": "bert"}, tmp_path) is None
    assert vocabulary_of({}, tmp_path) is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"tokenizer.ggml.scores": np.zeros(3, np.float32)}, "incomplete"),
        ({"tokenizer.ggml.eos_token_id": 400}, "incomplete"),
        ({"tokenizer.ggml.unknown_token_id": None}, "incomplete .'unknown_token_id'"),
    ],
)
def test_an_incomplete_vocabulary_is_one_sentence(
    original, tmp_path, change, complaint
):
    said = metadata(*original) | change
    said = {name: value for name, value in said.items() if value is not None}
    with pytest.raises(UserError, match=complaint):
        vocabulary_of(said, tmp_path)
