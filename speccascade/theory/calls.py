"""Tokens per call of the target, where each draft is accepted with the same chance a.

A block of gamma drafts is kept up to its first rejection, and one more token comes from
the target's call. A block of k tokens, 1 <= k <= gamma, has probability a^(k-1) (1 - a)
and one of gamma + 1 has a^gamma, so that (Leviathan et al., 2023)

    E[tokens per call] = sum_{k=0}^{gamma} a^k = (1 - a^(gamma+1)) / (1 - a).

For a cascade a = 1 - D_TV(m, q) with its measure m: 1 - r D_TV(p, q) for the rules that
decide for a whole slot. The formula needs a to be the same at every position.

Example: a = .5, gamma = 2: blocks of 1, 2, 3 tokens have probability .5, .25, .25, and
the mean is 1.75 = (1 - .125) / .5.

A text of a given length ends within a block. `calls_for` counts the calls of such texts
exactly; they are a little more than length / E[tokens per call].
"""

import math

import numpy as np
from jaxtyping import Float64

from speccascade.theory.check import Check

_INSTANCES = 10_000
_LARGEST_GAMMA = 20


def tokens_per_call(a: float, gamma: int) -> float:
    """(1 - a^(gamma+1)) / (1 - a), and gamma + 1 where a = 1.

    Args:
        a: acceptance, in [0, 1].
        gamma: drafts a call, at least 0.

    Example:
        >>> tokens_per_call(0.0, 2), tokens_per_call(1.0, 2)
        (1.0, 3.0)
        >>> round(tokens_per_call(0.5, 2), 12)
        1.75
    """
    if a in (0, 1):
        return 1.0 + gamma * a
    # 1 - a^(gamma+1) as written loses its last digits where a is near 1.
    return -math.expm1((gamma + 1) * math.log(a)) / (1 - a)


def block_lengths(a: float, gamma: int) -> Float64[np.ndarray, " k"]:
    """Probabilities of blocks of 1, 2, ..., gamma + 1 tokens.

    Example:
        >>> print(block_lengths(0.5, 2))
        [0.5  0.25 0.25]
    """
    kept = a ** np.arange(gamma + 1.0)
    return kept * np.append(np.full(gamma, 1 - a), 1.0)


def calls_for(length: int, a: float, gamma: int) -> tuple[float, float]:
    """Mean and variance of the calls that write exactly `length` tokens.

    With N(t) the calls that t tokens more need, N(t) = 1 + N(t - k) after a block of k
    tokens, and N(t) = 0 for t <= 0: the first two moments, from t = 1 upwards.

    Example:
        Two tokens with gamma = 1 and a = .5: one call or two, either with chance 1/2.

        >>> calls_for(2, 0.5, 1)
        (1.5, 0.25)
    """
    blocks = block_lengths(a, gamma)
    first, second = np.zeros(gamma + 1 + length), np.zeros(gamma + 1 + length)
    for t in range(gamma + 1, gamma + 1 + length):
        # What is left after blocks of 1, 2, ... tokens; nothing below index gamma + 1.
        left = t - 1 - np.arange(gamma + 1)
        first[t] = 1 + blocks @ first[left]
        second[t] = 1 + 2 * blocks @ first[left] + blocks @ second[left]
    return float(first[-1]), float(second[-1] - first[-1] ** 2)


def check(rng: np.random.Generator) -> Check:
    """The closed form against the sum over block lengths.

    Control: the formula of a block without its bonus token, a^gamma for a^(gamma+1).
    """
    violation = control = 0.0
    for a in rng.uniform(size=_INSTANCES):
        gamma = int(rng.integers(1, _LARGEST_GAMMA + 1))
        mean = float(block_lengths(a, gamma) @ np.arange(1.0, gamma + 2))
        violation = max(violation, abs(tokens_per_call(a, gamma) - mean))
        control = max(control, abs(tokens_per_call(a, gamma - 1) - mean))
    return Check(
        name="tokens per call",
        statement="E[block] = (1 - a^(gamma+1)) / (1 - a)",
        instances=_INSTANCES,
        violation=float(violation),
        control="no bonus token",
        control_violation=float(control),
    )
