"""What the engine is asked: the static part is a program, the traced part its rows."""

import dataclasses
from typing import Literal, get_args

import flax.struct
from jaxtyping import Array, Bool, Float, Int

from speccascade.models.interface import Params
from speccascade.rules import Rule
from speccascade.rules.chow import Chow
from speccascade.rules.prefix import PrefixRule
from speccascade.sampling import Sampling

Kind = Literal[
    "drafter",
    "target",
    "speculative",
    "token_cascade",
    "oracle_cascade",
    "sequence_cascade",
    "bild",
]
Gate = Literal["untempered", "processed"]
Bonus = Literal["law", "target"]
Adaptive = Literal["never", "rule", "confidence"]
Score = Literal["probability", "mean", "quantile"]
# Checked when asked for: a misspelt bonus policy would run as another one.
_CHOICES = {
    "kind": get_args(Kind),
    "gate": get_args(Gate),
    "bonus": get_args(Bonus),
    "adaptive": get_args(Adaptive),
    "score": get_args(Score),
}
# What each kind reads of an execution, beside its rule, and what it reads besides where
# the length of drafts is adaptive: `Execution.fields` puts the two together.
FIELDS: dict[str, tuple[str, ...]] = {
    "drafter": (),
    "target": (),
    "speculative": ("gamma", "gate", "bonus"),
    "token_cascade": ("gate", "cap"),
    "oracle_cascade": ("gate",),
    "sequence_cascade": ("gate", "score", "quantile"),
    "bild": ("gamma", "gate", "fallback"),
}
_ADAPTIVE_FIELDS: dict[Adaptive, tuple[str, ...]] = {
    "never": (),
    "rule": ("adaptive",),
    "confidence": ("adaptive", "fallback"),
}
# Tokens of a long drafter's run that one call of the target takes in, where there is no
# cap. Most runs are shorter, and a call costs its whole width.
_WIDTH_WITHOUT_CAP = 11


@dataclasses.dataclass(frozen=True, kw_only=True)
class Execution:
    """How tokens are produced. Static: another value is another program.

    Attributes:
      kind: one model alone ("drafter" or "target"), or one of the five executions of a
        rule: "speculative", "token_cascade", "oracle_cascade", "sequence_cascade",
        "bild". The module of that name says what it does. A kind ignores what `fields`
        does not list for it.
      rule: None for one model alone. A token cascade takes a rule that reads q only, a
        sequence cascade takes `chow`, BiLD a rule that decides for a whole slot.
      gamma: G, tokens drafted per round (BiLD, adaptive drafts: at most); at least 1.
      gate: what thresholds look at: "untempered" distributions, or the "processed"
        ones that tokens are drawn from (un-tempered all the same at temperature 0,
        where processed distributions are one-hot and tell a threshold nothing).
      bonus: where the token after a fully accepted block comes from: the rule's "law",
        which costs one more drafter call, or the "target" model's p.
      adaptive: where a speculative draft ends before G tokens: "never"; where the
        "rule", which then is to read q alone (Chow), would defer; or where the drafter
        lacks "confidence", that is max q < 1 - fallback. It needs `bonus: law`, by
        which the token of the slot where the draft ends is drawn.
      truncate: whether any row uses top-k, top-p or min-p.
      cap: tokens that the drafter of a token cascade may write in a row before the
        target writes one; None is no cap.
      score: what a sequence cascade compares with its threshold, of the probabilities
        of an answer's tokens: their product ("probability"), their geometric "mean", or
        a "quantile" of them.
      quantile: which one, in [0, 1]; 0 is the least probable token.
      fallback: BiLD's drafter, and one that goes by its confidence, stops where
        max q < 1 - fallback; in [0, 1].
    """

    kind: Kind
    rule: Rule | None = None
    gamma: int = 5
    gate: Gate = "untempered"
    bonus: Bonus = "law"
    adaptive: Adaptive = "never"
    truncate: bool = False
    cap: int | None = 10
    score: Score = "probability"
    quantile: float = 0.5
    fallback: float = 0.5

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}, not one of {', '.join(known)}"
                )
        if self.gamma < 1:
            raise ValueError(f"gamma is {self.gamma}: a round drafts at least 1 token")
        if self.cap is not None and self.cap < 1:
            raise ValueError(f"cap is {self.cap}: a drafter that never writes")
        for name in ("quantile", "fallback"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, not in [0, 1]")
        if (self.rule is None) != (self.kind in ("drafter", "target")):
            raise ValueError("one model alone takes no rule, any other kind needs one")
        if self.rule is not None:
            self._check_rule(self.rule)

    def _check_rule(self, rule: Rule) -> None:
        """Not every rule can be had from every execution."""
        whole_slots = isinstance(rule, PrefixRule)
        reads_q_alone = whole_slots and rule.gates == {"q"}
        if self.kind == "speculative" and self.adaptive != "never":
            if self.bonus != "law":
                raise ValueError(
                    "the token at the slot where an adaptive draft ends comes from the "
                    f"law, so that bonus is law, and not {self.bonus}"
                )
            if self.adaptive == "rule" and not reads_q_alone:
                raise ValueError(
                    "adaptive: rule ends a draft before the target is called, by a "
                    f"rule that reads q alone, such as chow, and not by {rule.name}; "
                    "adaptive: confidence is there for any rule"
                )
        if self.kind == "token_cascade" and not reads_q_alone:
            raise ValueError(
                "a token cascade decides before the target is called, by a rule that "
                f"reads q alone, such as chow, and not by {rule.name}"
            )
        if self.kind == "sequence_cascade" and not isinstance(rule, Chow):
            raise ValueError(
                "a sequence cascade compares one number with 1 - alpha, as chow does; "
                f"it has no use for {rule.name}"
            )
        if self.kind == "bild" and not whole_slots:
            raise ValueError(
                "bild rolls back to a slot, by a rule that decides for whole slots, "
                f"such as bild, and not by {rule.name}"
            )

    @property
    def fields(self) -> tuple[str, ...]:
        """What is read of it beside its rule: this tells two runs of a kind apart."""
        speculative = self.kind == "speculative"
        return FIELDS[self.kind] + _ADAPTIVE_FIELDS[self.adaptive] * speculative

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
        if self.kind in ("speculative", "bild"):
            return self.gamma + 1
        if self.kind == "token_cascade":
            return _WIDTH_WITHOUT_CAP if self.cap is None else self.cap + 1
        return 1


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
