"""BiLD as Kim et al. (2023) have it: fallback, and a rollback that tosses no coin.

A round is a run of the drafter and one call of the target.

1. *Fallback*: the drafter writes until max q < 1 - alpha_f, or G tokens, or an end.
2. *Rollback*: of the run, the tokens before the first slot with D(q, p) > alpha stand,
   whatever they are; `rules.bild` states D for either temperature.
3. What is emitted at the rolled-back slot is the target's own token: the argmax of p at
   temperature 0, a draw from p otherwise. What followed it is dropped. At temperature
   0 a slot whose token is that argmax is not rolled back: nothing would change.
4. If nothing is rolled back, the target's token follows the run, unless its output has
   ended: the fallback is to the target model.

Example, G = 3, `!` where the drafter is unsure, upper case the target's:

    round   last   run        first D > alpha   output
    1       ^      a b c      c                 a b C
    2       C      d !                          a b C d E  (fallback)
    3       E      f g h                        a b C d E f g h I  (block limit)

**The last run.** The paper notes that an output may end without being verified, since
nobody looks at a run in which the drafter ends it. Here every run is verified, the last
one too. An unverified end would break BiLD's one promise, that no token with D > alpha
stands, most of all for answers shorter than a block. And it would be biased: whether a
slot is rolled back would depend on draws behind it, which the next round makes again
with the same uniforms. The price is at most one call of the target an output.

BiLD* is the same rule under `speculative`: no fallback, and a deferred token still has
its chance to pass.
"""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from speccascade.engine.distributions import Sampler
from speccascade.engine.pair import PairRounds
from speccascade.engine.request import Rows
from speccascade.engine.rounds import Progress
from speccascade.engine.run import Run, write_run
from speccascade.engine.state import commit, feeding_slots
from speccascade.engine.stopping import unsure
from speccascade.numerics import inverse_cdf
from speccascade.rules.prefix import PrefixRule
from speccascade.sampling import Role, Uniforms


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bild(PairRounds):
    """Rounds of fallback and rollback, under a rule that decides for whole slots."""

    def play(self, progress: Progress, rows: Rows, uniforms: Uniforms) -> Progress:
        output, memory = progress.output, progress.memory
        live = (~output.finished).astype(jnp.int32)
        sampler = Sampler.of(self.execution, rows, self.mask)
        gamma = self.execution.gamma
        run, drafter = write_run(
            self.drafter,
            self.params.drafter,
            memory.drafter,
            output,
            sampler,
            uniforms,
            unsure(self.execution.fallback),
            longest=gamma,
            ends=self.ends,
            keep_q=True,
        )
        fed = jnp.concatenate([output.last[:, None], run.tokens], axis=1)
        logits, target_cache = self.target.score(
            self.params.target,
            memory.target.cache,
            fed,
            feeding_slots(output, memory.target.first_slot),
        )
        p = sampler.draws(logits)
        slots = jnp.arange(gamma + 1, dtype=jnp.int32)[None, :]
        deferred = self._deferred(run, logits[:, :gamma], p[:, :gamma], sampler, rows)
        # Greedy p is one-hot: where it agrees, what would be emitted stands already.
        agreed = rows.sampling.greedy[:, None] & (
            run.tokens == jnp.argmax(p[:, :gamma], axis=-1)
        )
        strays = deferred & ~agreed
        first_stray = jnp.min(jnp.where(strays, slots[:, :gamma], gamma), axis=1)
        kept = jnp.minimum(first_stray, run.lengths)
        rolled_back = kept < run.lengths

        p_next = jnp.take_along_axis(p, kept[:, None, None], axis=1)[:, 0]
        token = inverse_cdf(p_next, uniforms.at(output.length + kept, Role.TARGET))
        block = jnp.where(
            slots == kept[:, None],
            token[:, None],
            jnp.pad(run.tokens, ((0, 0), (0, 1))),
        )
        count = kept + (rolled_back | run.open).astype(jnp.int32)
        output, taken = commit(output, block, count, self.ends)
        accepted = jnp.minimum(taken, kept)
        extra = taken - accepted  # 1 where the target's token was committed
        resampled = jnp.where(rolled_back, extra, 0)
        decided = slots[:, :gamma] < (accepted + resampled)[:, None]
        counters = progress.counters.add(
            target_calls=live,
            drafter_calls=run.calls,
            drafted=run.lengths,
            accepted=accepted,
            resampled=resampled,
            bonus=extra - resampled,
            deferred=jnp.sum(deferred & decided, axis=1, dtype=jnp.int32),
        )
        memory = dataclasses.replace(
            memory,
            drafter=drafter,
            target=dataclasses.replace(memory.target, cache=target_cache),
        )
        return Progress(output=output, counters=counters, memory=memory)

    def _deferred(
        self,
        run: Run,
        target_logits: Float[Array, "B G V"],
        p: Float[Array, "B G V"],
        sampler: Sampler,
        rows: Rows,
    ) -> Bool[Array, "B G"]:
        """Where the rule defers; meaningless beyond the run."""
        rule = self.execution.rule
        # As `Execution` and `play` made sure.
        assert isinstance(rule, PrefixRule)
        assert run.q is not None and run.gate_q is not None
        q, gate_q = (x[:, : p.shape[1]] for x in (run.q, run.gate_q))
        gate_p = sampler.gates(target_logits, p)
        shape = p.shape[:2]
        alpha = jnp.broadcast_to(rows.alpha[:, None], shape)
        greedy = jnp.broadcast_to(rows.sampling.greedy[:, None], shape)
        return rule.r(q, p, gate_q, gate_p, alpha, greedy)
