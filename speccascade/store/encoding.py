"""JSON as the store writes it: one text for one value, infinities as strings, no NaN.

JSON has no infinities, so thresholds (and score parts) spell them `"inf"` and `"-inf"`.
A NaN is a defect wherever it comes from: it is refused when it is written, and a file
that holds one is corrupted.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

_SPELLED = {"inf": math.inf, "-inf": -math.inf}


def encode_number(value: float) -> float | str:
    """A float as JSON holds it: itself, or its name if it is infinite.

    Raises:
      ValueError: the value is NaN.
    """
    if math.isnan(value):
        raise ValueError("NaN is never stored")
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def decode_number(value: object) -> float:
    """The float of `encode_number`.

    Raises:
      ValueError: neither a number nor the name of an infinity.
    """
    if isinstance(value, str) and value in _SPELLED:
        return _SPELLED[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def plain(value: Any) -> Any:
    """Nested mappings, sequences and numbers as JSON holds them.

    Mappings become dicts, sequences lists, infinities their names; keys are strings.

    Raises:
      TypeError: a key is not a string, or JSON has no form for a value.
      ValueError: a NaN.
    """
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return encode_number(value)
    if isinstance(value, Mapping):
        wrong = [key for key in value if not isinstance(key, str)]
        if wrong:
            raise TypeError(f"the key {wrong[0]!r} is not a string")
        return {key: plain(value[key]) for key in value}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"{value!r} cannot be stored")


def to_line(value: Mapping[str, Any]) -> str:
    """One line of JSON with sorted keys and its newline; text stays readable UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def from_line(line: str | bytes) -> dict[str, Any]:
    """The object on a line.

    Raises:
      ValueError: not UTF-8, not JSON, not an object, or it holds NaN or Infinity.
    """
    found = json.loads(line, parse_constant=_refuse)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
