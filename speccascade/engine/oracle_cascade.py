"""The oracle cascade, Alg. 3: both models at every position, and the rule's own law.

A device of analysis: it costs more than the target alone, but its rule may read p where
a token cascade's cannot, and its output has no blocks. So it shows what a rule is worth
apart from how it is executed.

Each token is drawn from the law that speculative execution follows too, here directly,
by one uniform of role `draft`. `deferred` counts r at every position. A rule that looks
at the drafted token is shown the one that this uniform draws from q: there r = 1 with
the probability eta that it has under any other execution.
"""

import dataclasses

import jax.numpy as jnp

from speccascade.engine.distributions import Sampler
from speccascade.engine.pair import PairRounds
from speccascade.engine.request import Rows
from speccascade.engine.rounds import Progress
from speccascade.engine.state import commit, feeding_slots
from speccascade.numerics import inverse_cdf
from speccascade.rules.verify import law
from speccascade.sampling import Role, Uniforms


@dataclasses.dataclass(frozen=True, kw_only=True)
class OracleCascade(PairRounds):
    """A round is one token, under any rule."""

    def play(self, progress: Progress, rows: Rows, uniforms: Uniforms) -> Progress:
        output, memory = progress.output, progress.memory
        live = (~output.finished).astype(jnp.int32)
        sampler = Sampler.of(self.execution, rows, self.mask)
        last = output.last[:, None]
        q_logits, draft_cache = self.drafter.score(
            self.params.drafter,
            memory.drafter.cache,
            last,
            feeding_slots(output, memory.drafter.first_slot),
        )
        p_logits, target_cache = self.target.score(
            self.params.target,
            memory.target.cache,
            last,
            feeding_slots(output, memory.target.first_slot),
        )
        q, p = sampler.draws(q_logits[:, 0]), sampler.draws(p_logits[:, 0])
        gate_q = sampler.gates(q_logits[:, 0], q)
        gate_p = sampler.gates(p_logits[:, 0], p)
        rule = self.execution.rule
        assert rule is not None  # as `Execution` made sure
        arguments = (q, p, gate_q, gate_p, rows.alpha, rows.sampling.greedy)
        u = uniforms.at(output.length, Role.DRAFT)
        token = inverse_cdf(law(q, p, rule.measure(*arguments)), u)
        deferred = rule.defers(*arguments, inverse_cdf(q, u))

        one = jnp.ones_like(output.length)
        output, taken = commit(output, token[:, None], one, self.ends)
        increments = {"target_calls": live, "drafter_calls": live, "alone": taken}
        if deferred is not None:
            increments["deferred"] = live * deferred.astype(jnp.int32)
        memory = dataclasses.replace(
            memory,
            drafter=dataclasses.replace(memory.drafter, cache=draft_cache),
            target=dataclasses.replace(memory.target, cache=target_cache),
        )
        counters = progress.counters.add(**increments)
        return Progress(output=output, counters=counters, memory=memory)
