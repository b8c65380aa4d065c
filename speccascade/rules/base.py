"""What a deferral rule is: mathematics on two distributions, no model and no loop."""

import abc
import dataclasses
from typing import ClassVar

from jaxtyping import Array, Bool, Float, Int

# The arguments of every rule. The dots are any number of axes, usually rows and slots.
Distribution = Float[Array, "... V"]
Threshold = Float[Array, "..."]
Flag = Bool[Array, "..."]
Token = Int[Array, "..."]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rule(abc.ABC):
    """A rule turns the drafter's and the target model's distributions into a measure.

    Rules are static: frozen, hashable, one compiled program each. Their threshold alpha
    is traced, one value a row. In every rule a higher alpha defers less.

    A rule reads each distribution in two forms. `q` and `p` are *processed*
    (temperature, truncation): tokens are drawn from them, and the measure is made of
    them. `gate_q` and `gate_p` are what thresholds look at, un-tempered by default. At
    temperature 1 without truncation the two forms are equal.

    A measure does not express every rule: a residual may be other than (m - q)+, or
    depend on the drafted token. There is room for that. All that is done with a measure
    goes through the functions of `speccascade.rules.verify`, which `engine.verify`
    alone calls: a rule that gives keep [V] and residual [V] in place of m would change
    these two files, and not the engine's loops.

    Attributes:
        name: the key in `RULES` and in configurations.
        alpha_range: lowest and highest threshold allowed, inclusive, perhaps infinite.
        lossless_end: a threshold at which the measure equals p bit for bit.
        drafter_end: a threshold at which every drafted token is kept, for certain; None
            if there is none.
        gates: those of the gates 'q' and 'p' that the rule reads.
    """

    name: ClassVar[str]
    alpha_range: ClassVar[tuple[float, float]]
    lossless_end: ClassVar[float | None]
    drafter_end: ClassVar[float | None]
    gates: ClassVar[frozenset[str]]

    @abc.abstractmethod
    def measure(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Distribution:
        """The non-negative measure m over V that the output is to follow.

        It sums to 1 in every rule but `lossy`; `verify.law` says what the output
        follows in either case.

        Args:
            q: the drafter's distribution, from which the drafted token was drawn.
            p: the target model's distribution at the same slot.
            gate_q, gate_p: the distributions that thresholds look at.
            alpha: threshold, a scalar or broadcastable against `q.shape[:-1]`.
            greedy: True at temperature 0, shaped as `alpha`. Then q and p are one-hot
                argmaxes, and the rule decides from the gates.
        """

    def defers(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
        token: Token,
    ) -> Flag | None:
        """r in {0, 1}: whether the drafted token is left to the target model.

        Deferral is not rejection: a deferred token can still pass its test. None for a
        rule that has no r.

        Args:
            token: the drafted token; only token-specific rules look at it.
        """
        return None
