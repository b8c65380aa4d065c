"""Lemmas 5 and 7: what OPT and OPTLog lose for not knowing P.

They put the models' own estimates in place of the expected losses. At any prefix

    L_spec(OPT) - min_r L_spec(r) <= max_v |P - q| + max_v |P - p|,
    L_spec(OPTLog) - min_r L_spec(r) <= B_q sum_v |P - q| + B_p sum_v |P - p|

for l_01 (Lemma 5) and for l_log (Lemma 7), where B_q and B_p are the largest |log q(v)|
and |log p(v)|.

Lemma 5's bound is attained. With P = (1, 0), q = (.5 - e, .5 + e), p = (.5 + e, .5 - e)
and alpha = 0 OPT sees a tie and keeps q, which is wrong for certain, where p is right:
the regret is 1, and the bound (.5 + e) + (.5 - e).

Lemma 7's is not, and can be halved. Its proof bounds sum (P - q)(-log q) by B_q
sum |P - q|; but P - q sums to 0, so that any constant may be taken from -log q first.
The middle of its range leaves half the range in place of B_q:

    regret <= (R_q sum_v |P - q| + R_p sum_v |P - p|) / 2,   R = max |log| - min |log|.

This is ours and not the paper's.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float64

from speccascade.rules.diff import Diff
from speccascade.rules.opt import Opt, OptLog
from speccascade.theory.check import ROUNDING, Check, Points, excess
from speccascade.theory.losses import Losses, log_loss, zero_one
from speccascade.theory.prefixes import Prefixes, deferral, draw

_PREFIXES = 100_000
_DRAWN = 400
# A ratio of two numbers near 0 is noise.
_LEAST_BOUND = 1e-3

PerPrefix = Float64[np.ndarray, "*n"]


def lemma_5(prefixes: Prefixes) -> PerPrefix:
    """max_v |P - q| + max_v |P - p|."""
    P, q, p = prefixes.P, prefixes.q, prefixes.p
    return np.max(np.abs(P - q), axis=-1) + np.max(np.abs(P - p), axis=-1)


def lemma_7(prefixes: Prefixes) -> PerPrefix:
    """B_q sum_v |P - q| + B_p sum_v |P - p|; q and p must be positive."""
    return _weighted(prefixes, lambda f: np.max(-np.log(f), axis=-1))


def lemma_7_halved(prefixes: Prefixes) -> PerPrefix:
    """(R_q sum_v |P - q| + R_p sum_v |P - p|) / 2; q and p must be positive."""
    return _weighted(prefixes, lambda f: np.ptp(np.log(f), axis=-1) / 2)


def _weighted(
    prefixes: Prefixes, weight: Callable[[np.ndarray], np.ndarray]
) -> PerPrefix:
    P, q, p = prefixes.P, prefixes.q, prefixes.p
    of_q = weight(q) * np.sum(np.abs(P - q), axis=-1)
    of_p = weight(p) * np.sum(np.abs(P - p), axis=-1)
    return of_q + of_p


def check_5(rng: np.random.Generator) -> Check:
    """Lemma 5 for thresholds of either sign, half of the prefixes being cut.

    The proof does not need alpha >= 0, and sweeps use negative thresholds too. Control:
    Diff in place of OPT.
    """
    violation = tightness = control = 0.0
    points = []
    for cut in (False, True):
        prefixes = draw(rng, _PREFIXES // 2, cut=cut)
        alpha = rng.uniform(-1, 2, _PREFIXES // 2)
        losses = Losses.speculative(prefixes, alpha, zero_one)
        bound = lemma_5(prefixes)
        regret = losses.regret(deferral(Opt(), prefixes, alpha))
        of_diff = losses.regret(deferral(Diff(), prefixes, alpha))
        violation = max(violation, excess(regret, bound))
        control = max(control, excess(of_diff, bound))
        tightness = max(tightness, _tightness(regret, bound))
        points += [
            _scatter("opt", bound, regret, regret > 0),
            _scatter("diff", bound, of_diff, of_diff > bound + ROUNDING),
        ]
    return Check(
        name="Lemma 5",
        statement="regret of OPT <= max|P - q| + max|P - p|",
        instances=_PREFIXES,
        violation=violation,
        tightness=tightness,
        control="Diff in place of OPT",
        control_violation=control,
        points=tuple(points),
    )


def check_7(rng: np.random.Generator) -> tuple[Check, Check]:
    """Lemma 7, and our half of its bound.

    Control: deferring always, as lossless speculative decoding does.
    """
    prefixes = draw(rng, _PREFIXES)
    # Log losses differ by several nats; beyond 8 OPTLog defers hardly anything.
    alpha = rng.uniform(-1, 8, _PREFIXES)
    losses = Losses.speculative(prefixes, alpha, log_loss)
    regret = losses.regret(deferral(OptLog(), prefixes, alpha))
    always = losses.regret(np.ones(_PREFIXES, bool))
    found = []
    for name, statement, bound in (
        ("Lemma 7", "regret of OPTLog <= B_q |P - q| + B_p |P - p|", lemma_7(prefixes)),
        (
            "Lemma 7, our half",
            "regret of OPTLog <= (R_q |P - q| + R_p |P - p|) / 2",
            lemma_7_halved(prefixes),
        ),
    ):
        one = Check(
            name=name,
            statement=statement,
            instances=_PREFIXES,
            violation=excess(regret, bound),
            tightness=_tightness(regret, bound),
            control="deferring always",
            control_violation=excess(always, bound),
            points=(_scatter("opt_log", bound, regret, regret > 0),),
        )
        found.append(one)
    return found[0], found[1]


def _tightness(regret: PerPrefix, bound: PerPrefix) -> float:
    """The largest regret over bound."""
    enough = bound > _LEAST_BOUND
    return float(np.max(regret[enough] / bound[enough]))


def _scatter(
    label: str, bound: PerPrefix, regret: PerPrefix, chosen: Bool[np.ndarray, " n"]
) -> Points:
    """The first of the chosen prefixes."""
    shown = np.flatnonzero(chosen)[:_DRAWN]
    return Points(label=label, x=bound[shown], y=regret[shown])
