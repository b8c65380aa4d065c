"""What a search over jobs maximises: quality within a budget of what it costs."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from speccascade.engine.counters import RATIOS
from speccascade.errors import require

# Of which less is better.
COSTS = tuple(name for name in RATIOS if name != "tokens_per_target_call")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Objective:
    """The goal of a search.

    Attributes:
        cost: a ratio of the counters, one of `COSTS`.
        budget: the highest cost that is allowed.
    """

    cost: str
    budget: float

    def __post_init__(self) -> None:
        require(
            self.cost in COSTS,
            f"objective.cost must be one of {', '.join(COSTS)}, not {self.cost!r}",
        )

    def value(self, summary: Mapping[str, Any]) -> float:
        """The highest headline score of a point within the budget.

        Where none is within it, how far the cheapest exceeds it, as a negative number:
        scores are not negative, so a search is led towards the budget first.

        Args:
          summary: of what the job asked for, as `store.summarise` gives it.

        Raises:
          UserError: the method has no such cost.
        """
        metric = summary["headline"]
        points = [
            (one["ratios"][self.cost], one["quality"][metric])
            for one in summary["points"]
            if one["ratios"][self.cost] is not None
        ]
        require(bool(points), f"the method has no {self.cost}; choose another cost")
        within = [score for cost, score in points if cost <= self.budget]
        return max(within) if within else self.budget - min(points)[0]
