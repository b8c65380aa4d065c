"""What comes out of checking a lemma: how far it was from failing, and what to draw."""

import dataclasses

import numpy as np
from jaxtyping import Float64

# A few hundred roundings of numbers near 1; nothing here adds more than that.
ROUNDING = 1e-12


@dataclasses.dataclass(frozen=True, kw_only=True)
class Points:
    """Points or a line of one panel, and one or more lines of the CSV.

    Attributes:
        label: what they are; points of one label are drawn alike.
        x, y: f64[n].
        low, high: ends of an interval of y, or None.
    """

    label: str
    x: Float64[np.ndarray, " n"]
    y: Float64[np.ndarray, " n"]
    low: Float64[np.ndarray, " n"] | None = None
    high: Float64[np.ndarray, " n"] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """A statement that was tried on many instances.

    Attributes:
        name: of the result, as the paper has it.
        statement: in a formula.
        instances: how often it was tried.
        violation: the most by which it failed; 0 where it never did.
        allowed: the most that it may fail by.
        unit: of `violation`, where it is not that of the statement.
        tightness: largest left side over right side of a bound; None of an equation.
        control: a wrong rule in the right one's place.
        control_violation: the most by which the statement fails with it.
        points: what the figure draws.
    """

    name: str
    statement: str
    instances: int
    violation: float
    control: str
    control_violation: float
    allowed: float = ROUNDING
    unit: str = ""
    tightness: float | None = None
    points: tuple[Points, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the statement was never violated beyond what is allowed."""
        return self.violation <= self.allowed

    @property
    def can_fail(self) -> bool:
        """Whether the wrong rule was caught."""
        return self.control_violation > self.allowed


def excess(
    left: Float64[np.ndarray, "..."], right: Float64[np.ndarray, "..."]
) -> float:
    """The most by which left <= right fails, at least 0.

    Example:
        >>> excess(np.array([0.1, 0.5]), np.array([0.2, 0.25]))
        0.25
    """
    return max(0.0, float(np.max(left - right)))
