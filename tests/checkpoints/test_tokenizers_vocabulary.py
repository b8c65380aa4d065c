"""Vocabularies of the package `tokenizers`, through our wrapper."""

import sys

import hypothesis
import hypothesis.strategies as st
import pytest

from speccascade.checkpoints import SentencePieceVocabulary
from speccascade.checkpoints.tokenizers_vocabulary import (
    BYTE_OF_LETTER,
    TokenizersVocabulary,
)
from speccascade.errors import UserError
from tests.checkpoints.tokenizer_files import (
    BOS,
    EOS,
    PAD,
    PRE_TOKENIZERS,
    PYTHON,
    SPECIAL,
    TEXTS,
    TOOL,
    tokenizers,
    trained,
)


def vocabulary_of(tokenizer, **options):
    options = {"eos": [EOS], "bos": [BOS], "pad": [PAD], **options}
    return TokenizersVocabulary("file", model=tokenizer.to_str().encode(), **options)


def changed(change):
    """A copy of the small tokenizer that `change` was applied to."""
    copy = tokenizers.Tokenizer.from_str(trained().to_str())
    change(copy)
    return copy


@pytest.fixture(scope="module")
def vocabulary():
    return vocabulary_of(trained())


@pytest.mark.parametrize("kind", PRE_TOKENIZERS)
@pytest.mark.parametrize("text", [*TEXTS, SPECIAL])
def test_text_comes_back_exactly(kind, text):
    found = vocabulary_of(trained(kind))
    assert found.decode(found.encode(text)) == text
    assert found.decode(found.encode_open(text)) == text


@hypothesis.given(
    st.text(st.characters(exclude_categories=["Cs"])) | st.text(" \n\tab1ß\u00a0\u3000")
)
def test_any_text_comes_back_exactly(vocabulary, text):
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_ids_are_those_of_the_package_and_eos():
    for kind in PRE_TOKENIZERS:
        found, tokenizer = vocabulary_of(trained(kind)), trained(kind)
        for text in TEXTS:
            alone = tokenizer.encode(text, add_special_tokens=False).ids
            assert found.encode_alone(text) == alone
            assert found.encode(text) == [*found._start, *alone, found.eos_id]


def test_special_tokens_in_a_text_are_text_and_other_added_tokens_are_pieces(
    vocabulary,
):
    special = {vocabulary.eos_id, vocabulary.pad_id, trained().token_to_id(BOS)}
    assert not special & set(vocabulary.encode_alone(SPECIAL))
    assert vocabulary.encode_alone(TOOL) == [trained().token_to_id(TOOL)]


def test_an_end_token_that_the_file_does_not_call_special_is_no_text_either():
    tokenizer = changed(lambda copy: copy.add_tokens(["<stop>"]))
    found = vocabulary_of(tokenizer, eos=["<stop>"])
    assert found.eos_id not in found.encode_alone("a <stop>")
    assert found.decode(found.encode("a <stop> b")) == "a <stop> b"


def test_texts_begin_with_bos_where_the_post_processor_puts_it_or_settings_say_so():
    begin = trained().token_to_id(BOS)
    for kind, said, expected in [
        ("gpt-2", None, -1),
        ("gpt-2", True, begin),
        ("llama-bpe", None, begin),
        ("llama-bpe", False, -1),
    ]:
        found = vocabulary_of(trained(kind), adds_bos=said)
        assert found.bos_id == expected
        first = [] if expected < 0 else [begin]
        ids = found.encode_alone("a b")
        assert begin not in ids
        assert found.encode("a b") == [*first, *ids, found.eos_id]
        assert found.encode_open("a b") == [*first, *ids]
    assert vocabulary_of(trained(), bos=[], adds_bos=True).bos_id == -1


def test_a_template_that_appends_eos_does_so_once_and_is_no_beginning():
    def close(copy):
        copy.post_processor = tokenizers.processors.TemplateProcessing(
            single=f"$A {EOS}", special_tokens=[(EOS, copy.token_to_id(EOS))]
        )

    found = vocabulary_of(changed(close), bos=[EOS])
    assert found.bos_id == -1
    assert found.encode("a b").count(found.eos_id) == 1


def test_truncation_and_padding_that_the_file_asks_for_are_left_out(vocabulary):
    def limit(copy):
        copy.enable_truncation(3)
        copy.enable_padding(length=200)

    assert vocabulary_of(changed(limit)).encode(PYTHON) == vocabulary.encode(PYTHON)


def test_decoding_stops_at_eos_and_skips_padding_and_ids_without_a_piece(vocabulary):
    ids = vocabulary.encode_alone("Guten Tag")
    padded = [vocabulary.pad_id, *ids, vocabulary.pad_id, vocabulary.size, 10**6, -1]
    assert vocabulary.decode(padded) == "Guten Tag"
    assert vocabulary.decode([*padded, vocabulary.eos_id, *ids]) == "Guten Tag"


def test_letters_of_bytes_are_those_of_the_package():
    assert set(BYTE_OF_LETTER) == set(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    assert sorted(BYTE_OF_LETTER.values()) == list(range(256))


def test_pieces_spell_the_bytes_of_the_text_that_they_are_of(vocabulary):
    for text in TEXTS:
        pieces = map(vocabulary.spelt, vocabulary.encode(text))
        assert b"".join(pieces) == text.encode()


def test_pieces_that_contain_a_text_are_found_by_their_bytes(vocabulary):
    width = vocabulary.size + 5
    for text in ("\n", " ", "ß", "he", TOOL, "Ġ", "|"):
        found = vocabulary.containing(text, width)
        assert found.shape == (width,)
        expected = [
            text in trained().decode([number], skip_special_tokens=True)
            for number in range(vocabulary.size)
        ]
        assert found.tolist() == [*expected, *[False] * 5]
    assert vocabulary.containing("\n", width).sum() > 1  # "\n\n" and others
    assert vocabulary.mask(width).tolist() == [True] * vocabulary.size + [False] * 5


def test_vocabularies_differ_where_their_pieces_do(vocabulary):
    assert vocabulary.first_difference(vocabulary_of(trained())) is None
    assert vocabulary.first_difference(vocabulary_of(trained("qwen2"))).startswith(
        "id "
    )
    more = vocabulary_of(changed(lambda copy: copy.add_tokens(["<more>"])))
    assert more.first_difference(vocabulary) == "it has 401 pieces instead of 400"


def test_a_sentencepiece_model_and_the_tokenizer_made_from_it_are_one(vocabulary_path):
    original = SentencePieceVocabulary(vocabulary_path)
    pieces = list(map(original.piece, range(original.size)))
    made = tokenizers.Tokenizer(
        tokenizers.models.Unigram(
            [
                (piece, original._processor.GetScore(i))
                for i, piece in enumerate(pieces)
            ],
            unk_id=2,
            byte_fallback=True,
        )
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(prepend_scheme="always")
    made.decoder = tokenizers.decoders.Sequence(
        [tokenizers.decoders.ByteFallback(), tokenizers.decoders.Metaspace()]
    )
    made.add_special_tokens(["<pad>", "</s>", "<unk>", "<s>"])
    found = vocabulary_of(made, eos=["</s>"], bos=["<s>"], pad=["<pad>"])
    assert (found.size, found.eos_id, found.pad_id) == (6144, 1, 0)
    assert found.first_difference(original) is None
    assert original.first_difference(found) is None
    for text in ("\n", " ", "the", "e"):
        same = found.containing(text, 6144) == original.containing(text, 6144)
        assert same.all()
    assert "here and" in found.first_difference(vocabulary_of(trained()))


def test_the_hash_is_of_the_model_and_the_ends_of_texts(vocabulary):
    assert vocabulary.sha256 == vocabulary_of(trained()).sha256
    others = [
        vocabulary_of(trained("qwen2")),
        vocabulary_of(trained(), adds_bos=True),
        vocabulary_of(trained(), eos=[PAD]),
    ]
    assert len({vocabulary.sha256, *(other.sha256 for other in others)}) == 4


def test_the_first_end_token_that_is_there_counts():
    assert vocabulary_of(trained(), eos=["<none>", 7, EOS]).eos_id == 7
    with pytest.raises(UserError, match=r"cannot be found: it has no '<e>' and no 400"):
        vocabulary_of(trained(), eos=["<e>", 400])
    with pytest.raises(UserError, match="cannot be found: nothing names it"):
        vocabulary_of(trained(), eos=[])


def test_a_file_that_is_no_vocabulary_is_one_sentence(tmp_path):
    with pytest.raises(
        UserError, match=r"tokenizer\.json cannot be read: No such file"
    ):
        TokenizersVocabulary(tmp_path / "tokenizer.json", eos=[0])
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match=r"tokenizer\.json cannot be read \("):
        TokenizersVocabulary(tmp_path / "tokenizer.json", eos=[0])


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(UserError, match=r"pip install 'speccascade\[tokenizers\]'"):
        TokenizersVocabulary(tmp_path, eos=[0])
