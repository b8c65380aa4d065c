"""The token cascade, Alg. 2: the drafter writes while it is sure, else the target does.

At each position the drafter's q alone decides (Chow, ChowLog): where r = 0 the token is
drawn from q, where r = 1 the target draws it from p, and the drafter goes on. The
target is called for nothing else; what the drafter wrote since its last call it takes
in with that token's call. The paper lets the drafter write 10 tokens in a row at most
(appendix E.1): then the target writes one, whatever q is.

A round by example, cap 3, `!` where r = 1, upper case drawn by the target:

    round   last   run        target is fed   draws   output
    1       ^      a b !      ^ a b           C       a b C
    2       C      !          C               D       a b C D
    3       D      e f g .    D e f g         H       a b C D e f g H
    4       H      $                                  a b C D e f g H $

1. A round is one run and at most one token of the target. Rows whose output ends in
   their run leave the target alone, and it is not called when all do.
2. K, the width of the target's call, is static: cap + 1, the last token and the longest
   run, and never more than the output can hold. A shorter run's row is fed padding
   behind it, in slots that the next call overwrites.
3. Without a cap a run may be as long as the output. A call of that width at every
   deferral, most of which follow a short run, would cost more than all the rest, so a
   long run is taken in by as many calls of 11 tokens as it needs, each counted.

A cap is part of the method: it changes what is written. Where the rule never defers,
the output is the drafter's own only without a cap, or below its length.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from speccascade.engine.distributions import Sampler
from speccascade.engine.pair import ModelState, WatchedRounds
from speccascade.engine.request import Rows
from speccascade.engine.rounds import Progress
from speccascade.engine.run import write_run
from speccascade.engine.seen import Seen, Views
from speccascade.engine.state import NOWHERE, commit, feeding_slots
from speccascade.engine.stopping import deferred
from speccascade.models.interface import Cache
from speccascade.numerics import inverse_cdf
from speccascade.sampling import Role, Uniforms


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenCascade(WatchedRounds):
    """Rounds of a run and a token of the target, under a rule that reads q alone."""

    may_skip_target = True

    def _round(
        self, progress: Progress, rows: Rows, uniforms: Uniforms, *, watched: bool
    ) -> tuple[Progress, Seen | None]:
        output, memory = progress.output, progress.memory
        sampler = Sampler.of(self.execution, rows, self.mask)
        cap = self.execution.cap
        run, drafter = write_run(
            self.drafter,
            self.params.drafter,
            memory.drafter,
            output,
            sampler,
            uniforms,
            deferred(self.execution.rule, rows),
            longest=self.max_new_tokens if cap is None else cap,
            ends=self.ends,
            keep_q=watched,
        )
        fed = jnp.concatenate([output.last[:, None], run.tokens], axis=1)
        unseen = jnp.where(run.open, run.lengths + 1, 0)
        slots = feeding_slots(output, memory.target.first_slot)
        logits, target, calls = self._absorb(memory.target, fed, unseen, slots)

        p = sampler.draws(logits)
        position = output.length + jnp.where(run.open, run.lengths, 0)
        token = inverse_cdf(p, uniforms.at(position, Role.TARGET))
        count = run.lengths + run.open.astype(jnp.int32)
        at_end = jnp.arange(fed.shape[1])[None, :] == run.lengths[:, None]
        written = jnp.pad(run.tokens, ((0, 0), (0, 1)))
        block = jnp.where(at_end, token[:, None], written)
        output, taken = commit(output, block, count, self.ends)
        counters = progress.counters.add(
            target_calls=calls,
            drafter_calls=run.calls,
            alone=taken,
            deferred=run.asked.astype(jnp.int32),
            prefills=self.first_call(progress.counters, calls),
        )
        memory = dataclasses.replace(memory, drafter=drafter, target=target)
        progress = Progress(output=output, counters=counters, memory=memory)
        if run.q is None or run.gate_q is None:  # not watched
            return progress, None
        return progress, Seen(
            tokens=run.tokens,
            lengths=run.lengths,
            q=Views(draws=run.q, gates=run.gate_q),
            p=sampler.views(logits[:, None]),
            deferred=run.asked[:, None],
        )

    def _absorb(
        self,
        state: ModelState,
        fed: Int[Array, "B N"],
        unseen: Int[Array, " B"],
        slots: Int[Array, " B"],
    ) -> tuple[Float[Array, "B V"], ModelState, Int[Array, " B"]]:
        """Feeds the target each row's first `unseen` tokens, K a call.

        Returns:
          Its logits after the last of them (meaningless where there are none), its new
          state, and the calls that each row took.
        """
        target = self.target_for(fed.shape[0])
        width = min(self.execution.slots_fed, self.max_new_tokens)
        fed = jnp.pad(fed, ((0, 0), (0, -fed.shape[1] % width)))

        def call(
            carry: tuple[jax.Array, jax.Array, Cache],
        ) -> tuple[jax.Array, jax.Array, Cache]:
            begin, newest, cache = carry
            piece = jax.lax.dynamic_slice_in_dim(fed, begin, width, axis=1)
            here = jnp.where(begin < unseen, slots + begin, NOWHERE)
            logits, cache = target.score(self.params.target, cache, piece, here)
            last = unseen - 1 - begin
            inside = (last >= 0) & (last < width)
            index = jnp.clip(last, 0, width - 1)[:, None, None]
            found = jnp.take_along_axis(logits, index, axis=1)[:, 0]
            return begin + width, jnp.where(inside[:, None], found, newest), cache

        newest = jnp.zeros((fed.shape[0], self.target.vocab_size))
        _, newest, cache = jax.lax.while_loop(
            lambda carry: jnp.any(carry[0] < unseen),
            call,
            (jnp.int32(0), newest, state.cache),
        )
        return newest, dataclasses.replace(state, cache=cache), -(-unseen // width)
