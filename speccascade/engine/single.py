"""One model alone: the drafter's or the target's own decoding, one token a call."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Key

from speccascade.engine.counters import Counters
from speccascade.engine.distributions import Sampler
from speccascade.engine.request import Execution, Rows
from speccascade.engine.state import Generation, Output, commit, feeding_slots
from speccascade.models.interface import Cache, Model, Params, Prompts
from speccascade.numerics import inverse_cdf
from speccascade.sampling import Role, uniform

TIER = 0


def decode_alone(
    execution: Execution,
    model: Model,
    params: Params,
    prompts: Prompts,
    rows: Rows,
    row_keys: Key[Array, " B"],
    *,
    max_new_tokens: int,
    eos_id: int,
    mask: Bool[Array, " V"] | None,
) -> Generation:
    """Draws every token from the model's own processed distribution.

    The drafter's draws have the role `draft`, the target's the role `target`: the
    drafter alone then emits the tokens of any speculative execution at its drafter end.
    """
    role = Role.DRAFT if execution.kind == "drafter" else Role.TARGET
    calls = f"{execution.kind}_calls"
    sampler = Sampler.of(execution, rows, mask)
    prefilled = model.prefill(params, prompts, max_new_tokens + execution.slots_fed)
    counters = Counters.zeros(rows.active.shape[0], has_deferral=False)
    counters = counters.add(prefills=rows.active.astype(jnp.int32))
    output = Output.start(prefilled.token, rows.active, max_new_tokens)

    def step(state: tuple[Output, Cache, Counters]) -> tuple[Output, Cache, Counters]:
        output, cache, counters = state
        live = ~output.finished
        slots = feeding_slots(output, prefilled.slot)
        logits, cache = model.score(params, cache, output.last[:, None], slots)
        draws = sampler.draws(logits[:, 0])
        token = inverse_cdf(draws, uniform(row_keys, output.length, TIER, role))
        one = jnp.ones_like(output.length)
        output, taken = commit(output, token[:, None], one, eos_id)
        counters = counters.add(**{calls: live.astype(jnp.int32)}, alone=taken)
        return output, cache, counters

    output, _, counters = jax.lax.while_loop(
        lambda state: jnp.any(~state[0].finished),
        step,
        (output, prefilled.cache, counters),
    )
    return Generation(tokens=output.tokens, lengths=output.length, counters=counters)
