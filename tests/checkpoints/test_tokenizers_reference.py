"""tokenizer.json and GGUF files, against what `transformers` makes of them."""

import pytest

from speccascade.checkpoints import huggingface_vocabulary
from speccascade.checkpoints.gguf_header import read_header
from speccascade.checkpoints.gguf_vocabulary import vocabulary_of
from tests.checkpoints.gguf_files import metadata, tensors, write
from tests.checkpoints.tokenizer_files import (
    BOS,
    DECOMPOSED,
    EOS,
    PAD,
    PRE_TOKENIZERS,
    SPECIAL,
    TEXTS,
    gguf_metadata,
    trained,
    write_tokenizer,
)

pytestmark = pytest.mark.reference


@pytest.mark.parametrize("kind", PRE_TOKENIZERS)
def test_ids_and_text_are_those_of_transformers(tmp_path, kind):
    transformers = pytest.importorskip("transformers")
    write_tokenizer(
        tmp_path,
        trained(kind),
        tokenizer_class="PreTrainedTokenizerFast",
        eos_token=EOS,
        bos_token=BOS,
        pad_token=PAD,
    )
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    ours = huggingface_vocabulary.vocabulary_of(tmp_path)
    assert (theirs.eos_token_id, theirs.pad_token_id) == (ours.eos_id, ours.pad_id)
    for text in [*TEXTS, SPECIAL, DECOMPOSED]:
        expected = theirs(text, split_special_tokens=True).input_ids
        assert ours.encode_open(text) == expected
        assert ours.encode(text) == [*expected, ours.eos_id]
        assert ours.decode(expected) == theirs.decode(
            expected, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )


def test_ids_of_a_gguf_file_are_those_of_the_reader_of_transformers(tmp_path):
    transformers = pytest.importorskip("transformers")
    said = gguf_metadata(trained("qwen2"), "qwen2")
    path = tmp_path / "model.gguf"
    write(path, "qwen2", metadata("qwen2"), tensors("qwen2"), extra=said)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path, gguf_file=path.name)
    ours = vocabulary_of(read_header(path).metadata, path)
    # Not of DECOMPOSED: like llama.cpp this reader leaves out that Qwen2 composes.
    for text in TEXTS:
        assert ours.encode_open(text) == theirs(text).input_ids
