"""What one call of each model costs on this host, at batch 1.

The ideal time of a speculative decoding follows from it and from the counters:

    drafter calls x drafter step + target calls x verification

What a measured decoding takes beyond that is the engine's own: accepting, resampling,
committing, and two models sharing one cache.
"""

import dataclasses
import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from speccascade.engine.distributions import Sampler
from speccascade.engine.request import PairParams, Rows
from speccascade.models.interface import Model, Params, Prompts
from speccascade.numerics import inverse_cdf
from speccascade.sampling import Role, Uniforms, row_key

# Steps in one timed loop, enough to drown the dispatch of the program.
STEPS = 32


@dataclasses.dataclass(frozen=True, kw_only=True)
class ComponentProfile:
    """Median milliseconds at batch 1.

    Attributes:
      gamma: draft length that the verification is for.
      draft_step_ms: one drafter call with sampling of its token.
      target_step_ms: one target call of one token, with sampling.
      verify_ms: one target call of gamma + 1 tokens, with their distributions.
      draft_prefill_ms, target_prefill_ms: reading the prompt.
    """

    gamma: int
    draft_step_ms: float
    target_step_ms: float
    verify_ms: float
    draft_prefill_ms: float
    target_prefill_ms: float


def profile_components(
    drafter: Model,
    target: Model,
    params: PairParams,
    prompts: Prompts,
    rows: Rows,
    *,
    gamma: int,
    mask: Bool[Array, " V"] | None = None,
    repeats: int = 15,
) -> ComponentProfile:
    """Times each component in a loop of its own, the components interleaved.

    Args:
      drafter, target, params: the pair.
      prompts, rows: one row (batch 1) of the kind that is decoded.
      gamma: draft length.
      mask: bool[V], the pair's hard mask.
      repeats: of which the median counts.
    """
    programs = {
        "draft_step": _loop(drafter, params.drafter, prompts, rows, mask, 1),
        "target_step": _loop(target, params.target, prompts, rows, mask, 1),
        "verify": _loop(target, params.target, prompts, rows, mask, gamma + 1),
        "draft_prefill": _prefill(drafter, params.drafter, prompts),
        "target_prefill": _prefill(target, params.target, prompts),
    }
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for program in programs.values():
        jax.block_until_ready(program())
    for _ in range(repeats):
        for name, program in programs.items():
            start = time.perf_counter()
            jax.block_until_ready(program())
            seconds[name].append(time.perf_counter() - start)
    median = {name: 1e3 * statistics.median(taken) for name, taken in seconds.items()}

    def per_step(name: str, prefill: str) -> float:
        return (median[name] - median[prefill]) / STEPS

    return ComponentProfile(
        gamma=gamma,
        draft_step_ms=per_step("draft_step", "draft_prefill"),
        target_step_ms=per_step("target_step", "target_prefill"),
        verify_ms=per_step("verify", "target_prefill"),
        draft_prefill_ms=median["draft_prefill"],
        target_prefill_ms=median["target_prefill"],
    )


def _prefill(model: Model, params: Params, prompts: Prompts) -> Callable[[], object]:
    @jax.jit
    def run(params: Params, prompts: Prompts) -> object:
        return model.prefill(params, prompts, 2 * STEPS)

    return lambda: run(params, prompts)


def _loop(
    model: Model,
    params: Params,
    prompts: Prompts,
    rows: Rows,
    mask: Bool[Array, " V"] | None,
    width: int,
) -> Callable[[], object]:
    """`STEPS` calls of `width` tokens, each drawing its last token for the next."""

    @jax.jit
    def run(params: Params, prompts: Prompts, rows: Rows) -> jax.Array:
        sampler = Sampler(
            sampling=rows.sampling, mask=mask, truncate=False, gate_kind="untempered"
        )
        uniforms = Uniforms.ahead(row_key(rows.seed, rows.example), STEPS)
        prefilled = model.prefill(params, prompts, 2 * STEPS)

        def step(
            index: jax.Array, state: tuple[jax.Array, object]
        ) -> tuple[jax.Array, object]:
            token, cache = state
            fed = jnp.broadcast_to(token[:, None], (token.shape[0], width))
            logits, cache = model.score(params, cache, fed, prefilled.slot + index)
            draws = sampler.draws(logits)
            place = jnp.broadcast_to(index, token.shape)
            return inverse_cdf(draws[:, -1], uniforms.at(place, Role.DRAFT)), cache

        state = (prefilled.token, prefilled.cache)
        return jax.lax.fori_loop(0, STEPS, step, state)[0]

    return lambda: run(params, prompts, rows)
