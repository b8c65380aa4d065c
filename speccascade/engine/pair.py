"""What executions have in common: a pair of models, and how their rows start."""

import abc
import dataclasses
from typing import ClassVar

import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from speccascade.engine.counters import Counters
from speccascade.engine.late import Late
from speccascade.engine.request import Execution, PairParams, Rows
from speccascade.engine.rounds import Progress
from speccascade.engine.seen import Seen
from speccascade.engine.state import Ends, Output
from speccascade.models.interface import Cache, Model, Prompts
from speccascade.sampling import Uniforms


@flax.struct.dataclass
class ModelState:
    """What is kept of one model between its calls.

    Attributes:
      cache: the model's own.
      first_slot: int32[B], slot of the first token that it was ever fed.
    """

    cache: Cache
    first_slot: Int[Array, " B"]


@flax.struct.dataclass
class PairState:
    """What is kept of both."""

    drafter: ModelState
    target: ModelState


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairRounds:
    """The half of `Rounds` that is the same for all; an execution adds `play`.

    Attributes:
      execution: what is asked for.
      drafter, target: the pair.
      params: of both.
      mask: bool[V], True where a token may be written.
      max_new_tokens: length limit T.
      ends: the tokens that end an output.
      may_skip_target: whether an output can come about without the target, which then
        is not to read the prompt; `play` counts its prefill.
    """

    may_skip_target: ClassVar[bool] = False

    execution: Execution
    drafter: Model
    target: Model
    params: PairParams
    mask: Bool[Array, " V"] | None
    max_new_tokens: int
    ends: Ends

    @property
    def slots(self) -> int:
        """What a row needs of a cache: its output, and a block begun at its end."""
        return self.max_new_tokens + self.execution.slots_fed

    def target_for(self, batch: int) -> Model:
        """The target as `start` and `play` are to use it with so many rows."""
        if self.may_skip_target and batch == 1:
            return Late(model=self.target, decode_slots=self.slots)
        return self.target

    def start(self, prompts: Prompts, active: Bool[Array, " B"]) -> Progress:
        """Both models read the prompts; `memory` is a `PairState`."""
        batch = active.shape[0]
        drafter = self.drafter.prefill(self.params.drafter, prompts, self.slots)
        target = self.target_for(batch).prefill(self.params.target, prompts, self.slots)
        counters = Counters.zeros(batch, self.execution.has_deferral)
        prefills = 1 if self.may_skip_target else 2
        return Progress(
            output=Output.start(target.token, active, self.max_new_tokens),
            counters=counters.add(prefills=prefills * active.astype(jnp.int32)),
            memory=PairState(
                drafter=ModelState(cache=drafter.cache, first_slot=drafter.slot),
                target=ModelState(cache=target.cache, first_slot=target.slot),
            ),
        )

    def first_call(
        self, counters: Counters, calls: Int[Array, " B"]
    ) -> Int[Array, " B"]:
        """1 where `calls` of the target are the first, for which the prompt is read."""
        return ((counters.target_calls == 0) & (calls > 0)).astype(jnp.int32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class WatchedRounds(PairRounds, abc.ABC):
    """Rounds that can say what they looked at: `Rounds`, and `watch`."""

    def play(self, progress: Progress, rows: Rows, uniforms: Uniforms) -> Progress:
        return self._round(progress, rows, uniforms, watched=False)[0]

    def watch(
        self, progress: Progress, rows: Rows, uniforms: Uniforms
    ) -> tuple[Progress, Seen]:
        """`play`, and what led to its result."""
        progress, seen = self._round(progress, rows, uniforms, watched=True)
        assert seen is not None  # as asked for
        return progress, seen

    @abc.abstractmethod
    def _round(
        self, progress: Progress, rows: Rows, uniforms: Uniforms, *, watched: bool
    ) -> tuple[Progress, Seen | None]:
        """One round; what it saw only if it is `watched`."""
