"""Accept, reject, resample: one step of Alg. 4 for any rule.

A token x was drawn from q. With the measure m of a rule at the same slot:

1. x is kept with probability min(1, m(x)/q(x));
2. otherwise a token is drawn from the residual norm((m - q)+);
3. so the output follows the law min(q, m) + rho norm((m - q)+), where rho = 1 - sum
   min(q, m) is the probability of a rejection.

If m sums to 1 then rho = sum (m - q)+ and the law is m itself: this is what makes a
rule that only states a measure exact. If m does not (`lossy`), the law is still the one
written here.

A rule may give a `Coupling` in place of m: keep(x) and a residual of its own. The law
is then q keep + sum_x q(x) (1 - keep(x)) norm(residual_x), of which the one above is
the case keep = min(1, m/q), residual = (m - q)+.

The engine calls these functions in float32, the tests the very same ones in float64.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from speccascade.numerics import at_token, safe_normalise
from speccascade.rules.base import Coupling, Distribution, Token


def keep_probability(
    q: Distribution, m: Distribution | Coupling, token: Token
) -> Float[Array, "..."]:
    """Probability that each drafted token is kept: min(1, m(x)/q(x)).

    Args:
        q: the distribution that the token was really drawn from.
        m: the rule's measure at the same slot, or its coupling.
        token: drafted ids. A token of q(x) = 0 cannot have been drawn; padding may hold
            one, and gets 1.

    Returns:
        Values in [0, 1]; exactly 1 wherever m(x) >= q(x).

    Example:
        >>> q, m = jnp.array([[0.5, 0.5]] * 2), jnp.array([[0.8, 0.2]] * 2)
        >>> print(keep_probability(q, m, jnp.array([0, 1])))
        [1.  0.4]
    """
    if isinstance(m, Coupling):
        return at_token(m.keep, token)
    q_x, m_x = at_token(q, token), at_token(m, token)
    covered = m_x >= q_x
    return jnp.where(covered, 1, m_x / jnp.where(covered, 1, q_x))


def residual(
    q: Distribution, p: Distribution, m: Distribution | Coupling, token: Token
) -> Distribution:
    """The distribution of what replaces the rejected `token`: norm((m - q)+).

    The same for every token, unless a coupling says otherwise.

    Where (m - q)+ is 0 everywhere no draft should have been rejected, but a uniform can
    still fall into a gap left by rounding. The draw is then from norm(m), or from p if
    m is 0 as well; the law says the same. A coupling has no m: the draw is from p.

    Example:
        >>> q, p = jnp.array([0.5, 0.5]), jnp.array([0.8, 0.2])
        >>> print(residual(q, p, m=p, token=jnp.array(1)))
        [1. 0.]
    """
    if isinstance(m, Coupling):
        return m.residual(q, p, token)
    return _of_measure(q, p, m)


def rejection_probability(
    q: Distribution, m: Distribution | Coupling
) -> Float[Array, "..."]:
    """rho = 1 - sum q keep, the probability that a draft from q is rejected.

    Of a measure it is 1 - sum min(q, m), computed as sum (q - m)+, so that it is
    exactly 0 where nothing is clipped. It is D_TV(m, q) only if m sums to 1.

    Example:
        >>> print(rejection_probability(jnp.array([0.75, 0.25]), jnp.array([0.5, 0.5])))
        0.25
    """
    if isinstance(m, Coupling):
        return jnp.sum(q * (1 - m.keep), axis=-1)
    return jnp.sum(jnp.maximum(q - m, 0), axis=-1)


def law(q: Distribution, p: Distribution, m: Distribution | Coupling) -> Distribution:
    """What the output follows: min(q, m) + rho norm((m - q)+).

    It equals m where m sums to 1. Bonus tokens and the oracle execution draw from it.

    Example:
        Lossy with alpha = 0.2; m sums to 1.125, and the law is not m / 1.125:

        >>> q, p = jnp.array([0.8, 0.2]), jnp.array([0.5, 0.5])
        >>> m = jnp.array([0.625, 0.5])
        >>> print(law(q, p, m), rejection_probability(q, m).round(4))
        [0.625 0.375] 0.175
    """
    if isinstance(m, Coupling):
        return m.law(q, p)
    rejected = rejection_probability(q, m)[..., None]
    return jnp.minimum(q, m) + rejected * _of_measure(q, p, m)


def _of_measure(q: Distribution, p: Distribution, m: Distribution) -> Distribution:
    return safe_normalise(jnp.maximum(m - q, 0), safe_normalise(m, p))
