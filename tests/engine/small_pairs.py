"""A small random pair of each family whose greedy outputs vary, and how it is decoded.

The pair of decoders has what tells Gemma from T5 in the engine's eyes: its prompt is in
the cache that is written, four heads share two of keys and values, and half of the
layers see 5 slots of up to 22.
"""

import dataclasses
import functools
from collections.abc import Callable, Collection, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution, PairParams, Rows, generate
from speccascade.models import T5, Gemma, GemmaConfig, Params, Prompts, T5Config
from speccascade.rules import RULES
from tests.engine.toys import Written, on_host

VOCAB = 48
EOS = 1
LIMIT = 16
BATCH = 8
PROMPT = 6  # padded length of the prompts

# What is no plain speculation; `SmallPair.cascades` are its executions.
CASCADES = ("token_cascade", "oracle_cascade", "sequence_cascade", "bild", "adaptive")


def noisy_pair(model: T5 | Gemma, noise: float) -> PairParams:
    """Random parameters; the drafter is the target with noise on every weight.

    Two independent random models never agree, and a drafter that is never right tests
    little.

    Args:
      model: shape of both.
      noise: in standard deviations of each array.
    """
    target = random_weights(model)
    random = np.random.default_rng(5)
    drafter = jax.tree.map(
        lambda leaf: leaf + noise * jnp.std(leaf) * normal(random, leaf), target
    )
    return PairParams(
        drafter=model.for_decoding(drafter), target=model.for_decoding(target)
    )


def random_weights(model: T5 | Gemma) -> Params:
    """Weights under which outputs vary.

    A Gemma's norms are drawn, and around 2: where blocks add no more to the stream than
    the embedding of the last token, tied logits say that token again.
    """
    params = jax.jit(model.init)(jax.random.key(4))
    if isinstance(model, T5):
        return params
    random = np.random.default_rng(4)
    return jax.tree_util.tree_map_with_path(
        lambda path, leaf: (
            1.0 + 0.5 * normal(random, leaf)  # they are held as differences to 1
            if path[-1].key == "scale"
            else leaf
        ),
        params,
    )


def normal(random: np.random.Generator, leaf: jax.Array) -> jax.Array:
    """Of the leaf's shape; by numpy, because nothing needs to be compiled for it."""
    return jnp.array(random.normal(size=leaf.shape), leaf.dtype)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SmallPair:
    """Two models of one shape, and at which settings both of them write.

    Attributes:
      model: either.
      noise: of the drafter (`noisy_pair`).
      cache_heads: heads of keys and values.
      cached_prompt: slots that prompts take of the cache that is written.
      unsure: fallback at which the drafter goes on about every other time.
      alphas: for each of `CASCADES`, a range of thresholds in which both models write.
    """

    model: T5 | Gemma
    noise: float
    cache_heads: int
    cached_prompt: int
    unsure: float
    alphas: Mapping[str, tuple[float, float]]

    @functools.cached_property
    def params(self) -> PairParams:
        return noisy_pair(self.model, self.noise)

    @functools.cached_property
    def cascades(self) -> dict[str, Execution]:
        """By their names in `CASCADES`."""
        return {
            "token_cascade": Execution(kind="token_cascade", rule=RULES["chow"], cap=3),
            "oracle_cascade": Execution(kind="oracle_cascade", rule=RULES["opt"]),
            "sequence_cascade": Execution(
                kind="sequence_cascade", rule=RULES["chow"], score="mean"
            ),
            "bild": Execution(
                kind="bild", rule=RULES["bild"], gamma=3, fallback=self.unsure
            ),
            "adaptive": Execution(
                kind="speculative",
                rule=RULES["opt"],
                gamma=3,
                adaptive="confidence",
                fallback=self.unsure,
            ),
        }

    def decode(self, asked: Execution, prompts: Prompts, rows: Rows) -> Written:
        """One batch."""
        generation = generate(
            asked,
            self.model,
            self.model,
            self.params,
            prompts,
            rows,
            max_new_tokens=LIMIT,
            eos_id=EOS,
        )
        return on_host(generation)


SMALL_T5 = T5(
    config=T5Config(
        vocab_size=VOCAB,
        emb_dim=32,
        num_heads=2,
        head_dim=8,
        mlp_dim=64,
        num_encoder_layers=1,
        num_decoder_layers=2,
        version="1.1",
    )
)
SMALL_GEMMA = Gemma(
    config=GemmaConfig(
        vocab_size=VOCAB,
        emb_dim=32,
        num_layers=2,
        num_heads=4,
        num_kv_heads=2,
        head_dim=8,
        mlp_dim=64,
        local_rope_base=100.0,
        window=5,
        global_every=2,
        post_norms=True,
        qk_norm=True,
    )
)
PAIRS = {
    "t5": SmallPair(
        model=SMALL_T5,
        noise=0.05,
        cache_heads=2,
        cached_prompt=0,
        unsure=0.92,
        alphas={
            "token_cascade": (0.85, 0.91),
            "oracle_cascade": (-0.1, 0.1),
            "sequence_cascade": (0.87, 0.95),
            "bild": (2.8, 3.5),
            "adaptive": (-0.1, 0.1),
        },
    ),
    "gemma": SmallPair(
        model=SMALL_GEMMA,
        noise=0.05,
        cache_heads=2,
        cached_prompt=PROMPT,
        unsure=0.65,
        alphas={
            "token_cascade": (0.55, 0.72),
            "oracle_cascade": (-0.1, 0.1),
            "sequence_cascade": (0.6, 0.9),
            "bild": (1.2, 2.5),
            "adaptive": (-0.1, 0.1),
        },
    ),
}


# For a test of every pair.
EACH = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)


def each_with(
    settings: Mapping[str, tuple[Any, ...]], fast: Mapping[str, Collection[str]]
) -> list[Any]:
    """Cases (pair, *setting), of every pair with every setting.

    Args:
      settings: by name.
      fast: by family, the names of those settings that are not slow.
    """
    assert all(set(names) <= settings.keys() for names in fast.values())
    return [
        pytest.param(
            pair,
            *setting,
            id=f"{family}-{name}",
            marks=() if name in fast[family] else pytest.mark.slow,
        )
        for family, pair in PAIRS.items()
        for name, setting in settings.items()
    ]


def prompts(batch: int = BATCH, first: int = 0) -> Prompts:
    """Random prompts of 2 to 6 tokens; number `first + i` stands in row i."""
    tokens = np.zeros((batch, PROMPT), np.int32)
    lengths = np.zeros((batch,), np.int32)
    for row in range(batch):
        random = np.random.default_rng(first + row)
        lengths[row] = random.integers(2, PROMPT + 1)
        tokens[row, : lengths[row]] = random.integers(4, VOCAB, lengths[row])
    return Prompts(tokens=jnp.array(tokens), lengths=jnp.array(lengths))


def cache_copies(
    pair: SmallPair,
    entry: Callable[..., Any],
    asked: Execution,
    batch: int,
    *arguments: Any,
) -> list[str]:
    """The lines of the compiled program that copy a whole cache inside a loop.

    Args:
      pair: what decodes.
      entry: `generate` or `generate_queued`.
      asked: what is run.
      batch: B.
      arguments: what follows the parameters.
    """
    leaves, structure = jax.tree.flatten((pair.params, *arguments))

    def decode(leaves: list[Any]) -> Any:
        return entry.__wrapped__(
            asked,
            pair.model,
            pair.model,
            *jax.tree.unflatten(structure, leaves),
            max_new_tokens=LIMIT,
            eos_id=EOS,
        )

    text = jax.jit(decode).lower(leaves).compile().as_text()
    slots = pair.cached_prompt + LIMIT + asked.slots_fed
    head_dim = pair.model.config.head_dim
    shape = f"f32[{batch},{pair.cache_heads},{head_dim},{slots}]"
    inside = text[: text.index("\nENTRY")]
    assert shape in inside
    return [
        line
        for line in inside.splitlines()
        if f"= {shape}" in line
        and " copy(" in line
        # An empty cache, of a prompt that is read in the loop, once (`engine.late`).
        and "broadcast" not in line
    ]
