"""What a method is: a rule, how it is executed, and the thresholds of its curve."""

import dataclasses
from typing import cast, get_args

from speccascade import rules
from speccascade.engine.request import (
    Adaptive,
    Bonus,
    Execution,
    Gate,
    Kind,
    Score,
)
from speccascade.errors import UserError, require
from speccascade.rules import Rule
from speccascade.sampling import SWEEPS, check_swept

KINDS, GATES, BONUSES, SCORES = map(get_args, (Kind, Gate, Bonus, Score))
ADAPTIVES = get_args(Adaptive)


@dataclasses.dataclass(frozen=True, kw_only=True)
class MethodSpec:
    """A rule, how it is executed, and the thresholds of its curve.

    Attributes:
        name: of the method, and of its folder in the store.
        kind: of the execution, "drafter" or "target" being that model alone.
        rule: a name in `rules.RULES`, a rule of the user's own, or None for one model
            alone.
        gamma, gate, bonus, adaptive, cap, score, quantile, fallback: as in
            `engine.Execution`; a kind ignores those that it does not read.
        sweeps: what the thresholds set: the rule's "alpha", or the sampling value of
            that name, in place of the job's own; then the rule has no threshold.
        thresholds: distinct and within the range of what they set, ends included;
            (None,) for methods without one. Stored in ascending order.

    Raises:
        UserError: a field is not one of the above.
    """

    name: str
    kind: str
    rule: str | Rule | None = None
    gamma: int = 5
    gate: str = "untempered"
    bonus: str = "law"
    adaptive: str = "never"
    cap: int | None = 10
    score: str = "probability"
    quantile: float = 0.5
    fallback: float = 0.5
    sweeps: str = "alpha"
    thresholds: tuple[float | None, ...] = (None,)

    def __post_init__(self) -> None:
        for field, known in (
            ("kind", KINDS),
            ("gate", GATES),
            ("bonus", BONUSES),
            ("adaptive", ADAPTIVES),
            ("score", SCORES),
            ("sweeps", SWEEPS),
        ):
            value = getattr(self, field)
            require(
                value in known,
                f"method.{field} must be one of {', '.join(known)}, not {value!r}",
            )
        require(self.gamma >= 1, f"method.gamma must be >= 1, not {self.gamma}")
        try:
            self.execution()
        except ValueError as error:
            raise UserError(f"Method {self.name!r}: {error}.") from error
        object.__setattr__(self, "thresholds", self._checked_thresholds())

    @property
    def rule_object(self) -> Rule | None:
        """The rule itself, whether it was given by name or as an object."""
        return rules.get_rule(self.rule) if isinstance(self.rule, str) else self.rule

    def execution(self, truncate: bool = False) -> Execution:
        """The program's static part; `truncate` is whether the sampling cuts."""
        return Execution(
            kind=cast(Kind, self.kind),  # checked above, as the others
            rule=self.rule_object,
            gamma=self.gamma,
            gate=cast(Gate, self.gate),
            bonus=cast(Bonus, self.bonus),
            adaptive=cast(Adaptive, self.adaptive),
            truncate=truncate,
            cap=self.cap,
            score=cast(Score, self.score),
            quantile=self.quantile,
            fallback=self.fallback,
        )

    def _checked_thresholds(self) -> tuple[float | None, ...]:
        values = tuple(self.thresholds)
        rule = self.rule_object
        no_alpha = rule is None or rule.alpha_range[0] == rule.alpha_range[1]
        require(
            no_alpha or self.sweeps == "alpha",
            f"Method {self.name!r} cannot sweep {self.sweeps}, for its rule has a "
            "threshold of its own",
        )
        if no_alpha and self.sweeps == "alpha":
            given = [value for value in values if value is not None]
            require(
                not given,
                f"Method {self.name!r} has no threshold; leave method.thresholds "
                "as [null]",
            )
            return (None,)
        numbers = [value for value in values if value is not None]
        require(
            bool(values) and len(numbers) == len(values),
            f"Method {self.name!r} needs numbers in method.thresholds, not "
            f"{list(values)}",
        )
        for value in numbers:
            if rule is None or self.sweeps != "alpha":
                check_swept(self.sweeps, value)
            else:
                rules.check_alpha(rule, value)
        require(
            len(set(numbers)) == len(numbers),
            f"method.thresholds of {self.name!r} names one value twice: {list(values)}",
        )
        return tuple(sorted(float(value) for value in numbers))
