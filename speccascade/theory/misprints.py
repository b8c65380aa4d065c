"""Three formulas that the paper prints wrongly, and how wrong they are as printed.

The lemmas themselves stand. Read literally,

- the proof of Lemma 3 has min(0, p - q) for max(0, p - q) once: that is -D_TV;
- App. A.5, the proof of Lemma 5, exchanges max p and max q in its later displays. The
  term (r_OPT - r*) (max q + alpha D_TV - max p) is at most 0, since r_OPT = 1 exactly
  where the bracket is negative; with the two exchanged it is not;
- App. C.1 recalls Lemma 1 (the sequential cascade, whose price is alpha) with a stray
  alpha D_TV, which does not minimise L_def.
"""

import dataclasses

import numpy as np
from jaxtyping import Float64

from speccascade.numerics import total_variation
from speccascade.rules.opt import Opt
from speccascade.theory.check import ROUNDING
from speccascade.theory.losses import Losses, zero_one
from speccascade.theory.prefixes import deferral, draw, in_float64

_PREFIXES = 20_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Misprint:
    """A formula as printed.

    Attributes:
        place: in arXiv v2.
        printed: the formula.
        failing: share of random prefixes at which it fails.
        largest: the most by which it fails.
        corrected: the most by which the corrected one fails.
    """

    place: str
    printed: str
    failing: float
    largest: float
    corrected: float


def as_printed(seed: int = 0) -> tuple[Misprint, ...]:
    """All three on the same random prefixes."""
    rng = np.random.default_rng(seed)
    prefixes = draw(rng, _PREFIXES)
    P, q, p = prefixes.P, prefixes.q, prefixes.p
    alpha = rng.uniform(0, 1, _PREFIXES)
    tv = in_float64(total_variation, p, q)

    best = Losses.speculative(prefixes, alpha, zero_one).optimum()
    # r_OPT - r*
    wrong = deferral(Opt(), prefixes, alpha).astype(float) - best
    max_q, max_p = np.max(q, axis=-1), np.max(p, axis=-1)

    sequential = Losses(kept=zero_one(P, q), deferred=zero_one(P, p), price=alpha)
    stray = dataclasses.replace(sequential, price=alpha * tv).optimum()
    return (
        _misprint(
            "Lemma 3, proof",
            "sum_v min(0, p - q) = D_TV(p, q)",
            np.abs(np.sum(np.minimum(0, p - q), axis=-1) - tv),
            np.abs(np.sum(np.maximum(0, p - q), axis=-1) - tv),
        ),
        _misprint(
            "App. A.5",
            "(r_OPT - r*) (max p + alpha D_TV - max q) <= 0",
            wrong * (max_p + alpha * tv - max_q),
            wrong * (max_q + alpha * tv - max_p),
        ),
        _misprint(
            "App. C.1",
            "Eq. (9) minimises L_def of Eq. (3)",
            sequential.regret(stray),
            sequential.regret(sequential.optimum()),
        ),
    )


def _misprint(
    place: str,
    printed: str,
    literal: Float64[np.ndarray, " n"],
    corrected: Float64[np.ndarray, " n"],
) -> Misprint:
    """From what should be at most 0, as printed and as corrected."""
    return Misprint(
        place=place,
        printed=printed,
        failing=float(np.mean(literal > ROUNDING)),
        largest=float(np.max(literal)),
        corrected=max(0.0, float(np.max(corrected))),
    )
