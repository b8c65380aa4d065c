"""Sampling values: what each may be, and how one of them makes a curve.

A target model that is cooled or cut is a baseline of its own: token rules sharpen what
they draw from, and so does a lower temperature. It is a curve like any other, whose
*thresholds* are temperatures, or values of top-k, top-p or min-p.

    swept         thresholds         untouched at (1, 0, 1, 0)   greedy at
    temperature   0 and above        1                           0
    top_k         1, 2, ... or inf   inf, no cut                 1
    top_p         (0, 1]             1                           near 0
    min_p         [0, 1]             0                           1

Top-k without a cut is 0 as a setting and inf as a threshold, so that thresholds in
ascending order are a curve from one end to the other.
"""

import math
from collections.abc import Callable
from typing import Literal, get_args

from speccascade.errors import UserError

Sweeps = Literal["alpha", "temperature", "top_k", "top_p", "min_p"]
SWEEPS = get_args(Sweeps)
# They change nothing at temperature 0, for the argmax survives every cut.
TRUNCATIONS = ("top_k", "top_p", "min_p")
# What the engine keeps top-k in.
INT32_MAX = 2**31 - 1

_RANGES: dict[str, tuple[Callable[[float], bool], str]] = {
    "temperature": (lambda value: 0 <= value < math.inf, "0 (greedy) or above"),
    "top_k": (lambda value: 0 <= value <= INT32_MAX, f"in [0, {INT32_MAX}]"),
    "top_p": (lambda value: 0 < value <= 1, "in (0, 1]"),
    "min_p": (lambda value: 0 <= value <= 1, "in [0, 1]"),
}


def check_setting(name: str, value: float | int) -> None:
    """Accepts what `sampling.NAME` may be; else UserError, naming the range."""
    allowed, words = _RANGES[name]
    if not allowed(value):
        raise UserError(f"sampling.{name} must be {words}, not {value}.")


def check_swept(name: str, threshold: float) -> None:
    """Accepts what a threshold that sets `name` may be.

    Raises:
        UserError: it is out of range; the message names the range.
    """
    allowed, words = _RANGES[name]
    if name == "top_k":
        words = f"whole numbers in [1, {INT32_MAX}], or inf for no cut"
        inside = 1 <= threshold <= INT32_MAX and threshold == int(threshold)
        accepted = inside or threshold == math.inf
    else:
        accepted = allowed(threshold)
    if not accepted:
        raise UserError(
            f"method.thresholds are values of {name} here and must be {words}, not "
            f"{threshold:g}."
        )


def setting_of(name: str, threshold: float) -> float | int:
    """The setting that a threshold stands for.

    Example:
        >>> setting_of("top_k", 5.0), setting_of("top_k", math.inf)
        (5, 0)
        >>> setting_of("top_p", 0.9)
        0.9
    """
    if name != "top_k":
        return threshold
    return 0 if threshold == math.inf else int(threshold)


def threshold_of(name: str, setting: float | int) -> float:
    """The threshold that stands for a setting: the inverse of `setting_of`."""
    return math.inf if name == "top_k" and setting == 0 else float(setting)
