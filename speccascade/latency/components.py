"""What one call of each model costs on this host, by the rows and tokens that it takes.

The ideal time of a decoding follows from it and from the counters (`modelled.py`):

    prompts read + drafter calls x drafter step + target calls x verification

What a measured decoding takes beyond that is the engine's own: accepting, resampling,
committing, and two models sharing one cache.
"""

import dataclasses
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

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
class Components:
    """Median milliseconds of one shape of batch.

    Attributes:
      batch: rows B.
      prompt_length: bucket L that the prompts are padded to.
      draft_step_ms: one drafter call with sampling of its tokens.
      target_ms: one target call, with its distributions, by the tokens K that each row
        feeds: 1 is a step, gamma + 1 a verification.
      draft_prefill_ms, target_prefill_ms: reading the prompts.
    """

    batch: int
    prompt_length: int
    draft_step_ms: float
    target_ms: Mapping[int, float]
    draft_prefill_ms: float
    target_prefill_ms: float


def profile_components(
    drafter: Model,
    target: Model,
    params: PairParams,
    prompts: Prompts,
    rows: Rows,
    *,
    widths: Sequence[int],
    decode_slots: int,
    truncate: bool = False,
    mask: Bool[Array, " V"] | None = None,
    repeats: int = 15,
) -> Components:
    """Times each component in a loop of its own, the components interleaved.

    Args:
      drafter, target, params: the pair.
      prompts, rows: a batch of the kind that is decoded.
      widths: K of each kind of target call, in tokens.
      decode_slots: cache slots a row, as a decoding has them.
      truncate: whether the rows' sampling truncates.
      mask: bool[V], the pair's hard mask.
      repeats: of which the median counts.
    """

    def loop(model: Model, params: Params, width: int) -> Callable[[], object]:
        return _loop(
            model, params, prompts, rows, mask, truncate, width, decode_slots + width
        )

    programs = {
        "draft_prefill": _prefill(drafter, params.drafter, prompts, decode_slots + 1),
        "target_prefill": _prefill(target, params.target, prompts, decode_slots + 1),
        "draft_step": loop(drafter, params.drafter, 1),
        **{f"target {width}": loop(target, params.target, width) for width in widths},
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

    batch, prompt_length = prompts.tokens.shape
    return Components(
        batch=batch,
        prompt_length=prompt_length,
        draft_step_ms=per_step("draft_step", "draft_prefill"),
        target_ms={
            width: per_step(f"target {width}", "target_prefill") for width in widths
        },
        draft_prefill_ms=median["draft_prefill"],
        target_prefill_ms=median["target_prefill"],
    )


def _prefill(
    model: Model, params: Params, prompts: Prompts, slots: int
) -> Callable[[], object]:
    @jax.jit
    def run(params: Params, prompts: Prompts) -> object:
        return model.prefill(params, prompts, slots)

    return lambda: run(params, prompts)


def _loop(
    model: Model,
    params: Params,
    prompts: Prompts,
    rows: Rows,
    mask: Bool[Array, " V"] | None,
    truncate: bool,
    width: int,
    slots: int,
) -> Callable[[], object]:
    """`STEPS` calls of `width` tokens, each drawing its last token for the next."""

    @jax.jit
    def run(params: Params, prompts: Prompts, rows: Rows) -> jax.Array:
        sampler = Sampler(
            sampling=rows.sampling,
            mask=mask,
            truncate=truncate,
            gate_kind="untempered",
        )
        uniforms = Uniforms.ahead(row_key(rows.seed, rows.example), STEPS)
        prefilled = model.prefill(params, prompts, slots)

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
