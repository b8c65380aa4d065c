"""Where a rule switches from deferring to keeping, slot by slot, on validation data.

Thresholds are placed at quantiles of these switches (`curves.grid`), because a blind
grid puts most of them where nothing changes.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from speccascade.jobs.loaded import LoadedJob
from speccascade.models.interface import Model, Params, Prompts
from speccascade.numerics import inverse_cdf
from speccascade.rules import Rule
from speccascade.rules.verify import keep_probability
from speccascade.sampling import Role, gate, processed, row_key, uniform

# Thresholds are searched within this range where a rule's own is infinite: beyond it a
# finite alpha acts like an infinite one on distributions in float32.
SEARCHED = 64.0
# Halvings of the range: 128 / 2^32 is below the resolution of a float32 near 1.
HALVINGS = 32
# Slots whose switches are searched at a time.
TOGETHER = 256
# Switches are rounded to this many decimals, so that one at 0 is 0 on the nose: V2 and
# V3 are lossless just below it.
DECIMALS = 6


def switches(
    job: LoadedJob, rules: dict[str, Rule]
) -> dict[str, Float[np.ndarray, " n"]]:
    """The alpha from which on each slot keeps its drafted token, for several rules.

    The target decodes the job's examples alone; both models then score its output, and
    at every position a draft token is drawn. A slot is kept where the rule does not
    defer or, if the rule has no r, where the token passes with certainty.

    Args:
      job: examples, pair and sampling; its method is not used.
      rules: by name.

    Returns:
      By name, float64[n], one a position, +inf where no alpha below the rule's upper
      end keeps the token.
    """
    slots = _written_slots(job)
    found: dict[str, list[np.ndarray]] = {name: [] for name in rules}
    count = len(slots[0])
    for start in range(0, count, TOGETHER):
        # The last ones once more where they do not fill a program's shape.
        index = np.arange(start, start + TOGETHER) % count
        part = [jnp.asarray(array[index]) for array in slots]
        for name, rule in rules.items():
            values = np.asarray(_switch(rule, *part), np.float64)
            values = values[: min(TOGETHER, count - start)]
            found[name].append(np.round(values, DECIMALS) + 0.0)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _written_slots(job: LoadedJob) -> tuple[np.ndarray, ...]:
    """q, p, gate_q, gate_p [n, V], greedy, drafted [n] of the n positions written."""
    found: list[tuple[np.ndarray, ...]] = []
    pair, alone = job.pair, job.target_alone
    place, truncate = alone.coordinates[0], alone.execution.truncate
    size = job.spec.engine.batch_size
    for bucket in job.spec.task.buckets:
        members = [one for one in job.examples if job.bucket(one) == bucket]
        for start in range(0, len(members), size):
            batch = members[start : start + size]
            prompts, rows = alone.batch(batch, place, size)
            output = alone.decode(alone.execution, (prompts, rows))
            q_logits = _score(pair.drafter, pair.drafter_params, prompts, output.tokens)
            p_logits = _score(pair.target, pair.target_params, prompts, output.tokens)
            count = output.tokens.shape[1]
            written = jnp.arange(count)[None, :] < output.lengths[:, None]
            written = np.asarray(written & rows.active[:, None])
            q = processed(q_logits, rows.sampling, pair.mask, truncate)
            p = processed(p_logits, rows.sampling, pair.mask, truncate)
            gates = gate(q_logits, pair.mask), gate(p_logits, pair.mask)
            positions = jnp.broadcast_to(
                jnp.arange(count, dtype=jnp.int32), output.tokens.shape
            )
            keys = row_key(rows.seed, rows.example)
            drafted = inverse_cdf(q, uniform(keys, positions, 0, Role.DRAFT))
            greedy = jnp.broadcast_to(rows.sampling.greedy[:, None], drafted.shape)
            everything = (q, p, *gates, greedy, drafted)
            found.append(tuple(np.asarray(array)[written] for array in everything))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


@functools.partial(jax.jit, static_argnames="model")
def _score(
    model: Model, params: Params, prompts: Prompts, tokens: jax.Array
) -> Float[Array, "B T V"]:
    """Logits of every position of given outputs."""
    count = tokens.shape[1]
    prefilled = model.prefill(params, prompts, count + 1)
    fed = jnp.concatenate([prefilled.token[:, None], tokens[:, :-1]], axis=1)
    return model.score(params, prefilled.cache, fed, prefilled.slot)[0]


@functools.partial(jax.jit, static_argnames="rule")
def _switch(
    rule: Rule,
    q: Float[Array, "*slots V"],
    p: Float[Array, "*slots V"],
    gate_q: Float[Array, "*slots V"],
    gate_p: Float[Array, "*slots V"],
    greedy: Bool[Array, "*slots"],
    drafted: jax.Array,
) -> Float[Array, "*slots"]:
    """The lowest alpha that keeps each slot, by halving the rule's range."""

    def keeps(alpha: jax.Array) -> jax.Array:
        arguments = (q, p, gate_q, gate_p, alpha, greedy)
        deferred = rule.defers(*arguments, drafted)
        if deferred is None:
            return keep_probability(q, rule.measure(*arguments), drafted) >= 1
        return ~deferred

    shape = drafted.shape
    low = jnp.full(shape, max(rule.alpha_range[0], -SEARCHED), q.dtype)
    high = jnp.full(shape, min(rule.alpha_range[1], SEARCHED), q.dtype)
    never = ~keeps(high)

    def halve(
        _: jax.Array, bounds: tuple[jax.Array, jax.Array]
    ) -> tuple[jax.Array, ...]:
        low, high = bounds
        middle = (low + high) / 2
        kept = keeps(middle)
        return jnp.where(kept, low, middle), jnp.where(kept, middle, high)

    high = jax.lax.fori_loop(0, HALVINGS, halve, (low, high))[1]
    return jnp.where(never, jnp.inf, high)
