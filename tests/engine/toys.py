"""The toy pair that the engine is tested on, and how its outputs are counted."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats

from speccascade.engine import Execution, Generation, PairParams, Rows, generate
from speccascade.models.interface import Model, Prompts
from speccascade.models.toy import Toy
from speccascade.rules import RULES
from speccascade.sampling import Sampling
from tests.engine.exact import Setting
from tests.engine.exact_law import Enumeration, Pair, enumerate_row

VOCAB = 4
EOS = 1
LIMIT = 4
PROMPTS = ((2,), (3, 0), (0, 2, 3))
TEMPERATURES = (0.5, 1.0)
# Every batch has this shape, so that all tests share the programs that they compile:
# a multiple of the 3 prompts times the 2 temperatures.
BATCH = 8190
SEEDS = (0, 1, 2, 3)

TOY = Toy(vocab_size=VOCAB)
NUM_SLOTS = 3 + LIMIT + 5

# Thresholds at which both models get their say, whatever the temperature:
# `test_thresholds_are_in_their_interesting_middle`.
MIDDLE = {
    "lossless": 0.0,
    "lossy": 0.4,
    "lossy_star": 0.4,
    "mentored": 0.1,
    "ensemble": 0.4,
    "head_free_pass": 0.6,
    "chow": 0.4,
    "chow_log": 0.9,
    "diff": -0.1,
    "diff_log": -0.1,
    "opt": -0.2,
    "opt_log": -0.2,
    "bild": 1.6,
    "fuzzy": 0.18,
    "token_v1": 0.0,
    "token_v2": 0.3,
    "token_v3": 0.6,
    "token_l2": 0.15,
    "token_drafter": 0.5,
    "top_k_membership": 2.0,
    "typical": 0.8,
    "cactus": 0.1,
}

# The chance that a correct engine fails some chi-square test, all seeds being fresh, is
# below 1e-3: no test rejects at more than this level, and there are fewer than 2,000 of
# them. The seeds are fixed, so what passes once passes always.
LEVEL = 1e-3 / 2000


def _table(key: int) -> jax.Array:
    # A rarer end token makes longer outputs.
    table = TOY.init(jax.random.key(key), NUM_SLOTS)
    return table.at[..., EOS].add(-1)


@functools.cache
def pair_params() -> PairParams:
    return PairParams(drafter=_table(1), target=_table(2))


@functools.cache
def exact_pair() -> Pair:
    params = pair_params()
    tables = [
        np.asarray(table, np.float64) for table in (params.drafter, params.target)
    ]

    def logits(prompt, written):
        context = prompt + written
        slot = len(context) - 1
        before = context[-2] if slot else VOCAB
        return tuple(table[slot, before, context[-1]] for table in tables)

    return Pair(logits=logits, eos_id=EOS, max_new_tokens=LIMIT)


@functools.cache
def enumeration(prompt: tuple[int, ...], setting: Setting) -> Enumeration:
    return enumerate_row(exact_pair(), prompt, setting)


def prompts(batch: int = BATCH) -> Prompts:
    """The three prompts in turn; the padding is a token that means something."""
    width = max(map(len, PROMPTS))
    padded = np.array([[*prompt, *[3] * (width - len(prompt))] for prompt in PROMPTS])
    which = np.arange(batch) % len(PROMPTS)
    lengths = np.array([len(prompt) for prompt in PROMPTS])
    return Prompts(
        tokens=jnp.array(padded[which], jnp.int32),
        lengths=jnp.array(lengths[which], jnp.int32),
    )


def make_rows(
    batch: int = BATCH,
    *,
    alpha=0.0,
    temperature=1.0,
    top_k=0,
    top_p=1.0,
    min_p=0.0,
    seed=0,
    example=None,
    active=True,
) -> Rows:
    """Rows from scalars or arrays; examples are numbered unless they are given."""

    def full(value, dtype):
        return jnp.array(np.broadcast_to(np.asarray(value, dtype), (batch,)))

    return Rows(
        alpha=full(alpha, np.float32),
        sampling=Sampling(
            temperature=full(temperature, np.float32),
            top_k=full(top_k, np.int32),
            top_p=full(top_p, np.float32),
            min_p=full(min_p, np.float32),
        ),
        seed=full(seed, np.int32),
        example=full(np.arange(batch) if example is None else example, np.int32),
        active=full(active, np.bool_),
    )


def execution(setting: Setting) -> Execution:
    truncate = setting.top_k > 0 or setting.top_p < 1 or setting.min_p > 0
    if setting.rule is None:
        return Execution(kind=setting.alone, truncate=truncate)
    rule = RULES[setting.rule]
    if setting.redraw:
        rule = dataclasses.replace(rule, coupling="redraw")
    return Execution(
        kind=setting.kind,
        rule=rule,
        gamma=setting.gamma,
        bonus=setting.bonus,
        adaptive=setting.adaptive,
        gate=setting.gate,
        truncate=truncate,
        cap=setting.cap,
        score=setting.score,
        quantile=setting.quantile,
        fallback=setting.fallback,
    )


def fresh_generate() -> Callable[..., Generation]:
    """`generate` with a compilation cache of its own, so that patches take effect."""

    # A new function each time: `jit` keeps what it traced by function.
    def traced(*arguments, **limits):
        return generate.__wrapped__(*arguments, **limits)

    return jax.jit(
        traced, static_argnums=(0, 1, 2), static_argnames=("max_new_tokens", "eos_id")
    )


@flax.struct.dataclass
class Written:
    """A `Generation` on the host: numpy arrays, the counters by name."""

    tokens: Any
    lengths: Any
    counters: dict[str, Any]


def on_host(generation: Generation) -> Written:
    return Written(
        tokens=np.asarray(generation.tokens),
        lengths=np.asarray(generation.lengths),
        counters={
            name: None if values is None else np.asarray(values)
            for name, values in vars(generation.counters).items()
        },
    )


def decode(
    asked: Execution,
    rows: Rows,
    *,
    model: Model = TOY,
    drafter: Model | None = None,
    params: PairParams | None = None,
    decode_with: Callable[..., Generation] = generate,
) -> Written:
    """One batch of the toy pair, or of a pair of `model`s with its own parameters.

    `drafter` is given where it is not `model`.
    """
    generation = decode_with(
        asked,
        model if drafter is None else drafter,
        model,
        pair_params() if params is None else params,
        prompts(rows.active.shape[0]),
        rows,
        max_new_tokens=LIMIT,
        eos_id=EOS,
    )
    return on_host(generation)


def outputs(generation: Written) -> list[tuple[int, ...]]:
    return [
        tuple(map(int, tokens[:length]))
        for tokens, length in zip(generation.tokens, generation.lengths, strict=True)
    ]


@dataclasses.dataclass(frozen=True, eq=False)
class Simulation:
    """Many rows of one setting, at both temperatures."""

    prompt: np.ndarray  # index of each row's prompt
    temperature: np.ndarray
    generation: Written


def simulate(setting: Setting, **options) -> Simulation:
    """`len(SEEDS)` batches, the temperatures in turn; `setting`'s own is not read."""
    prompt = np.arange(BATCH) % len(PROMPTS)
    temperature = np.array(TEMPERATURES)[np.arange(BATCH) // len(PROMPTS) % 2]
    batches = [
        decode(
            execution(setting),
            make_rows(
                alpha=setting.alpha,
                temperature=temperature,
                top_k=setting.top_k,
                top_p=setting.top_p,
                min_p=setting.min_p,
                seed=seed,
            ),
            **options,
        )
        for seed in SEEDS
    ]
    return Simulation(
        prompt=np.tile(prompt, len(SEEDS)),
        temperature=np.tile(temperature, len(SEEDS)),
        generation=jax.tree.map(lambda *parts: np.concatenate(parts), *batches),
    )


# Kept: several tests look at the same rows.
simulated = functools.cache(simulate)


Enumerate = Callable[[tuple[int, ...], Setting], Enumeration]


def p_values(
    setting: Setting, simulation: Simulation, enumerated: Enumerate = enumeration
) -> dict[float, float]:
    """At each temperature, the chi-square p-value of the outputs' joint law."""
    return {
        temperature: _p_value(
            dataclasses.replace(setting, temperature=temperature),
            simulation,
            enumerated,
        )
        for temperature in TEMPERATURES
    }


def _p_value(setting: Setting, simulation: Simulation, enumerated: Enumerate) -> float:
    """Of all prompts together: their statistics and degrees of freedom add up."""
    written = outputs(simulation.generation)
    at_temperature = simulation.temperature == setting.temperature
    statistic, freedom = 0.0, 0
    for index, prompt in enumerate(PROMPTS):
        chosen = np.flatnonzero(at_temperature & (simulation.prompt == index))
        law = enumerated(prompt, setting).outputs
        found = dict.fromkeys(law, 0)
        for row in chosen:
            if written[row] not in found:
                return 0.0  # what cannot happen did
            found[written[row]] += 1
        expected = len(chosen) * np.array([law[output] for output in found])
        observed = np.array(list(found.values()))
        observed, expected = merge_rare(observed, expected)
        statistic += np.sum((observed - expected) ** 2 / expected)
        freedom += len(expected) - 1
    return float(scipy.stats.chi2.sf(statistic, freedom))


def merge_rare(observed: np.ndarray, expected: np.ndarray, least: float = 5.0):
    """Joins the rarest cells until each expects `least`: chi-square is then a fair fit.

    Which cells are joined depends on the expectation alone.
    """
    order = np.argsort(expected, kind="stable")
    observed, expected = observed[order], expected[order]
    # Bins are begun at the rare end; what is left over joins the last, fullest one.
    bins, mass = np.zeros(len(expected), int), 0.0
    for index in range(1, len(expected)):
        mass += expected[index - 1]
        bins[index] = bins[index - 1] + (mass >= least)
        mass = 0.0 if mass >= least else mass
    if expected[bins == bins[-1]].sum() < least:
        bins[bins == bins[-1]] -= 1
    return np.bincount(bins, observed), np.bincount(bins, expected)
