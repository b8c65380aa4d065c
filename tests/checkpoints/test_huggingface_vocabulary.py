"""Which file of a folder is the vocabulary, and what names its special tokens."""

import dataclasses
import json

import pytest

from speccascade.checkpoints import PairSpec, load, load_pair
from speccascade.checkpoints.huggingface_vocabulary import vocabulary_of
from speccascade.checkpoints.pairs import CheckpointSpec
from speccascade.errors import UserError
from tests.checkpoints.tokenizer_files import (
    BOS,
    EOS,
    PAD,
    PYTHON,
    TOOL,
    trained,
    write_model,
    write_tokenizer,
)


def test_a_model_with_a_tokenizer_json_brings_its_vocabulary(tmp_path):
    uri = write_model(tmp_path, "qwen2", trained("qwen2"))
    found = load(uri).vocabulary
    assert found.piece(found.eos_id) == EOS
    assert found.piece(found.pad_id) == PAD
    assert found.decode(found.encode(PYTHON)) == PYTHON


def test_a_vocabulary_that_cannot_be_read_is_an_error_where_it_is_asked_for(tmp_path):
    uri = write_model(tmp_path, "qwen2", trained("qwen2"))
    (tmp_path / "tokenizer.json").write_text("{")
    found = load(uri)
    assert found.model.vocab_size == 410
    with pytest.raises(UserError, match=r"tokenizer\.json"):
        _ = found.vocabulary


def test_a_pair_has_the_vocabulary_of_its_folders_and_other_pieces_are_refused(
    tmp_path,
):
    target = write_model(tmp_path / "target", "llama", trained("llama-bpe"))
    drafter = write_model(tmp_path / "drafter", "qwen2", trained("llama-bpe"), 400)
    other = write_model(tmp_path / "other", "qwen2", trained("qwen2"))
    spec = PairSpec(
        name="tiny",
        target=CheckpointSpec(uri=target),
        drafter=CheckpointSpec(uri=drafter),
    )
    pair = load_pair(spec)
    assert pair.drafter.vocab_size == pair.target.vocab_size == 410
    assert pair.mask.tolist() == [True] * 400 + [False] * 10
    assert pair.vocabulary.sha256 == pair.identity["vocabulary_sha256"]
    spec = dataclasses.replace(spec, drafter=CheckpointSpec(uri=other))
    with pytest.raises(UserError, match=r"drafter of pair tiny has another .*: id \d+"):
        load_pair(spec)


def test_a_sentencepiece_file_is_preferred(tmp_path, vocabulary_path):
    write_tokenizer(tmp_path, trained(), eos_token=EOS)
    (tmp_path / "spiece.model").write_bytes(vocabulary_path.read_bytes())
    assert vocabulary_of(tmp_path).size == 6144


def test_a_folder_without_either_has_none(tmp_path):
    assert vocabulary_of(tmp_path) is None


def ids_of(folder):
    found = vocabulary_of(folder)
    return [
        None if number < 0 else found.piece(number)
        for number in (found.eos_id, found.bos_id, found.pad_id)
    ]


def test_three_files_name_special_tokens_in_this_order(tmp_path):
    write_tokenizer(tmp_path, trained(), add_bos_token=True)
    numbers = {
        "eos_token_id": [trained().token_to_id(TOOL), trained().token_to_id(EOS)],
        "bos_token_id": trained().token_to_id(EOS),
        "pad_token_id": None,
    }
    (tmp_path / "config.json").write_text(json.dumps(numbers))
    assert ids_of(tmp_path) == [TOOL, EOS, None]
    special = {"eos_token": {"content": PAD}, "bos_token": BOS}
    (tmp_path / "special_tokens_map.json").write_text(json.dumps(special))
    assert ids_of(tmp_path) == [PAD, BOS, None]
    settings = {"add_bos_token": True, "eos_token": EOS, "bos_token": None}
    settings["pad_token"] = {"content": PAD, "lstrip": False}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    assert ids_of(tmp_path) == [EOS, BOS, PAD]


def test_bos_begins_texts_as_the_settings_say_or_else_the_post_processor(tmp_path):
    said = {"eos_token": EOS, "bos_token": BOS}
    for kind, settings, begins in [
        ("gpt-2", {}, False),
        ("gpt-2", {"add_bos_token": True}, True),
        ("llama-bpe", {}, True),
        ("llama-bpe", {"add_bos_token": False}, False),
    ]:
        write_tokenizer(tmp_path, trained(kind), **said, **settings)
        begin = [trained(kind).token_to_id(BOS)] if begins else []
        found = vocabulary_of(tmp_path)
        expected = [*begin, *found.encode_alone("a b")]
        assert found.encode_open("a b") == expected
        assert found.encode("a b") == [*expected, found.eos_id]


def test_an_end_token_that_cannot_be_found_is_one_sentence(tmp_path):
    write_tokenizer(tmp_path, trained())
    with pytest.raises(UserError, match=r"tokenizer\.json cannot be found: nothing"):
        vocabulary_of(tmp_path)
    write_tokenizer(tmp_path, trained(), eos_token="</s>")
    with pytest.raises(UserError, match=r"cannot be found: it has no '</s>'"):
        vocabulary_of(tmp_path)


def test_settings_that_are_damaged_are_one_sentence(tmp_path):
    write_tokenizer(tmp_path, trained(), eos_token=EOS)
    (tmp_path / "special_tokens_map.json").write_text("[]")
    with pytest.raises(
        UserError, match=r"special_tokens_map\.json holds no JSON object"
    ):
        vocabulary_of(tmp_path)
