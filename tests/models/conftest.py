"""Small T5s, what `transformers` says of them, and the comparison with ours."""

import json
from pathlib import Path
from typing import NamedTuple

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.models import T5, Gemma, GemmaConfig, Prompts, T5Config

GOLDEN = Path(__file__).parent / "golden"


class Tiny(NamedTuple):
    """A T5 with its parameters, and a batch of prompts and targets for it."""

    model: T5
    params: dict
    prompts: Prompts
    targets: jax.Array  # int32[B, T], teacher-forced; begins with the start token
    expected: dict  # what the reference computes: encoded, logits, greedy

    @property
    def valid(self):
        """bool[B, L], False at padding."""
        return (
            jnp.arange(self.prompts.tokens.shape[1])[None]
            < (self.prompts.lengths[:, None])
        )

    def prefill(self, slots):
        prefill = jax.jit(self.model.prefill, static_argnums=2)
        return prefill(self.params, self.prompts, slots)


def from_case(case):
    """`make_case`'s dictionary (scripts/make_t5_golden.py) as a `Tiny`."""
    flat = {
        name.removeprefix("params/"): jnp.array(value, jnp.float32)
        for name, value in case.items()
        if name.startswith("params/")
    }
    return Tiny(
        model=T5(config=T5Config(**json.loads(str(case["config"])))),
        params=flax.traverse_util.unflatten_dict(flat, sep="/"),
        prompts=Prompts(
            tokens=jnp.array(case["tokens"]), lengths=jnp.array(case["lengths"])
        ),
        targets=jnp.array(case["decoder_tokens"]),
        expected={name: case[name] for name in ("encoded", "logits", "greedy")},
    )


@pytest.fixture(scope="session", params=["1_0", "1_1"])
def tiny(request) -> Tiny:
    """A golden T5 of each version."""
    with np.load(GOLDEN / f"t5_{request.param}.npz") as arrays:
        return from_case(dict(arrays))


@pytest.fixture(scope="session")
def case_of():
    return from_case


@pytest.fixture(scope="session")
def golden_buckets():
    with np.load(GOLDEN / "relative_buckets.npz") as arrays:
        return dict(arrays)


def _score_ragged(tiny: Tiny):
    """Logits [B, T, V] of the targets, fed K = 3 at a time, each row at its own pace.

    Row b starts b calls late, frozen at the capacity until then, and is frozen again
    when it is done; the last block of a row ends beyond the capacity.
    """
    batch, length = tiny.targets.shape
    width, capacity = 3, length
    score = jax.jit(tiny.model.score)
    cache = tiny.prefill(capacity).cache
    found = np.zeros((batch, length, tiny.model.vocab_size), np.float32)
    blocks = -(-length // width)
    padded = np.pad(np.array(tiny.targets), ((0, 0), (0, width)))
    for call in range(blocks + batch - 1):
        starts = np.array([(call - row) * width for row in range(batch)])
        starts = np.where((starts < 0) | (starts >= length), capacity, starts)
        tokens = np.stack([padded[b, s : s + width] for b, s in enumerate(starts)])
        logits, cache = score(
            tiny.params, cache, jnp.array(tokens), jnp.array(starts, jnp.int32)
        )
        for row, start in enumerate(starts):
            kept = min(width, length - start)
            found[row, start : start + kept] = logits[row, :kept]
    return found


def _greedy(tiny: Tiny):
    """Plain greedy decoding from the cache, int32[B, T], never stopping."""
    length = tiny.targets.shape[1]
    score = jax.jit(tiny.model.score)
    first = tiny.prefill(length)
    cache, token, slot = first.cache, first.token, first.slot
    written = []
    for _ in range(length):
        logits, cache = score(tiny.params, cache, token[:, None], slot)
        token, slot = jnp.argmax(logits[:, 0], -1).astype(jnp.int32), slot + 1
        written.append(token)
    return np.stack(written, 1)


@pytest.fixture(scope="session")
def differences_from():
    """Largest absolute differences between a `Tiny` and its reference, by what."""

    def differences(tiny: Tiny) -> dict[str, float]:
        module = tiny.model.module

        @jax.jit
        def reference_calls(params, tokens, valid, targets):
            variables = {"params": params}
            encoded = module.apply(variables, tokens, valid, method="encode")
            return encoded, module.apply(variables, tokens, valid, targets)

        valid = np.array(tiny.valid)
        encoded, forced = map(
            np.array,
            reference_calls(tiny.params, tiny.prompts.tokens, tiny.valid, tiny.targets),
        )
        # What an encoder says at padding means nothing.
        return {
            "encoded": np.abs(encoded - tiny.expected["encoded"])[valid].max(),
            "forced": np.abs(forced - tiny.expected["logits"]).max(),
            "cached": np.abs(_score_ragged(tiny) - tiny.expected["logits"]).max(),
        }

    return differences


@pytest.fixture(scope="session")
def greedy():
    return _greedy


class TinyGemma(NamedTuple):
    """A decoder with its parameters, prompts, and what `transformers` says of them."""

    model: Gemma
    params: dict
    prompts: Prompts
    greedy: np.ndarray  # int32[B, T], after the prompts
    sequences: jax.Array  # int32[B, T]
    logits: np.ndarray  # float32[B, T, V], of the sequences


def gemma_from_case(case) -> TinyGemma:
    """`make_case`'s dictionary (scripts/make_gemma_golden.py) as a `TinyGemma`."""
    flat = {
        name.removeprefix("params/"): jnp.array(value, jnp.float32)
        for name, value in case.items()
        if name.startswith("params/")
    }
    return TinyGemma(
        model=Gemma(config=GemmaConfig(**json.loads(str(case["config"])))),
        params=flax.traverse_util.unflatten_dict(flat, sep="/"),
        prompts=Prompts(
            tokens=jnp.array(case["tokens"]), lengths=jnp.array(case["lengths"])
        ),
        greedy=case["greedy"],
        sequences=jnp.array(case["sequences"]),
        logits=case["logits"],
    )


def golden_gemma(kind: str) -> TinyGemma:
    with np.load(GOLDEN / f"{kind}.npz") as arrays:
        return gemma_from_case(dict(arrays))


@pytest.fixture(
    scope="session", params=["gemma1", "gemma2", "gemma3", "llama", "qwen2"]
)
def tiny_gemma(request) -> TinyGemma:
    """A golden decoder of each kind."""
    return golden_gemma(request.param)


@pytest.fixture(scope="session")
def gemma2() -> TinyGemma:
    return golden_gemma("gemma2")


@pytest.fixture(scope="session")
def gemma3() -> TinyGemma:
    return golden_gemma("gemma3")


@pytest.fixture(scope="session")
def gemma_case_of():
    return gemma_from_case


@pytest.fixture(scope="session")
def score_ragged():
    """Logits [B, T, V] of the sequences, the first token being the prompt.

    Fed 3 at a time, each row at its own pace: row b starts b calls late, frozen beyond
    the capacity until then, and again when it is done.
    """

    def run(tiny: TinyGemma) -> np.ndarray:
        batch, length = tiny.sequences.shape
        width = 3
        ones = jnp.ones((batch,), jnp.int32)
        prompts = Prompts(tokens=tiny.sequences[:, :1], lengths=ones)
        prefill = jax.jit(tiny.model.prefill, static_argnums=2)
        score = jax.jit(tiny.model.score)
        cache = prefill(tiny.params, prompts, length - 1).cache
        found = np.zeros((batch, length, tiny.model.vocab_size), np.float32)
        padded = np.pad(np.array(tiny.sequences), ((0, 0), (0, width)))
        for call in range(-(-length // width) + batch - 1):
            starts = np.array([(call - row) * width for row in range(batch)])
            starts = np.where((starts < 0) | (starts >= length), length, starts)
            tokens = np.stack([padded[b, s : s + width] for b, s in enumerate(starts)])
            logits, cache = score(
                tiny.params, cache, jnp.array(tokens), jnp.array(starts, jnp.int32)
            )
            for row, start in enumerate(starts):
                kept = min(width, length - start)
                found[row, start : start + kept] = logits[row, :kept]
        return found

    return run


@pytest.fixture(scope="session")
def greedy_decoder():
    """Plain greedy decoding after the prompts, int32[B, T], never stopping."""

    def run(tiny: TinyGemma) -> np.ndarray:
        length = tiny.greedy.shape[1]
        score = jax.jit(tiny.model.score)
        first = jax.jit(tiny.model.prefill, static_argnums=2)(
            tiny.params, tiny.prompts, length
        )
        cache, token, slot = first.cache, first.token, first.slot
        written = []
        for _ in range(length):
            logits, cache = score(tiny.params, cache, token[:, None], slot)
            token, slot = jnp.argmax(logits[:, 0], -1).astype(jnp.int32), slot + 1
            written.append(token)
        return np.stack(written, 1)

    return run
