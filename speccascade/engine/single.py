"""One model alone: the drafter's or the target's own decoding, one token a call."""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Bool

from speccascade.engine.counters import Counters
from speccascade.engine.distributions import Sampler
from speccascade.engine.pair import ModelState, WatchedRounds
from speccascade.engine.request import Rows
from speccascade.engine.rounds import Progress
from speccascade.engine.seen import Seen
from speccascade.engine.state import Output, commit, feeding_slots
from speccascade.models.interface import Model, Params, Prompts
from speccascade.numerics import inverse_cdf
from speccascade.sampling import Role, Uniforms


@dataclasses.dataclass(frozen=True, kw_only=True)
class Alone(WatchedRounds):
    """Draws every token from the model's own processed distribution.

    Its kind, "drafter" or "target", says which model; the other one is not touched. The
    drafter's draws have the role `draft`, the target's the role `target`: the drafter
    alone then emits the tokens of any speculative execution at its drafter end.
    """

    def start(self, prompts: Prompts, active: Bool[Array, " B"]) -> Progress:
        prefilled = self._model.prefill(self._params, prompts, self.slots)
        counters = Counters.zeros(active.shape[0], has_deferral=False)
        return Progress(
            output=Output.start(prefilled.token, active, self.max_new_tokens),
            counters=counters.add(prefills=active.astype(jnp.int32)),
            memory=ModelState(cache=prefilled.cache, first_slot=prefilled.slot),
        )

    def _round(
        self, progress: Progress, rows: Rows, uniforms: Uniforms, *, watched: bool
    ) -> tuple[Progress, Seen | None]:
        output, memory = progress.output, progress.memory
        sampler = Sampler.of(self.execution, rows, self.mask)
        live = (~output.finished).astype(jnp.int32)
        logits, cache = self._model.score(
            self._params,
            memory.cache,
            output.last[:, None],
            feeding_slots(output, memory.first_slot),
        )
        draws = sampler.draws(logits[:, 0])
        role = Role.DRAFT if self._drafts else Role.TARGET
        token = inverse_cdf(draws, uniforms.at(output.length, role))
        one = jnp.ones_like(output.length)
        output, taken = commit(output, token[:, None], one, self.ends)
        counters = progress.counters.add(
            **{f"{self.execution.kind}_calls": live}, alone=taken
        )
        memory = dataclasses.replace(memory, cache=cache)
        progress = Progress(output=output, counters=counters, memory=memory)
        if not watched:
            return progress, None
        views = sampler.views(logits)
        return progress, Seen(
            tokens=token[:, None],
            lengths=jnp.where(self._drafts, taken, 0),
            q=views if self._drafts else None,
            p=None if self._drafts else views,
        )

    @property
    def _drafts(self) -> bool:
        return self.execution.kind == "drafter"

    @property
    def _model(self) -> Model:
        return self.drafter if self._drafts else self.target

    @property
    def _params(self) -> Params:
        return self.params.drafter if self._drafts else self.params.target
