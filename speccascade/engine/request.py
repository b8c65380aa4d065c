"""What the engine is asked: the static part is a program, the traced part its rows."""

import dataclasses
from typing import Literal, get_args

import flax.struct
from jaxtyping import Array, Bool, Float, Int

from speccascade.models.interface import Params
from speccascade.rules import Rule
from speccascade.sampling import Sampling

Kind = Literal["drafter", "target", "speculative"]
Gate = Literal["untempered", "processed"]
Bonus = Literal["law", "target"]
# Checked when asked for: a misspelt bonus policy would run as another one.
_CHOICES = {"kind": get_args(Kind), "gate": get_args(Gate), "bonus": get_args(Bonus)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Execution:
    """How tokens are produced. Static: another value is another program.

    Attributes:
      kind: "speculative", or one model alone ("drafter" or "target").
      rule: of the speculative execution; None for one model alone.
      gamma: G, tokens drafted per round; at least 1 (ignored by one model alone).
      gate: what thresholds look at: "untempered" distributions, or the "processed"
        ones that tokens are drawn from (un-tempered all the same at temperature 0,
        where processed distributions are one-hot and tell a threshold nothing).
      bonus: where the token after a fully accepted block comes from: the rule's "law",
        which costs one more drafter call, or the "target" model's p.
      truncate: whether any row uses top-k, top-p or min-p.
    """

    kind: Kind
    rule: Rule | None = None
    gamma: int = 5
    gate: Gate = "untempered"
    bonus: Bonus = "law"
    truncate: bool = False

    def __post_init__(self) -> None:
        if (self.kind == "speculative") != (self.rule is not None):
            raise ValueError(
                "a rule belongs to the speculative execution, and to it only"
            )
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}, not one of {', '.join(known)}"
                )
        if self.gamma < 1:
            raise ValueError(f"gamma is {self.gamma}: a round drafts at least 1 token")

    @property
    def has_deferral(self) -> bool:
        """Whether the rule has an r, so that deferred slots can be counted."""
        return self.rule is not None and type(self.rule).defers is not Rule.defers

    @property
    def speculative_rule(self) -> Rule:
        """The rule of a speculative execution; only for callers inside one."""
        assert self.rule is not None
        return self.rule

    @property
    def slots_fed(self) -> int:
        """The largest K of a call: what a cache must hold beyond the output."""
        return self.gamma + 1 if self.kind == "speculative" else 1


@flax.struct.dataclass
class Rows:
    """The traced settings of B rows, one value a row.

    Attributes:
      alpha: float32[B], the rule's threshold; any value where there is no rule.
      sampling: temperature and truncation.
      seed: int32[B].
      example: int32[B], the example's id, which keys the row's random numbers.
      active: bool[B], False for the dummy rows that pad a batch.
    """

    alpha: Float[Array, " B"]
    sampling: Sampling
    seed: Int[Array, " B"]
    example: Int[Array, " B"]
    active: Bool[Array, " B"]


@flax.struct.dataclass
class PairParams:
    """Parameters of both models; None for a model that the execution does not use."""

    drafter: Params
    target: Params
