"""Speculative execution of any rule: GenSpecSample, Alg. 4, batched, in one loop.

1. One iteration of a loop is one round: the drafter proposes G tokens, or fewer where
   it stops by itself (`engine.adaptive`), the target scores them in one call, a prefix
   is kept and one more token is drawn. A row gains 1 to G + 1 tokens a round.
2. Rows advance at their own pace. Nothing is rolled back as such: the next round feeds
   each row at its own slot, and slots beyond it are stale and unseen.
3. The caches hold every committed token but the last, which each round feeds first.
4. A finished row is fed at a slot that no cache has; it changes nothing, counts
   nothing, and waits for the others.
5. Nothing goes to the host before the last row is done.

A round by example, G = 2, `^` the start token, upper case drawn by the target's call:

    round   last   draft   kept   extra            output
    1       ^      a b     2      C  (bonus)       a b C
    2       C      d e     1      F  (residual)    a b C d F
    3       F      g h     0      I  (residual)    a b C d F I
"""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from speccascade.engine.adaptive import draft_adaptively
from speccascade.engine.counters import Counters
from speccascade.engine.distributions import Sampler
from speccascade.engine.draft import Draft, DrafterState, after_commit, draft
from speccascade.engine.pair import WatchedRounds
from speccascade.engine.request import Rows
from speccascade.engine.rounds import Progress
from speccascade.engine.seen import Seen, Views
from speccascade.engine.state import commit, feeding_slots
from speccascade.engine.verify import Verdict, verify
from speccascade.models.interface import Cache, Prompts
from speccascade.sampling import Uniforms


@flax.struct.dataclass
class Memory:
    """What is kept of the two models between rounds.

    Attributes:
      drafting: the drafter's side.
      cache: the target's.
      first_slot: int32[B], slot of the first token that the target was ever fed.
    """

    drafting: DrafterState
    cache: Cache
    first_slot: Int[Array, " B"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Speculative(WatchedRounds):
    """Rounds of drafting and verification under any rule."""

    def start(self, prompts: Prompts, active: Bool[Array, " B"]) -> Progress:
        progress = super().start(prompts, active)
        drafter, target = progress.memory.drafter, progress.memory.target
        drafting = DrafterState(
            cache=drafter.cache,
            first_slot=drafter.first_slot,
            previous=progress.output.last,
            lags=jnp.zeros_like(active),
        )
        memory = Memory(
            drafting=drafting, cache=target.cache, first_slot=target.first_slot
        )
        return dataclasses.replace(progress, memory=memory)

    def _round(
        self, progress: Progress, rows: Rows, uniforms: Uniforms, *, watched: bool
    ) -> tuple[Progress, Seen | None]:
        output, memory = progress.output, progress.memory
        sampler = Sampler.of(self.execution, rows, self.mask)
        arguments = (
            self.execution,
            self.drafter,
            self.params.drafter,
            memory.drafting,
            output,
            sampler,
            uniforms,
        )
        if self.execution.adaptive == "never":
            proposal, drafting = draft(*arguments, keep_gate=watched)
        else:
            proposal, drafting = draft_adaptively(*arguments, rows, self.ends)
        fed = jnp.concatenate([output.last[:, None], proposal.tokens], axis=1)
        logits, cache = self.target.score(
            self.params.target,
            memory.cache,
            fed,
            feeding_slots(output, memory.first_slot),
        )
        verdict = verify(
            self.execution,
            proposal,
            logits,
            rows.alpha,
            sampler,
            uniforms,
            output.length,
        )
        live = (~output.finished).astype(jnp.int32)
        output, taken = commit(output, verdict.block, verdict.kept + 1, self.ends)
        counters = _count(progress.counters, proposal, verdict, live, taken)
        drafting = after_commit(self.execution, drafting, output, verdict.whole)
        progress = Progress(
            output=output,
            counters=counters,
            memory=dataclasses.replace(memory, drafting=drafting, cache=cache),
        )
        if not watched:
            return progress, None
        return progress, Seen(
            tokens=proposal.tokens,
            lengths=proposal.lengths,
            q=Views(draws=proposal.q, gates=proposal.gate_q),
            p=sampler.views(logits),
            keep=verdict.keep,
            deferred=verdict.deferred,
        )


def _count(
    counters: Counters,
    proposal: Draft,
    verdict: Verdict,
    live: jax.Array,
    taken: jax.Array,
) -> Counters:
    """One round's additions; `taken` tokens of the block were committed."""
    accepted = jnp.minimum(taken, verdict.kept)
    extra = taken - accepted  # 1 where the extra token was committed
    whole = verdict.whole.astype(jnp.int32)
    increments = {
        "target_calls": live,
        "drafter_calls": live * proposal.calls,
        "drafted": live * proposal.lengths,
        "accepted": accepted,
        "resampled": extra * (1 - whole),
        "bonus": extra * whole,
    }
    if verdict.deferred is not None:
        slots = jnp.arange(proposal.tokens.shape[1])
        decided = slots[None, :] < taken[:, None]
        deferred = jnp.sum(verdict.deferred & decided, axis=1, dtype=jnp.int32)
        increments["deferred"] = deferred
    return counters.add(**increments)
