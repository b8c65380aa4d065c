"""Where the drafter stops by itself: what its q at a slot says before a token is drawn.

A test is given the two forms of q and no token. To stop because of a token that is then
thrown away would bias what is written: the draws that would have kept the drafter going
are gone from those that follow.

Example: where max q = 0.6, a fallback of 0.3 stops and one of 0.4, a tie, does not:

    >>> q = jnp.array([0.6, 0.4])
    >>> print([bool(unsure(fallback)(q, q)) for fallback in (0.3, 0.4)])
    [True, False]
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from speccascade.engine.request import Rows
from speccascade.rules import Rule
from speccascade.rules.prefix import PrefixRule

# From q and gate_q, float32[B, V] each, whether each row asks for the target, bool[B].
Asks = Callable[[jax.Array, jax.Array], jax.Array]


def unsure(fallback: float) -> Asks:
    """Asks where max q < 1 - fallback: the fallback of BiLD, Chow with a fixed alpha.

    Args:
      fallback: alpha_f, in [0, 1].
    """

    def asks(q: jax.Array, gate_q: jax.Array) -> jax.Array:
        return jnp.max(gate_q, axis=-1) < 1 - fallback

    return asks


def deferred(rule: Rule | None, rows: Rows) -> Asks:
    """Asks where the rule defers, at each row's own threshold.

    Args:
      rule: one that decides for whole slots and reads q alone, as `Execution` makes
        sure.
      rows: their thresholds and temperatures.
    """
    assert isinstance(rule, PrefixRule)

    def asks(q: jax.Array, gate_q: jax.Array) -> jax.Array:
        # There is no p yet; q stands in its place, and the rule does not read it.
        return rule.r(q, q, gate_q, gate_q, rows.alpha, rows.sampling.greedy)

    return asks
