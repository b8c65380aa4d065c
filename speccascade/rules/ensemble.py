"""Mixture: follow both models at once, in fixed proportions."""

import dataclasses

import jax.numpy as jnp

from speccascade.numerics import one_hot_argmax
from speccascade.rules.base import Distribution, Flag, Rule, Threshold, per_slot


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ensemble(Rule):
    """m = (1 - alpha) p + alpha q: alpha is the drafter's weight, for every slot.

    The static ensemble, the simplest measure between the models. It has no r, and
    rejects (1 - alpha) D_TV(p, q) of the drafts. (m - q)+ is (1 - alpha) (p - q)+, so
    the residual is the lossless one.

    Its other name `cos` stands for the first half of CoS (Fu et al., "Fast Large
    Language Model Collaborative Decoding via Speculation", ICML 2025), arXiv
    2502.01662: drafts are tested against the models' combined distribution, which the
    output then follows exactly. For a weighted ensemble that test is this rule's,
    min(1, (l p(x) + (1 - l) q(x)) / q(x)) with l = 1 - alpha. The second half of CoS,
    in which the models take turns as proposer and verifier, and its contrastive
    decoding are not here.

    alpha = 0 is lossless, alpha = 1 keeps everything.

    At temperature 0 a mixture of one-hots would still be random. What is greedy is the
    argmax of the mixed gates, which may be a third token that neither model prefers.

    Example:
        >>> q, p = jnp.array([1.0, 0.0]), jnp.array([0.5, 0.5])
        >>> print(Ensemble().measure(q, p, q, p, jnp.array(0.25), jnp.array(False)))
        [0.625 0.375]
    """

    name = "ensemble"
    formula = r"(1 - \alpha)\, p(v) + \alpha\, q(v)"
    alpha_range = (0.0, 1.0)
    lossless_end = 0.0
    drafter_end = 1.0
    gates = frozenset({"q", "p"})

    def measure(
        self,
        q: Distribution,
        p: Distribution,
        gate_q: Distribution,
        gate_p: Distribution,
        alpha: Threshold,
        greedy: Flag,
    ) -> Distribution:
        weight = per_slot(alpha, q)
        mixed = one_hot_argmax((1 - weight) * gate_p + weight * gate_q)
        # At its ends the rule follows one model, also in how that model breaks ties.
        at_zero = per_slot(greedy, q) & (weight > 0) & (weight < 1)
        return jnp.where(at_zero, mixed, (1 - weight) * p + weight * q)
