"""What a deferral rule is: mathematics on two distributions, no model and no loop."""

import abc
import dataclasses
from typing import ClassVar

import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Shaped

from speccascade.numerics import safe_normalise
from speccascade.rules.slot import Sides, Slot

# The arguments of every rule. The dots are any number of axes, usually rows and slots.
Distribution = Float[Array, "... V"]
Threshold = Float[Array, "..."]
Flag = Bool[Array, "..."]
Token = Int[Array, "..."]


def per_slot(value: Shaped[Array, "..."], q: Distribution) -> Array:
    """A value for every slot of `q`, with an axis of length 1 for the vocabulary.

    Example:
        >>> print(per_slot(jnp.array(0.5), jnp.ones((2, 1, 4))).shape)
        (2, 1, 1)
    """
    return jnp.broadcast_to(value, q.shape[:-1])[..., None]


@flax.struct.dataclass
class Coupling(abc.ABC):
    """A test and its residuals, where no measure expresses the two.

    The drafted token x is kept with probability keep(x), and otherwise replaced by a
    draw from its residual. A measure m stands for keep = min(1, m/q) and for the
    residual norm((m - q)+) of every x; a coupling for all else.

    Attributes:
        keep: probability that each token stands if it is drafted, in [0, 1].
    """

    keep: Distribution

    @abc.abstractmethod
    def residual(self, q: Distribution, p: Distribution, token: Token) -> Distribution:
        """The distribution of what replaces `token`; p where there is none."""

    @abc.abstractmethod
    def law(self, q: Distribution, p: Distribution) -> Distribution:
        """q keep + sum_x q(x) (1 - keep(x)) residual_x."""


@flax.struct.dataclass
class Redraw(Coupling):
    """One residual for every rejected token.

    Attributes:
        replacement: what replaces a rejected token, up to its sum.

    Example:
        >>> q, p = jnp.array([0.5, 0.25, 0.25]), jnp.array([1.0, 0.0, 0.0])
        >>> coupling = Redraw(keep=jnp.array([1.0, 1.0, 0.0]), replacement=p)
        >>> print(coupling.law(q, p))
        [0.75 0.25 0.  ]
    """

    replacement: Distribution

    def residual(self, q: Distribution, p: Distribution, token: Token) -> Distribution:
        return safe_normalise(self.replacement, p)

    def law(self, q: Distribution, p: Distribution) -> Distribution:
        rejected = jnp.sum(q * (1 - self.keep), axis=-1, keepdims=True)
        return q * self.keep + rejected * safe_normalise(self.replacement, p)


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
    depend on the drafted token. Such a rule gives a `Coupling` instead. All that is
    done with either goes through the functions of `speccascade.rules.verify`.

    Attributes:
        name: the key in `RULES` and in configurations.
        alpha_range: lowest and highest threshold allowed, inclusive, perhaps infinite.
        lossless_end: a threshold at which the measure equals p bit for bit, or the law
            of the coupling is p. A coupling may get there by a test of its own: that of
            `cactus` is the lossless one, `redraw` rejects every draft.
        drafter_end: a threshold at which every drafted token is kept, for certain; None
            if there is none.
        gates: those of the gates 'q' and 'p' that the rule reads.
        formula: the measure m(v) in LaTeX; empty for a rule that has no short one.
        condition: r = 1 iff this, in LaTeX; empty for a rule without r. At temperature
            above 0, with thresholds read off the gates.
        source: where the paper states the rule; empty for the rules of later work.
    """

    name: ClassVar[str]
    alpha_range: ClassVar[tuple[float, float]]
    lossless_end: ClassVar[float | None]
    drafter_end: ClassVar[float | None]
    gates: ClassVar[frozenset[str]]
    formula: ClassVar[str] = ""
    condition: ClassVar[str] = ""
    source: ClassVar[str] = ""

    @abc.abstractmethod
    def measure(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Distribution | Coupling:
        """The non-negative measure m over V that the output is to follow.

        It need not sum to 1; `verify.law` says what the output follows in any case. A
        rule that no measure expresses gives its coupling.

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

    def sides(self, at: Slot) -> Sides | None:
        """What `defers` compares at one slot, in words; None for a rule without r."""
        return None
