"""How sure the drafter is of a whole answer: one number from its tokens' probabilities.

An answer of n tokens, the end token among them, whose probabilities under the drafter
are q_1 to q_n, is given a score in [0, 1]:

    probability   q_1 q_2 ... q_n, Eq. (1) as it is printed
    mean          its n-th root: the geometric mean, the same for long answers and short
    quantile      a quantile of q_1 to q_n (Gupta et al. 2024), 0 the least probable
                  token, 0.5 the median; between two tokens it is interpolated

**Limit.** The printed score falls with every token. At n = 30 and a geometric mean of
0.5 it is 1e-9, below the resolution of 1 - alpha in float32 (6e-8), so that alpha = 1
and any other threshold are the drafter alone and the target alone. The other two scores
do not depend on length.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from speccascade.engine.request import Execution


def sequence_score(
    execution: Execution, log_q: Float[Array, "B T"], lengths: Int[Array, " B"]
) -> Float[Array, " B"]:
    """The score that `execution.score` names, one a row.

    Args:
      execution: of kind "sequence_cascade".
      log_q: log probability of each token; what follows an answer is not read.
      lengths: of the answers, at least 1.

    Example:
        >>> from speccascade.rules import RULES
        >>> log_q = jnp.log(jnp.array([[0.5, 0.125, 1.0]]))
        >>> for score in ("probability", "mean", "quantile"):
        ...     asked = Execution(
        ...         kind="sequence_cascade", rule=RULES["chow"], score=score
        ...     )
        ...     print(sequence_score(asked, log_q, jnp.array([2])))
        [0.0625]
        [0.25]
        [0.3125]
    """
    inside = jnp.arange(log_q.shape[1])[None, :] < lengths[:, None]
    if execution.score == "quantile":
        return _quantile(log_q, inside, lengths, execution.quantile)
    total = jnp.sum(jnp.where(inside, log_q, 0), axis=1)
    if execution.score == "mean":
        total = total / lengths.astype(total.dtype)
    return jnp.exp(total)


def _quantile(
    log_q: Float[Array, "B T"],
    inside: Bool[Array, "B T"],
    lengths: Int[Array, " B"],
    quantile: float,
) -> Float[Array, " B"]:
    """By counting who is below whom: T is short, and programs that decode do not sort.

    Example: three tokens of ranks 0 to 2, and the median between none of them:

        >>> log_q = jnp.log(jnp.array([[0.5, 0.125, 0.25, 1.0]]))
        >>> inside = jnp.array([[True, True, True, False]])
        >>> print(_quantile(log_q, inside, jnp.array([3]), 0.5))
        [0.25]
    """
    position = jnp.arange(log_q.shape[1])
    values = jnp.where(inside, jnp.exp(log_q), jnp.inf)
    one, other = values[:, :, None], values[:, None, :]
    earlier = position[None, None, :] < position[None, :, None]
    rank = jnp.sum((other < one) | ((other == one) & earlier), axis=2)
    place = quantile * (lengths - 1).astype(values.dtype)
    low = jnp.floor(place)

    def of_rank(wanted: Float[Array, " B"]) -> Float[Array, " B"]:
        here = inside & (rank == wanted[:, None].astype(rank.dtype))
        return jnp.sum(jnp.where(here, values, 0), axis=1)

    share = place - low
    return (1 - share) * of_rank(low) + share * of_rank(jnp.ceil(place))
