"""Made-up prefixes: what the next token follows, and what both models make of it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float64

from speccascade.rules.prefix import PrefixRule

# Of the mass; keeps log q and log p finite where no token is cut.
_FLOOR = 1e-3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prefixes:
    """f64[..., V] each, one distribution a prefix.

    Attributes:
        P: the next token's true distribution.
        q: the drafter's.
        p: the target model's.
    """

    P: Float64[np.ndarray, "*n V"]
    q: Float64[np.ndarray, "*n V"]
    p: Float64[np.ndarray, "*n V"]


def draw(
    rng: np.random.Generator, *shape: int, vocabulary: int = 5, cut: bool = False
) -> Prefixes:
    """Random prefixes in which models are good and bad, sure and unsure, alike and not.

    Every distribution is Dirichlet with a concentration of its own between 0.1 and 10.
    q and p are mixtures of P and of one such distribution; how much of P they hold is
    uniform in [0, 1], for each of them.

    Args:
        rng: where the numbers come from.
        shape: of the array of prefixes.
        vocabulary: V.
        cut: takes tokens out of P, q and p, up to one-hot rows and disjoint supports:
            each token of each row with probability 1/3, but for the row's first mode.
    """

    def dirichlet():
        concentration = 10 ** rng.uniform(-1, 1, (*shape, 1))
        weights = rng.gamma(concentration, size=(*shape, vocabulary))
        return _normalised(weights + np.finfo(float).tiny)

    P = dirichlet()
    like_P = rng.uniform(size=(2, *shape, 1))
    models = [like_P[i] * P + (1 - like_P[i]) * dirichlet() for i in range(2)]
    rows = [(1 - _FLOOR) * row + _FLOOR / vocabulary for row in (P, *models)]
    if cut:
        rows = [_cut(rng, row) for row in rows]
    return Prefixes(P=rows[0], q=rows[1], p=rows[2])


def in_float64(function: Callable[..., Any], *arrays: np.ndarray) -> np.ndarray:
    """What a JAX function gives in float64, whatever JAX's default is.

    Example:
        >>> in_float64(jnp.sum, np.array([0.1, 0.2])).dtype
        dtype('float64')
    """
    with jax.enable_x64(True):
        return np.asarray(function(*map(jnp.asarray, arrays)))


def deferral(
    rule: PrefixRule, prefixes: Prefixes, alpha: Float64[np.ndarray, "*n"]
) -> Bool[np.ndarray, "*n"]:
    """r of the rule at temperature 1, by the rule's own code."""
    q, p = prefixes.q, prefixes.p
    return in_float64(rule.r, q, p, q, p, alpha, np.zeros(alpha.shape, bool))


def _normalised(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum(axis=-1, keepdims=True)


def _cut(rng: np.random.Generator, row: np.ndarray) -> np.ndarray:
    kept = rng.uniform(size=row.shape) > 1 / 3
    np.put_along_axis(kept, row.argmax(axis=-1)[..., None], True, axis=-1)
    return _normalised(np.where(kept, row, 0))
