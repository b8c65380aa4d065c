"""What executions have in common: a pair of models, and how their rows start."""

import dataclasses

import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from speccascade.engine.counters import Counters
from speccascade.engine.request import Execution, PairParams
from speccascade.engine.rounds import Progress
from speccascade.engine.state import Output
from speccascade.models.interface import Cache, Model, Prompts


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
      eos_id: the end token.
    """

    execution: Execution
    drafter: Model
    target: Model
    params: PairParams
    mask: Bool[Array, " V"] | None
    max_new_tokens: int
    eos_id: int

    @property
    def slots(self) -> int:
        """What a row needs of a cache: its output, and a block begun at its end."""
        return self.max_new_tokens + self.execution.slots_fed

    def start(self, prompts: Prompts, active: Bool[Array, " B"]) -> Progress:
        """Both models read the prompts; `memory` is a `PairState`."""
        drafter = self.drafter.prefill(self.params.drafter, prompts, self.slots)
        target = self.target.prefill(self.params.target, prompts, self.slots)
        counters = Counters.zeros(active.shape[0], self.execution.has_deferral)
        return Progress(
            output=Output.start(target.token, active, self.max_new_tokens),
            counters=counters.add(prefills=2 * active.astype(jnp.int32)),
            memory=PairState(
                drafter=ModelState(cache=drafter.cache, first_slot=drafter.slot),
                target=ModelState(cache=target.cache, first_slot=target.slot),
            ),
        )
