"""The final number of an answer, read strictly and flexibly."""

from fractions import Fraction

import pytest

from speccascade.errors import UserError
from speccascade.tasks.math_metrics import NumberMatch, last_number, stated_number
from speccascade.tasks.metrics import Metric, corpus_score

STRICT, FLEXIBLE = NumberMatch(), NumberMatch(reading="flexible")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", 1234),
        ("109,200,000", 109_200_000),
        ("$18.00", 18),
        ("$1,234.50", Fraction(2469, 2)),
        ("-3", -3),
        ("−3", -3),
        ("-$3", -3),
        ("$-3", -3),
        ("18.", 18),
        ("18", 18),
        ("0.5", Fraction(1, 2)),
        (".5", Fraction(1, 2)),
        ("1/2", Fraction(1, 2)),
        ("50%", 50),
        ("18 dollars", 18),
        ("007", 7),
    ],
)
def test_a_number_is_read_alike_wherever_it_stands(text, value):
    assert last_number(text) == value
    assert stated_number(f"So 2 + 2 = 4. The answer is {text}") == value
    assert stated_number(f"2 + 2 = 4\n#### {text}") == value


@pytest.mark.parametrize("text", ["", "I do not know.", "The answer is eighteen.", "-"])
def test_text_without_a_number_has_none(text):
    assert last_number(text) is None
    assert stated_number(text) is None


@pytest.mark.parametrize(
    ("text", "strict", "flexible"),
    [
        # The published worked example (Wei et al., 2022), and what may follow it.
        ("There are 15 trees. 21 - 15 = 6. The answer is 6.", 6, 6),
        ("The answer is 6. There were 15 trees.", 6, 15),
        ("The answer is 6.\n\nThe answer is 7.", 6, 7),
        ("She makes 9 * 2 = $18 every day.\n#### 18", 18, 18),
        # Cut at the length limit: no result is stated.
        ("16 - 3 - 4 = 9 eggs. 9 * 2", None, 2),
        ("It is 5-3", None, 3),
        ("It is (5)-3", None, 3),
        ("The answer is about 6.", None, 6),
        ("The answer is: 6", 6, 6),
        ("the answer is 6", None, 6),
        # Only commas between groups of three digits belong to a number.
        ("1,2,3", None, 3),
        ("1, 2, and 3,000", None, 3000),
        ("The answer is 5/0.", 5, 0),
    ],
)
def test_strict_takes_what_is_stated_and_flexible_what_comes_last(
    text, strict, flexible
):
    assert stated_number(text) == strict
    assert last_number(text) == flexible


@pytest.mark.parametrize(
    ("prediction", "reference", "right"),
    [
        ("The answer is $18.00.", "18", True),
        ("The answer is 1234.", "1,234", True),
        ("The answer is 18", "1", False),
        ("The answer is 1/2.", "1", False),
        ("The answer is -3.", "3", False),
        ("No idea.", "3", False),
        ("No idea.", "", False),
    ],
)
def test_answers_are_right_where_the_values_are_equal(prediction, reference, right):
    assert STRICT.parts(prediction, reference) == [float(right), 1.0]
    assert FLEXIBLE.parts(prediction, reference) == [float(right), 1.0]


def test_a_corpus_scores_the_share_of_right_answers():
    predictions = ["#### 1", "2", "The answer is 3."]
    references = ["1", "2", "4"]
    assert corpus_score(STRICT, predictions, references) == pytest.approx(100 / 3)
    assert corpus_score(FLEXIBLE, predictions, references) == pytest.approx(200 / 3)


def test_a_number_of_more_digits_than_python_converts_is_no_number():
    assert last_number("9" * 5000) is None


def test_both_readings_are_metrics_and_the_strict_one_has_the_plain_name():
    assert isinstance(STRICT, Metric)
    assert (STRICT.name, FLEXIBLE.name) == ("exact_match", "exact_match_flexible")
    assert STRICT.signature != FLEXIBLE.signature
    with pytest.raises(UserError, match="strict or flexible"):
        NumberMatch(reading="lenient")
