"""Which pairs of texts enter the corpus."""

import pytest

from speccascade.tasks.corpus import CorpusRow, read_corpus, write_corpus
from speccascade.tasks.rebuild.corpus import Overlap, compare
from speccascade.tasks.rebuild.pairs import (
    is_pair,
    one_line,
    repetition_key,
    without_repetitions,
)


def test_a_plain_translated_sentence_is_a_pair():
    assert is_pair("Opens the help page.", "Öffnet die Hilfeseite.")


@pytest.mark.parametrize(
    ("en", "de"),
    [
        ("Opens the page.", "Öffnet die Seite."),  # three words
        ("word " * 61, "Wort der " * 40),  # too many
        ("One two three four five", "Eins"),  # German too short
        ("One two three four", "x y " * 30),  # German too long
        ("A file name here", "A file name here"),  # not translated
        ("f(x) = 3 * 4 + 12 - 7", "f(x) = 3 * 4 + 12 - 7."),  # no letters
        (
            "acosh acoshf acoshl asinh asinhf asinhl atanh",
            "acosh acoshf acoshl asinh asinhf asinhl Atanh",
        ),  # a list of names
        (
            "Opens the page that was set in Options.",
            "Opens the page that was set in Optionen.",
        ),  # still English: "in" and "was" are words of both languages
        (
            "IN PRACTICE The Falcot Corp case",
            "IN DER PRAXIS Der Fall Falcot Corp",
        ),  # function words of a title alone
    ],
)
def test_what_is_no_translated_sentence_is_left_out(en, de):
    assert not is_pair(en, de)


def test_one_function_word_makes_a_long_line_german():
    en = "Choose Tools - Options - Calc - View to see them."
    assert is_pair(en, "Wählen Sie Extras - Optionen - Calc - Ansicht")
    assert not is_pair(en, "Wähle Extras - Optionen - Calc - Ansicht")


def test_synopses_may_be_short_and_need_no_function_word():
    en, de = "text editor", "Text-Editor klein"
    assert not is_pair(en, de)
    assert is_pair(en, de, min_words=2, prose=False)
    long = "GNU Privacy Guard - Signaturwerkzeug (veraltete klassische Version)"
    assert is_pair("GNU privacy guard - signature tool (deprecated)", long, prose=False)


def test_white_space_of_any_kind_becomes_one_space():
    assert one_line(" a\n\tb\u00a0 c ") == "a b c"


def test_texts_that_differ_in_digits_and_punctuation_repeat_each_other():
    assert repetition_key("Sets 2 lines.") == repetition_key("sets 15 lines")
    assert repetition_key("Sets lines") != repetition_key("Sets line")


def test_the_first_of_repeated_rows_stays():
    rows = [CorpusRow("o", "d", en, en) for en in ("Page 1", "Other", "page 2!")]
    assert list(without_repetitions(rows)) == rows[:2]


def test_comparison_tells_same_pairs_from_same_rows():
    reference = [CorpusRow("o", "d1", "a", "b"), CorpusRow("o", "d2", "c", "d")]
    built = [CorpusRow("o", "d1", "a", "b"), CorpusRow("o", "d3", "c", "d")]
    built.append(CorpusRow("p", "d", "e", "f"))
    assert compare(built, reference) == {
        "o": Overlap(built=2, reference=2, same_pair=2, same_row=1),
        "p": Overlap(built=1, reference=0, same_pair=0, same_row=0),
    }


def test_a_corpus_file_is_read_as_written_and_equal_rows_make_equal_bytes(tmp_path):
    rows = [CorpusRow("o", "d", "Line\u2028break", "Zeilen\u0085umbruch")]
    for name in ("one.gz", "two.gz"):
        write_corpus(tmp_path / name, rows)
    assert read_corpus(tmp_path / "one.gz") == rows
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()
