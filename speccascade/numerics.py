"""Small numerical functions with stated contracts.

All of them work along the last axis, the vocabulary, leave the axes before it alone,
and compute in the dtype that they are given: the engine passes float32, the tests
float64. Two conventions of the paper hold throughout: 0 log 0 = 0, and 0 times infinity
is 0.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int, Int32, Real, Shaped

# Width of a block in `inverse_cdf`: one row of a TPU register, and near the square root
# of the usual vocabularies (8k to 262k), where the two levels cost about the same.
_BLOCK = 128


def argmax(x: Real[Array, "... V"]) -> Int32[Array, "..."]:
    """Index of the largest entry; of several equal ones, the first.

    The same answer as `jnp.argmax`, written as a maximum, a comparison and a minimum of
    indices: three vectorised passes, where XLA's paired reduction on CPU is a scalar
    loop. A row that holds NaN gives some index within the row.

    Example:
        >>> print(argmax(jnp.array([[1, 3, 3], [2, 1, 0]])))
        [1 0]
    """
    largest = jnp.max(x, axis=-1, keepdims=True)
    return _first(x == largest, otherwise=x.shape[-1] - 1)


def one_hot_argmax(x: Real[Array, "... V"]) -> Real[Array, "... V"]:
    """1 at the first largest entry and 0 elsewhere, in the dtype of `x`.

    What a softmax becomes at temperature 0.

    Example:
        >>> print(one_hot_argmax(jnp.array([0.2, 0.4, 0.4])))
        [0. 1. 0.]
    """
    return (_indices(x) == argmax(x)[..., None]).astype(x.dtype)


def at_token(
    x: Shaped[Array, "... V"], token: Int[Array, "..."]
) -> Shaped[Array, "..."]:
    """The entry x(token) of every row; `token` must lie in [0, V).

    Example:
        >>> print(at_token(jnp.array([[0.7, 0.3], [0.4, 0.6]]), jnp.array([0, 1])))
        [0.7 0.6]
    """
    return jnp.take_along_axis(x, token[..., None], axis=-1)[..., 0]


def safe_normalise(
    f: Float[Array, "... V"], fallback: Float[Array, "... V"]
) -> Float[Array, "... V"]:
    """norm(f) = f / sum f in the rows where that sum is positive, else `fallback`.

    Args:
        f: non-negative.
        fallback: what stands in for the rows that are 0 everywhere, taken as it is.

    Example:
        >>> f, fallback = jnp.array([[3.0, 1.0], [0.0, 0.0]]), jnp.full((2, 2), 0.5)
        >>> print(safe_normalise(f, fallback))
        [[0.75 0.25]
         [0.5  0.5 ]]
    """
    total = jnp.sum(f, axis=-1, keepdims=True)
    positive = total > 0
    return jnp.where(positive, f / jnp.where(positive, total, 1), fallback)


def multiply_no_inf(
    a: Float[Array, "..."], b: Float[Array, "..."]
) -> Float[Array, "..."]:
    """a b, where 0 times anything is 0: also 0 times infinity, in either order.

    Example:
        >>> a, b = jnp.array([0.0, 2.0]), jnp.array([jnp.inf, -jnp.inf])
        >>> print(multiply_no_inf(a, b))
        [  0. -inf]
    """
    return jnp.where((a == 0) | (b == 0), 0, a * b)


def entropy(p: Float[Array, "... V"]) -> Float[Array, "..."]:
    """H(p) = -sum p log p, in nats, with 0 log 0 = 0.

    Example:
        >>> print(entropy(jnp.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])).round(4))
        [0.6931 0.    ]
    """
    return cross_entropy(p, p)


def cross_entropy(
    q: Float[Array, "... V"], p: Float[Array, "... V"]
) -> Float[Array, "..."]:
    """-sum q log p, in nats: infinite where q puts mass on a token that p excludes.

    A token with q = 0 contributes nothing, whatever its p.

    Example:
        >>> q = jnp.array([[1.0, 0.0], [0.5, 0.5]])
        >>> p = jnp.array([[0.5, 0.5], [1.0, 0.0]])
        >>> print(cross_entropy(q, p).round(4))
        [0.6931    inf]
    """
    surprise = -jnp.log(jnp.where(q > 0, p, 1))
    # The final + 0 turns the -0.0 of a one-hot row into 0.0.
    return jnp.sum(jnp.where(q > 0, q * surprise, 0), axis=-1) + 0


def relative_entropy(
    p: Float[Array, "... V"], q: Float[Array, "... V"]
) -> Float[Array, "..."]:
    """KL(p || q) = sum p log(p/q), in nats: infinite where p > 0 = q anywhere.

    Summed token by token, so that of nearly equal rows it is accurate, and of equal 0.

    Example:
        >>> p, q = jnp.array([0.5, 0.5]), jnp.array([0.25, 0.75])
        >>> f"{relative_entropy(p, q):.4f}, {relative_entropy(p, p):.4f}"
        '0.1438, 0.0000'
    """
    drawn = p > 0
    surprise = jnp.log(jnp.where(drawn, p, 1)) - jnp.log(jnp.where(drawn, q, 1))
    return jnp.sum(jnp.where(drawn, p * surprise, 0), axis=-1)


def jensen_shannon(
    p: Float[Array, "... V"], q: Float[Array, "... V"]
) -> Float[Array, "..."]:
    """JS(p, q): the mean KL of p and q from (p + q) / 2, in nats; at most log 2.

    Example:
        >>> p = jnp.array([[0.5, 0.5], [1.0, 0.0]])
        >>> q = jnp.array([[0.25, 0.75], [0.0, 1.0]])
        >>> print(jensen_shannon(p, q).round(4))
        [0.0338 0.6931]
    """
    middle = (p + q) / 2
    return (relative_entropy(p, middle) + relative_entropy(q, middle)) / 2


def total_variation(
    p: Float[Array, "... V"], q: Float[Array, "... V"]
) -> Float[Array, "..."]:
    """D_TV(p, q) = sum max(0, p - q) = 1 - sum min(p, q), in [0, 1].

    Computed as half of sum |p - q|, the same number for any two rows of equal mass.
    This form is symmetric to the last bit, and is 0 only where p and q are equal bit
    for bit; the sum of max(0, p - q) can also vanish by rounding, and the infinite ends
    of `opt` would then not be exact.

    Example:
        >>> print(total_variation(jnp.array([0.5, 0.5]), jnp.array([0.75, 0.25])))
        0.25
    """
    return jnp.sum(jnp.abs(p - q), axis=-1) / 2


def water_level(
    a: Float[Array, "... V"],
    b: Float[Array, "... V"],
    volume: Float[Array, "..."],
    start: float,
) -> Float[Array, "..."]:
    """The s <= start at which sum max(0, s a - b) equals `volume`.

    The sum is convex and grows with s, so Newton's method comes from the right, and the
    set of positive terms only shrinks on the way. Each step solves the equation for the
    current set, and the answer is exact up to rounding once the set repeats: usually
    after fewer than ten steps, each one pass over the vocabulary; nothing is sorted.

    Args:
        a: non-negative.
        b: of either sign.
        volume: at most the sum at `start`, or that is the answer.
        start: where the search begins. It ends early where no term with a > 0 is left.

    Example:
        0.5 s - 0.25 = 0.5 has the answer s = 1.5, where the second term is 0:

        >>> a, b = jnp.array([0.5, 0.5]), jnp.array([0.25, 0.75])
        >>> print(water_level(a, b, jnp.array(0.5), start=4.0))
        1.5
    """

    def step(state: tuple[Array, Array]) -> tuple[Array, Array]:
        level, _ = state
        wet = level[..., None] * a > b
        slope = jnp.sum(jnp.where(wet, a, 0), axis=-1)
        total = volume + jnp.sum(jnp.where(wet, b, 0), axis=-1)
        solved = jnp.where(slope > 0, total / jnp.where(slope > 0, slope, 1), level)
        lower = jnp.minimum(level, solved)
        return lower, jnp.any(lower < level)

    first = jnp.full(volume.shape, start, a.dtype)
    return lax.while_loop(lambda state: state[1], step, (first, jnp.array(True)))[0]


def largest_threshold(
    p: Float[Array, "... V"],
    enough: Callable[[Bool[Array, "... V"]], Bool[Array, "... 1"]],
) -> Bool[Array, "... V"]:
    """The tokens p >= t for the largest t at which these tokens are still `enough`.

    A non-negative float and its bit pattern, read as an integer, are in the same order.
    So t is found exactly by deciding its bits from the highest to the lowest (31 steps
    in float32), each by one pass over p: nothing is sorted. `enough` may only turn from
    True to False as t grows, and must be True for all tokens, False for none.

    Example:
        The two most probable tokens, and the one that ties with the second:

        >>> p = jnp.array([0.1, 0.5, 0.2, 0.2])
        >>> print(largest_threshold(p, lambda top: top.sum(-1, keepdims=True) >= 2))
        [False  True  True  True]
    """
    width = jnp.finfo(p.dtype).bits
    integer = jnp.dtype(f"int{width}")
    patterns = lax.bitcast_convert_type(p, integer)

    def decide_bit(step, threshold):
        bit = jnp.left_shift(jnp.ones((), integer), (width - 2 - step).astype(integer))
        candidate = threshold | bit
        return jnp.where(enough(patterns >= candidate), candidate, threshold)

    # The highest bit is the sign; it is 0.
    lowest = jnp.zeros((*p.shape[:-1], 1), integer)
    threshold = lax.fori_loop(jnp.int32(0), jnp.int32(width - 1), decide_bit, lowest)
    return patterns >= threshold


def inverse_cdf(
    p: Float[Array, "... V"], u: Float[Array, "..."]
) -> Int32[Array, "..."]:
    """The token that the uniform `u` draws from p.

    This is the first index with p > 0 whose running sum exceeds u times the total mass,
    and the last index with p > 0 where rounding leaves none. **A token with p = 0 is
    never returned**, for no u in [0, 1), with one exception: a row that is 0 everywhere
    gives index 0.

    The search has two levels, first over sums of 128 neighbouring entries, then inside
    the block that was found, so that no running sum is as long as the vocabulary. On
    both levels the condition p > 0 is there because a running sum in floating point is
    a tree of partial sums: it can fall from one index to the next, and can rise
    past the threshold where p is 0.

    Args:
        p: non-negative; a row need not sum to 1, which makes `p` any measure.
        u: in [0, 1), one value a row; converted to the dtype of p.

    Returns:
        Indices in [0, V).

    Example:
        >>> p = jnp.array([[0.0, 0.25, 0.75, 0.0]] * 4)
        >>> print(inverse_cdf(p, jnp.array([0.0, 0.24, 0.25, 0.99999994])))
        [1 1 2 2]
    """
    padding = [(0, 0)] * (p.ndim - 1) + [(0, -p.shape[-1] % _BLOCK)]
    blocks = jnp.pad(p, padding).reshape(*p.shape[:-1], -1, _BLOCK)
    mass = jnp.sum(blocks, axis=-1)
    running = jnp.cumsum(mass, axis=-1)
    threshold = u.astype(p.dtype) * running[..., -1]
    block = _first_past(mass, running, threshold)
    before = jnp.where(block > 0, at_token(running, jnp.maximum(block - 1, 0)), 0)
    inside = jnp.take_along_axis(blocks, block[..., None, None], axis=-2)[..., 0, :]
    offset = _first_past(inside, jnp.cumsum(inside, axis=-1), threshold - before)
    return block * _BLOCK + offset


def _first_past(
    mass: Float[Array, "... N"],
    running: Float[Array, "... N"],
    threshold: Float[Array, "..."],
) -> Int32[Array, "..."]:
    """First index with mass > 0 whose running sum is past, else last with mass > 0."""
    drawable = mass > 0
    last = jnp.max(jnp.where(drawable, _indices(mass), 0), axis=-1)
    past = drawable & (running > threshold[..., None])
    # Where `past` holds somewhere, its first index is never beyond `last`.
    return jnp.minimum(_first(past, otherwise=mass.shape[-1]), last)


def _first(condition: Bool[Array, "... N"], otherwise: int) -> Int32[Array, "..."]:
    """First index at which the condition holds, else `otherwise`."""
    return jnp.min(jnp.where(condition, _indices(condition), otherwise), axis=-1)


def _indices(x: Shaped[Array, "... N"]) -> Int32[Array, "... N"]:
    return lax.broadcasted_iota(jnp.int32, x.shape, x.ndim - 1)
