"""A small random T5 pair whose greedy outputs vary, and how it is decoded."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from speccascade.engine import Execution, PairParams, Rows, generate
from speccascade.models.interface import Prompts
from speccascade.models.t5 import T5, T5Config
from speccascade.rules import RULES
from tests.engine.toys import Written, on_host

VOCAB = 48
EOS = 1
LIMIT = 16
BATCH = 8

MODEL = T5(
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


# What is no plain speculation. Each with the range of thresholds in which both models
# write: this pair is unsure.
CASCADES = {
    "token_cascade": (
        Execution(kind="token_cascade", rule=RULES["chow"], cap=3),
        (0.85, 0.91),
    ),
    "oracle_cascade": (
        Execution(kind="oracle_cascade", rule=RULES["opt"]),
        (-0.1, 0.1),
    ),
    "sequence_cascade": (
        Execution(kind="sequence_cascade", rule=RULES["chow"], score="mean"),
        (0.87, 0.95),
    ),
    "bild": (
        Execution(kind="bild", rule=RULES["bild"], gamma=3, fallback=0.9),
        (2.8, 3.5),
    ),
    "adaptive": (
        Execution(
            kind="speculative",
            rule=RULES["opt"],
            gamma=3,
            adaptive="confidence",
            fallback=0.92,
        ),
        (-0.1, 0.1),
    ),
}


@functools.cache
def pair_params() -> PairParams:
    """Two models of one shape; the drafter is the target with noise on every weight.

    Two independent random models never agree, and a drafter that is never right tests
    little.
    """
    target = MODEL.init(jax.random.key(4))
    leaves, structure = jax.tree.flatten(target)
    keys = jax.random.split(jax.random.key(5), len(leaves))
    noisy = [
        leaf + 0.05 * jnp.std(leaf) * jax.random.normal(key, leaf.shape)
        for leaf, key in zip(leaves, keys, strict=True)
    ]
    return PairParams(
        drafter=MODEL.for_decoding(jax.tree.unflatten(structure, noisy)),
        target=MODEL.for_decoding(target),
    )


def prompts(batch: int = BATCH, first: int = 0) -> Prompts:
    """Random prompts of 2 to 6 tokens; number `first + i` stands in row i."""
    tokens = np.zeros((batch, 6), np.int32)
    lengths = np.zeros((batch,), np.int32)
    for row in range(batch):
        random = np.random.default_rng(first + row)
        lengths[row] = random.integers(2, 7)
        tokens[row, : lengths[row]] = random.integers(4, VOCAB, lengths[row])
    return Prompts(tokens=jnp.array(tokens), lengths=jnp.array(lengths))


def decode(asked: Execution, prompts: Prompts, rows: Rows) -> Written:
    """One batch of the pair."""
    generation = generate(
        asked,
        MODEL,
        MODEL,
        pair_params(),
        prompts,
        rows,
        max_new_tokens=LIMIT,
        eos_id=EOS,
    )
    return on_host(generation)


def cache_copies(
    entry: Callable[..., Any], asked: Execution, batch: int, *arguments: Any
) -> list[str]:
    """The lines of the compiled program that copy a whole cache inside a loop.

    Args:
      entry: `generate` or `generate_queued`.
      asked: what is run.
      batch: B.
      arguments: what follows the parameters.
    """
    leaves, structure = jax.tree.flatten((pair_params(), *arguments))

    def decode(leaves: list[Any]) -> Any:
        return entry.__wrapped__(
            asked,
            MODEL,
            MODEL,
            *jax.tree.unflatten(structure, leaves),
            max_new_tokens=LIMIT,
            eos_id=EOS,
        )

    text = jax.jit(decode).lower(leaves).compile().as_text()
    slots = LIMIT + asked.slots_fed
    config = MODEL.config
    shape = f"f32[{batch},{config.num_heads},{config.head_dim},{slots}]"
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
