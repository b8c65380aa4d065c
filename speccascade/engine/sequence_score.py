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
from jaxtyping import Array, Float, Int

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
        tokens = jnp.where(inside, jnp.exp(log_q), jnp.nan)
        return jnp.nanquantile(tokens, execution.quantile, axis=1)
    total = jnp.sum(jnp.where(inside, log_q, 0), axis=1)
    if execution.score == "mean":
        total = total / lengths.astype(total.dtype)
    return jnp.exp(total)
