"""Speculative execution of any rule: GenSpecSample, Alg. 4, batched, in one loop.

1. One iteration of the loop is one round: the drafter proposes G tokens, the target
   scores them in one call, a prefix is kept and one more token is drawn. A row gains 1
   to G + 1 tokens a round.
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

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Key

from speccascade.engine.counters import Counters
from speccascade.engine.distributions import Sampler
from speccascade.engine.draft import (
    DrafterState,
    after_commit,
    draft,
    drafter_calls,
)
from speccascade.engine.request import Execution, PairParams, Rows
from speccascade.engine.state import Generation, Output, commit, feeding_slots
from speccascade.engine.verify import Verdict, verify
from speccascade.models.interface import Cache, Model, Prompts

TIER = 0

State = tuple[Output, DrafterState, Cache, Counters]


def decode_speculatively(
    execution: Execution,
    drafter: Model,
    target: Model,
    params: PairParams,
    prompts: Prompts,
    rows: Rows,
    row_keys: Key[Array, " B"],
    *,
    max_new_tokens: int,
    eos_id: int,
    mask: Bool[Array, " V"] | None,
) -> Generation:
    """Runs rounds until every row has its end token or `max_new_tokens`."""
    sampler = Sampler.of(execution, rows, mask)
    slots = max_new_tokens + execution.slots_fed
    draft_side = drafter.prefill(params.drafter, prompts, slots)
    target_side = target.prefill(params.target, prompts, slots)
    batch = rows.active.shape[0]
    counters = Counters.zeros(batch, has_deferral=execution.has_deferral)
    counters = counters.add(prefills=2 * rows.active.astype(jnp.int32))
    output = Output.start(target_side.token, rows.active, max_new_tokens)
    drafting = DrafterState(
        cache=draft_side.cache,
        first_slot=draft_side.slot,
        previous=output.last,
        lags=jnp.zeros((batch,), bool),
    )

    def play_round(state: State) -> State:
        output, drafting, cache, counters = state
        proposal, drafting = draft(
            execution,
            TIER,
            drafter,
            params.drafter,
            drafting,
            output,
            sampler,
            row_keys,
        )
        fed = jnp.concatenate([output.last[:, None], proposal.tokens], axis=1)
        target_slots = feeding_slots(output, target_side.slot)
        logits, cache = target.score(params.target, cache, fed, target_slots)
        verdict = verify(
            execution,
            TIER,
            proposal,
            logits,
            rows.alpha,
            sampler,
            row_keys,
            output.length,
        )
        live = (~output.finished).astype(jnp.int32)
        output, taken = commit(output, verdict.block, verdict.kept + 1, eos_id)
        counters = _count(execution, counters, verdict, live, taken)
        whole = verdict.kept == execution.gamma
        drafting = after_commit(execution, drafting, output, whole)
        return output, drafting, cache, counters

    output, _, _, counters = jax.lax.while_loop(
        lambda state: jnp.any(~state[0].finished),
        play_round,
        (output, drafting, target_side.cache, counters),
    )
    return Generation(tokens=output.tokens, lengths=output.length, counters=counters)


def _count(
    execution: Execution,
    counters: Counters,
    verdict: Verdict,
    live: jax.Array,
    taken: jax.Array,
) -> Counters:
    """One round's additions; `taken` tokens of the block were committed."""
    accepted = jnp.minimum(taken, verdict.kept)
    extra = taken - accepted  # 1 where the extra token was committed
    whole = (verdict.kept == execution.gamma).astype(jnp.int32)
    increments = {
        "target_calls": live,
        "drafter_calls": live * drafter_calls(execution),
        "drafted": live * execution.gamma,
        "accepted": accepted,
        "resampled": extra * (1 - whole),
        "bonus": extra * whole,
    }
    if verdict.deferred is not None:
        decided = jnp.arange(execution.gamma)[None, :] < taken[:, None]
        deferred = jnp.sum(verdict.deferred & decided, axis=1, dtype=jnp.int32)
        increments["deferred"] = deferred
    return counters.add(**increments)
