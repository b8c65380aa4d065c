"""Host lists -> arrays: one batch of fixed shape, padded with dummy rows."""

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from speccascade.engine.request import Rows
from speccascade.models.interface import Prompts
from speccascade.sampling import Sampling


@dataclasses.dataclass(frozen=True, kw_only=True)
class RowRequest:
    """One row as the host knows it.

    Attributes:
      tokens: the prompt's ids.
      example: id that keys the row's random numbers.
      alpha: threshold; 0 where the method has none.
      temperature, top_k, top_p, min_p: sampling.
      seed: of the random numbers.
    """

    tokens: Sequence[int]
    example: int
    alpha: float = 0.0
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int = 0


# What a dummy row is made of; it is inactive from the start.
_DUMMY = RowRequest(tokens=(0,), example=0)


def make_batch(
    requests: Sequence[RowRequest], length: int, batch_size: int
) -> tuple[Prompts, Rows]:
    """Prompts and rows of one batch, one request a row."""
    prompts = make_prompts([one.tokens for one in requests], length, batch_size)
    return prompts, make_rows(requests, batch_size)


def make_prompts(prompts: Sequence[Sequence[int]], length: int, count: int) -> Prompts:
    """`count` padded prompts; those beyond the given ones are dummies of one token.

    Args:
      prompts: at most `count`.
      length: prompt bucket L that every prompt fits.
      count: B.
    """
    filled = [*prompts, *[_DUMMY.tokens] * (count - len(prompts))]
    tokens = np.zeros((count, length), np.int32)
    for index, prompt in enumerate(filled):
        tokens[index, : len(prompt)] = prompt
    lengths = np.array([len(prompt) for prompt in filled], np.int32)
    return Prompts(tokens=jnp.asarray(tokens), lengths=jnp.asarray(lengths))


def make_rows(requests: Sequence[RowRequest], count: int) -> Rows:
    """`count` rows; those beyond the requests are dummies, inactive from the start."""
    filled = [*requests, *[_DUMMY] * (count - len(requests))]

    def column(name: str, dtype: type) -> jnp.ndarray:
        return jnp.asarray(np.array([getattr(row, name) for row in filled], dtype))

    return Rows(
        alpha=column("alpha", np.float32),
        sampling=Sampling(
            temperature=column("temperature", np.float32),
            top_k=column("top_k", np.int32),
            top_p=column("top_p", np.float32),
            min_p=column("min_p", np.float32),
        ),
        seed=column("seed", np.int32),
        example=column("example", np.int32),
        active=jnp.asarray(np.arange(count) < len(requests)),
    )
