"""What a deferral rule is to minimise, Eq. (8), prefix by prefix.

    L_spec(r) = E_{v~P}[(1 - r) l(v, q) + r (l(v, p) + alpha D_TV(p, q))]

A deferral costs the target model's loss and, at the price alpha, the rejections that it
brings (Lemma 3). With the price alpha alone it is L_def of a sequential cascade, Eq.
(3). Example, l_01 and alpha = .5: P = p = (.2, .8) and q = (.6, .4) have D_TV = .4 and

    kept = 1 - P(0) = .8,  deferred = 1 - P(1) = .2,  price = .2,
    L_spec(0) = .8,  L_spec(1) = .4,  r* = 1.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float64

from speccascade.numerics import cross_entropy, total_variation
from speccascade.theory.prefixes import Prefixes, in_float64

PerPrefix = Float64[np.ndarray, "*n"]
# l(P, f): the expected loss of predicting with f where tokens follow P. With f in the
# place of P it is the plug-in estimate: 1 - max f, or the entropy of f.
ExpectedLoss = Callable[[np.ndarray, np.ndarray], np.ndarray]


def zero_one(
    P: Float64[np.ndarray, "*n V"], f: Float64[np.ndarray, "*n V"]
) -> PerPrefix:
    """E_{v~P} 1[v != argmax f] = 1 - P(argmax f); of several modes the first.

    Example:
        >>> print(zero_one(np.array([0.2, 0.8]), np.array([0.6, 0.4])))
        0.8
    """
    mode = np.argmax(f, axis=-1)[..., None]
    return np.asarray(1 - np.take_along_axis(P, mode, axis=-1)[..., 0])


def log_loss(
    P: Float64[np.ndarray, "*n V"], f: Float64[np.ndarray, "*n V"]
) -> PerPrefix:
    """E_{v~P} -log f(v), in nats; infinite where P holds a token that f excludes."""
    return in_float64(cross_entropy, P, f)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Losses:
    """What either answer costs at each prefix, f64[...].

    Attributes:
        kept: E l(v, q), where r = 0.
        deferred: E l(v, p), where r = 1.
        price: of a deferral: alpha D_TV(p, q) in L_spec, alpha in L_def.
    """

    kept: PerPrefix
    deferred: PerPrefix
    price: PerPrefix

    @classmethod
    def speculative(
        cls, prefixes: Prefixes, alpha: PerPrefix, loss: ExpectedLoss
    ) -> "Losses":
        """Of L_spec, under the true P."""
        return cls(
            kept=loss(prefixes.P, prefixes.q),
            deferred=loss(prefixes.P, prefixes.p),
            price=alpha * in_float64(total_variation, prefixes.p, prefixes.q),
        )

    @classmethod
    def estimated(
        cls, prefixes: Prefixes, alpha: PerPrefix, loss: ExpectedLoss
    ) -> "Losses":
        """Of L_spec with each model's own estimate of its loss, as decoding has it."""
        return cls(
            kept=loss(prefixes.q, prefixes.q),
            deferred=loss(prefixes.p, prefixes.p),
            price=alpha * in_float64(total_variation, prefixes.p, prefixes.q),
        )

    def of(self, r: Bool[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
        """The loss of the rule at each prefix; r may have leading axes of its own."""
        return np.where(r, self.deferred + self.price, self.kept)

    def optimum(self) -> Bool[np.ndarray, "*n"]:
        """r* = 1 iff E l(v, q) > E l(v, p) + price: Lemmas 1 and 4, Eq. (9)."""
        return self.kept > self.deferred + self.price

    def regret(self, r: Bool[np.ndarray, "*n"]) -> PerPrefix:
        """L(r) less the smaller of L(0) and L(1): there is no third rule."""
        return self.of(r) - np.minimum(self.kept, self.deferred + self.price)
