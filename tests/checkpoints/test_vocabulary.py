"""The shipped vocabulary, through our wrapper."""

import hashlib

import hypothesis
import hypothesis.strategies as st
import pytest

from speccascade.checkpoints import SentencePieceVocabulary
from speccascade.errors import UserError

PYTHON = '''def collatz(n: int) -> list[int]:
    """Steps down to 1."""
    steps = [n]
    while n != 1:
\tn = n // 2 if n % 2 == 0 else 3 * n + 1  # a tab, and two spaces
        steps.append(n)

    return steps
'''
GERMAN = "Größe über 1.234,5 €: »Äußerst schön«, sagte Özgür – und strich 3/4 ß zu ẞ."


@pytest.fixture(scope="module")
def vocabulary(vocabulary_path):
    return SentencePieceVocabulary(vocabulary_path)


@pytest.mark.parametrize(
    "text",
    [
        PYTHON,
        GERMAN,
        "",
        " ",
        "  two  spaces  everywhere  ",
        "\n\tbegins with a newline and a tab\n\n",
        "carriage\r\nreturn",
        "日本語 🙂 \x00",
        "</s> <s> <unk> <pad> are text",
        "e\u0301 is not \u00e9, \ufb01 not fi",  # no normalisation
    ],
)
def test_text_comes_back_exactly(vocabulary, text):
    assert vocabulary.decode(vocabulary.encode(text)) == text


@hypothesis.given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u2581"))
    | st.text(" \n\tab1ß\u00a0\u3000")
)
def test_any_text_comes_back_exactly(vocabulary, text):
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_the_character_that_stands_for_a_space_comes_back_as_one(vocabulary):
    assert vocabulary.decode(vocabulary.encode("a\u2581b")) == "a b"


def test_ids_are_those_of_the_design(vocabulary):
    assert vocabulary.size == 6144
    assert (vocabulary.pad_id, vocabulary.eos_id) == (0, 1)
    processor = vocabulary._processor
    assert (processor.unk_id(), processor.bos_id()) == (2, 3)


def test_encoding_ends_with_eos_and_holds_no_other(vocabulary):
    ids = vocabulary.encode(PYTHON + GERMAN)
    assert ids[-1] == vocabulary.eos_id
    assert not {0, 1, 2, 3} & set(ids[:-1])
    assert vocabulary.encode("") == [vocabulary.eos_id]


def test_newline_tab_and_digits_are_pieces_of_their_own(vocabulary):
    assert len(vocabulary.encode("\n\t")) == 4  # the leading space, both, EOS
    assert len(vocabulary.encode("1234")) == 6


def test_decoding_stops_at_eos_and_skips_padding_and_ids_without_a_piece(vocabulary):
    ids = vocabulary.encode("Guten Tag")[:-1]
    padded = [0, *ids, 0, vocabulary.size, 10**6, -1]
    assert vocabulary.decode(padded) == "Guten Tag"
    assert vocabulary.decode([*padded, 1, *ids]) == "Guten Tag"


def test_the_hash_is_that_of_the_file(vocabulary, vocabulary_path):
    expected = hashlib.sha256(vocabulary_path.read_bytes()).hexdigest()
    assert vocabulary.sha256 == expected


def test_a_missing_vocabulary_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"none\.model cannot be read: No such file"):
        SentencePieceVocabulary(tmp_path / "none.model")


def test_a_file_that_is_no_vocabulary_is_one_sentence(tmp_path):
    path = tmp_path / "text.model"
    path.write_text("not a model")
    with pytest.raises(UserError, match="is not a SentencePiece model"):
        SentencePieceVocabulary(path)
