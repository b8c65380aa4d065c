"""What a trace is: steps, each a token that was written or thrown away.

A round of speculation by example, gamma 3: the first draft stands, the second is
rejected, the third falls with it, and the target model's token takes the second's
place.

    round  position  piece   origin
    4      7         has     accepted
    4      8         ten     rejected
    4      9         of      dropped
    4      8         30      resampled
"""

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.engine import ratios


class Origin(enum.StrEnum):
    """Where a token comes from, or why it did not stay."""

    ACCEPTED = "accepted"
    RESAMPLED = "resampled"
    BONUS = "bonus"
    TARGET = "target"
    DRAFTER = "drafter"
    GIVEN = "given"
    REJECTED = "rejected"
    DROPPED = "dropped"

    @property
    def stands(self) -> bool:
        """Whether the token is in the answer."""
        return self not in (Origin.REJECTED, Origin.DROPPED)

    @property
    def meaning(self) -> str:
        """What a legend says."""
        return _MEANINGS[self]


_MEANINGS = {
    Origin.ACCEPTED: "drafted, and kept",
    Origin.RESAMPLED: "in place of a rejected draft",
    Origin.BONUS: "after a draft that was kept whole",
    Origin.TARGET: "written by the target model alone",
    Origin.DRAFTER: "written by the drafter alone",
    Origin.GIVEN: "given, not generated",
    Origin.REJECTED: "drafted, and rejected",
    Origin.DROPPED: "thrown away without a test of its own",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """What one model says at a slot, by the distribution that thresholds look at.

    Attributes:
      x: probability of the step's token.
      top: the highest probability.
      top_piece: the piece that has it.
    """

    x: float
    top: float
    top_piece: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One token.

    Attributes:
      round: of the engine, from 1.
      position: in the answer, from 0.
      token: its id.
      piece: its text; in a spelling of its own where it writes none.
      origin: where it comes from.
      why: one sentence with the numbers that decided.
      q, p: what drafter and target say there; None where they were not asked.
      keep: the probability that the draft stands; None where nothing is tested.
      u: the random number that it was compared with.
      deferred: whether the rule asked for the target; None where it was not asked.
    """

    round: int
    position: int
    token: int
    piece: str
    origin: Origin
    why: str
    q: Look | None = None
    p: Look | None = None
    keep: float | None = None
    u: float | None = None
    deferred: bool | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trace:
    """One method's answer.

    Attributes:
      method: its name.
      label: what a reader is shown.
      threshold: None where the method has none.
      steps: in the order in which they were proposed and written.
      answer: the text of the tokens that stand.
      counters: as in `engine.Counters`, of this one row; empty of a given answer.
    """

    method: str
    label: str
    threshold: float | None
    steps: tuple[Step, ...]
    answer: str
    counters: Mapping[str, int | None]

    @property
    def tokens(self) -> list[int]:
        """Ids of the answer, the end token included."""
        return [step.token for step in self.steps if step.origin.stands]

    @property
    def tokens_per_target_call(self) -> float | None:
        """None where the target was never called."""
        return (
            ratios(self.counters)["tokens_per_target_call"] if self.counters else None
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """Several traces of one prompt.

    Attributes:
      title: what the prompt is, in a few words.
      prompt: the text that the models were given.
      reference: the right answer, if one is known.
      facts: what else is to be told of all of them: pair, task, sampling, seed.
      traces: one a method.
      forced: given answers, teacher-forced; `forced_note` says through what.
    """

    title: str
    prompt: str
    reference: str | None
    facts: Mapping[str, str]
    traces: tuple[Trace, ...]
    forced: tuple[Trace, ...] = ()
    forced_note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`; infinite thresholds are their names."""
        found = dataclasses.asdict(self)
        for trace in (*found["traces"], *found["forced"]):
            if trace["threshold"] in (float("inf"), float("-inf")):
                trace["threshold"] = str(trace["threshold"])
        return found


def shown(vocabulary: Vocabulary, token: int) -> str:
    """The text of one id, or its piece where it writes none or part of a character."""
    if not 0 <= token < vocabulary.size:
        return f"<{token}>"
    try:
        text = vocabulary.spelt(token).decode()
    except UnicodeDecodeError:
        text = ""
    return text or vocabulary.piece(token)
