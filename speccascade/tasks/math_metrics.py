r"""Exact match of the final number of a worked answer.

Which number an answer means is read in one of two ways, as lm-evaluation-harness does:

- `strict`: the number after the first "####" or "The answer is", the two forms that
  worked examples and fine-tuned models end in. An answer that never says so is wrong.
- `flexible`: the last number of the answer, whatever is said about it.

Strict is the headline, called `exact_match`. An answer that is cut at the length limit
has no result; flexible would take the number that it was computing with for one, and
thus reward chance. It stands beside as `exact_match_flexible`.

Numbers are compared as numbers: "1,234" is 1234, "$18.00" and "18." are 18, "50%" is
50, "1/2" is 0.5. The harness compares text after removing "$", "," and a last ".";
there 18.00 is not 18, "The answer is 18" without a full stop gives 1, "The answer is
$18." gives nothing in strict mode, and "1/2" gives 1 or 2. On answers in the form of
the worked examples (whole numbers, a full stop) both agree.
"""

import dataclasses
import re
from fractions import Fraction

from speccascade.errors import UserError
from speccascade.tasks.metrics import Parts, Scores, percentage

# A minus sign between two numbers or after a word is an operator or a hyphen.
_BEFORE = r"(?:\$[-−]|(?:(?<![\w).])[-−])?\$?)"
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
_NUMBER = rf"({_BEFORE}(?:{_DIGITS}(?:\.\d+)?|\.\d+)(?:/0*[1-9]\d*)?)"
_ANYWHERE = re.compile(_NUMBER)
_STATED = re.compile(rf"(?:####|The answer is:?)\s*{_NUMBER}")


def stated_number(text: str) -> Fraction | None:
    """The number that an answer calls its result, or None.

    >>> stated_number("6 - 2 = 4. The answer is 4. The answer is 5.")
    Fraction(4, 1)
    >>> stated_number("6 - 2 = 4.") is None
    True
    """
    found = _STATED.search(text)
    return None if found is None else _value(found[1])


def last_number(text: str) -> Fraction | None:
    """The last number of an answer, or None.

    >>> last_number("She has $18.00 left, 3-1 times more.")
    Fraction(1, 1)
    """
    found = _ANYWHERE.findall(text)
    return _value(found[-1]) if found else None


_READINGS = {"strict": stated_number, "flexible": last_number}


@dataclasses.dataclass(frozen=True, kw_only=True)
class NumberMatch:
    """Share of answers whose number is the reference's, from 0 to 100.

    The reference is a number alone. Parts: 1 or 0 for the example, and 1.

    Attributes:
      reading: `strict` or `flexible`.
    """

    reading: str = "strict"

    def __post_init__(self) -> None:
        if self.reading not in _READINGS:
            raise UserError(
                f"A number is read {' or '.join(_READINGS)}, not {self.reading!r}."
            )

    @property
    def name(self) -> str:
        return "exact_match" if self.reading == "strict" else "exact_match_flexible"

    @property
    def signature(self) -> str:
        return f"exact_match|reading:{self.reading}|compare:value|version:1"

    def parts(self, prediction: str, reference: str) -> list[float]:
        found = _READINGS[self.reading](prediction)
        right = found is not None and found == last_number(reference)
        return [float(right), 1.0]

    def combine(self, parts: Parts) -> Scores:
        return percentage(parts)


def _value(number: str) -> Fraction | None:
    """The value of one match; None where it has more digits than Python converts."""
    plain = number.replace(",", "").replace("$", "").replace("−", "-")
    upper, _, lower = plain.partition("/")
    try:
        return Fraction(upper) / Fraction(lower or 1)
    except ValueError:
        return None
