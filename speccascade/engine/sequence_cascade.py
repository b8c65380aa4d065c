"""The sequence cascade: the drafter answers, and the target answers anew if it must.

Once the drafter's answer is whole it is given a score (`sequence_score`), and is left
to the target where score < 1 - alpha, Eq. (1). The target then writes from scratch: it
sees nothing of what the drafter wrote.

    round   a: score 0.6         b: score 0.3        1 - alpha = 0.5
    1       x                    x
    2       x y                  x $  -> deferred
    3       x y $  -> finished   U
    4                            U V
    5                            U V $  -> finished

1. A row is one model alone at any time, and changes models at most once, so one loop
   over tokens serves both: each round the rows that draft take the drafter's token, the
   others the target's. A model that no row asks for is not called.
2. The draws are those of the models alone, by the roles `draft` and `target`: every
   output is the drafter's own, or the target's own, token for token.
3. A deferred answer leaves the output and not the counters: its calls and its tokens
   (`drafted`) stay. `deferred` is 1 for its row.
"""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from speccascade.engine.distributions import Sampler
from speccascade.engine.pair import ModelState, WatchedRounds
from speccascade.engine.request import Rows
from speccascade.engine.rounds import Progress
from speccascade.engine.seen import Seen
from speccascade.engine.sequence_score import sequence_score
from speccascade.engine.state import NOWHERE, Output, commit
from speccascade.models.interface import Cache, Model, Params, Prompts
from speccascade.numerics import at_token, inverse_cdf
from speccascade.sampling import Role, Uniforms


@flax.struct.dataclass
class Memory:
    """What is kept between rounds.

    Attributes:
      drafter, target: the models' side.
      first_token: int32[B], what a row is fed first, and again when it starts anew.
      rewrites: bool[B], whether the row was deferred and is now the target's.
      log_q: float32[B, T], of the drafter's tokens, as thresholds see them.
    """

    drafter: ModelState
    target: ModelState
    first_token: Int[Array, " B"]
    rewrites: Bool[Array, " B"]
    log_q: Float[Array, "B T"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SequenceCascade(WatchedRounds):
    """A round is one token; of the drafter, or of the target for deferred rows."""

    may_skip_target = True

    def start(self, prompts: Prompts, active: Bool[Array, " B"]) -> Progress:
        progress = super().start(prompts, active)
        memory = Memory(
            drafter=progress.memory.drafter,
            target=progress.memory.target,
            first_token=progress.output.last,
            rewrites=jnp.zeros_like(active),
            log_q=jnp.zeros(progress.output.tokens.shape),
        )
        return dataclasses.replace(progress, memory=memory)

    def _round(
        self, progress: Progress, rows: Rows, uniforms: Uniforms, *, watched: bool
    ) -> tuple[Progress, Seen | None]:
        output, memory = progress.output, progress.memory
        sampler = Sampler.of(self.execution, rows, self.mask)
        rewrites = ~output.finished & memory.rewrites
        drafts = ~output.finished & ~memory.rewrites
        q_logits, drafter = _score_rows(
            drafts, self.drafter, self.params.drafter, memory.drafter, output
        )
        p_logits, target = _score_rows(
            rewrites,
            self.target_for(rewrites.shape[0]),
            self.params.target,
            memory.target,
            output,
        )
        logits = jnp.where(rewrites[:, None], p_logits, q_logits)
        draws = sampler.draws(logits)
        u = jnp.where(
            rewrites,
            uniforms.at(output.length, Role.TARGET),
            uniforms.at(output.length, Role.DRAFT),
        )
        token = inverse_cdf(draws, u)
        seen = jnp.log(at_token(sampler.gates(logits, draws), token))
        here = jnp.where(drafts, output.length, self.max_new_tokens)
        row = jnp.arange(here.shape[0])
        log_q = memory.log_q.at[row, here].set(seen, mode="drop")

        one = jnp.ones_like(output.length)
        output, taken = commit(output, token[:, None], one, self.ends)
        score = sequence_score(self.execution, log_q, jnp.maximum(output.length, 1))
        deferred = drafts & output.finished & (score < 1 - rows.alpha)
        discarded = jnp.where(deferred, output.length, 0)
        target_calls = rewrites.astype(jnp.int32)
        counters = progress.counters.add(
            target_calls=target_calls,
            drafter_calls=drafts.astype(jnp.int32),
            drafted=jnp.where(drafts, taken, 0),
            alone=taken - discarded,
            deferred=deferred.astype(jnp.int32),
            prefills=self.first_call(progress.counters, target_calls),
        )
        progress = Progress(
            output=_begin_anew(output, memory.first_token, deferred),
            counters=counters,
            memory=dataclasses.replace(
                memory,
                drafter=drafter,
                target=target,
                rewrites=memory.rewrites | deferred,
                log_q=log_q,
            ),
        )
        if not watched:
            return progress, None
        return progress, Seen(
            tokens=token[:, None],
            lengths=jnp.where(drafts, taken, 0),
            q=sampler.views(q_logits[:, None]),
            p=sampler.views(p_logits[:, None]),
            deferred=deferred[:, None],
        )


def _score_rows(
    asked: Bool[Array, " B"],
    model: Model,
    params: Params,
    state: ModelState,
    output: Output,
) -> tuple[Float[Array, "B V"], ModelState]:
    """Logits after the last token of the rows `asked`; no call where there are none."""

    def call(cache: Cache) -> tuple[jax.Array, Cache]:
        slots = jnp.where(asked, state.first_slot + output.length, NOWHERE)
        logits, cache = model.score(params, cache, output.last[:, None], slots)
        return logits[:, 0], cache

    def pass_by(cache: Cache) -> tuple[jax.Array, Cache]:
        return jnp.zeros((asked.shape[0], model.vocab_size)), cache

    logits, cache = jax.lax.cond(jnp.any(asked), call, pass_by, state.cache)
    return logits, dataclasses.replace(state, cache=cache)


def _begin_anew(
    output: Output, first_token: Int[Array, " B"], which: Bool[Array, " B"]
) -> Output:
    """The output with the rows `which` as they were at the start."""
    fresh = Output.start(first_token, which, output.tokens.shape[1])
    return jax.tree.map(
        lambda new, old: jnp.where(which.reshape(-1, *[1] * (old.ndim - 1)), new, old),
        fresh,
        output,
    )
