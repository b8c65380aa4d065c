"""One model alone: the drafter's or the target's own decoding, one token a call."""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Bool

from speccascade.engine.counters import Counters
from speccascade.engine.distributions import Sampler
from speccascade.engine.request import Execution, Rows
from speccascade.engine.rounds import Progress
from speccascade.engine.state import Output, commit, feeding_slots
from speccascade.models.interface import Model, Params, Prompts
from speccascade.numerics import inverse_cdf
from speccascade.sampling import Role, Uniforms


@dataclasses.dataclass(frozen=True, kw_only=True)
class Alone:
    """Draws every token from the model's own processed distribution.

    The drafter's draws have the role `draft`, the target's the role `target`: the
    drafter alone then emits the tokens of any speculative execution at its drafter end.

    Attributes:
      execution: kind "drafter" or "target".
      model, params: of that model.
      mask: bool[V], True where a token may be written.
      max_new_tokens: length limit T.
      eos_id: the end token.
    """

    execution: Execution
    model: Model
    params: Params
    mask: Bool[Array, " V"] | None
    max_new_tokens: int
    eos_id: int

    def start(self, prompts: Prompts, active: Bool[Array, " B"]) -> Progress:
        slots = self.max_new_tokens + self.execution.slots_fed
        prefilled = self.model.prefill(self.params, prompts, slots)
        counters = Counters.zeros(active.shape[0], has_deferral=False)
        return Progress(
            output=Output.start(prefilled.token, active, self.max_new_tokens),
            counters=counters.add(prefills=active.astype(jnp.int32)),
            memory=(prefilled.cache, prefilled.slot),
        )

    def play(self, progress: Progress, rows: Rows, uniforms: Uniforms) -> Progress:
        drafter = self.execution.kind == "drafter"
        role = Role.DRAFT if drafter else Role.TARGET
        output, (cache, first_slot) = progress.output, progress.memory
        sampler = Sampler.of(self.execution, rows, self.mask)
        live = (~output.finished).astype(jnp.int32)
        slots = feeding_slots(output, first_slot)
        logits, cache = self.model.score(
            self.params, cache, output.last[:, None], slots
        )
        draws = sampler.draws(logits[:, 0])
        token = inverse_cdf(draws, uniforms.at(output.length, role))
        one = jnp.ones_like(output.length)
        output, taken = commit(output, token[:, None], one, self.eos_id)
        counters = progress.counters.add(
            **{f"{self.execution.kind}_calls": live}, alone=taken
        )
        return Progress(output=output, counters=counters, memory=(cache, first_slot))
