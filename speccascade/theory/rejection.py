"""Lemma 3: a cascade that defers by r rejects its draft with probability r D_TV(p, q).

For the measure m = (1 - r) q + r p, Eq. (6), a drafted token v is rejected with
probability 1 - min(1, m(v)/q(v)), so that

    P(rejected) = sum_v q(v) (1 - min(1, m(v)/q(v))) = sum_v max(0, m - q)
                = D_TV(m, q) = r D_TV(p, q).

The proof prints min(0, p - q) once in place of the maximum, which would be -D_TV.

The left side below is the test that the engine makes, token by token; the right side is
`numerics.total_variation`. Example: q = (.5, .5), p = (.25, .75), r = 1: token 0 is
rejected with probability .5 and token 1 never, in all .25 = D_TV(p, q).
"""

import numpy as np
from jaxtyping import Float64

from speccascade.numerics import total_variation
from speccascade.rules import RULES
from speccascade.rules.base import Rule
from speccascade.rules.prefix import PrefixRule
from speccascade.rules.verify import keep_probability
from speccascade.theory.check import Check, Points
from speccascade.theory.prefixes import Prefixes, deferral, draw, in_float64

_PREFIXES = 4000
_DRAWN = 40  # points of each rule
_TOKEN_RULE = RULES["token_v3"]


def rejected(
    rule: Rule, prefixes: Prefixes, alpha: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """sum_v q(v) (1 - keep(v)): how often Alg. 4 rejects a draft under the rule."""
    q, p = prefixes.q, prefixes.p
    m = in_float64(rule.measure, q, p, q, p, alpha, np.zeros(alpha.shape, bool))
    tokens = range(q.shape[-1])
    kept = [in_float64(keep_probability, q, m, np.full(len(q), v)) for v in tokens]
    return np.sum(q * (1 - np.stack(kept, axis=-1)), axis=-1)


def lemma_3(
    r: Float64[np.ndarray, " n"], prefixes: Prefixes
) -> Float64[np.ndarray, " n"]:
    """r D_TV(p, q), r being 0 or 1."""
    return r * in_float64(total_variation, prefixes.p, prefixes.q)


def check(rng: np.random.Generator) -> Check:
    """Lemma 3 for every rule that decides for a whole slot, cut distributions included.

    Control: a token rule, charged the share of drafts that it defers times D_TV(p, q).
    """
    violation, points = 0.0, []
    prefix_rules = [rule for rule in RULES.values() if isinstance(rule, PrefixRule)]
    for rule in prefix_rules:
        prefixes = draw(rng, _PREFIXES, cut=True)
        # Within every rule's range, and where each rule has both answers.
        alpha = rng.uniform(0, 1, _PREFIXES)
        found = rejected(rule, prefixes, alpha)
        r = deferral(rule, prefixes, alpha)
        stated = lemma_3(r.astype(float), prefixes)
        violation = max(violation, float(np.max(np.abs(found - stated))))
        shown = np.flatnonzero(r)[:_DRAWN]
        points.append(Points(label=rule.name, x=stated[shown], y=found[shown]))

    prefixes, alpha = draw(rng, _PREFIXES), rng.uniform(0, 1, _PREFIXES)
    found = rejected(_TOKEN_RULE, prefixes, alpha)
    stated = lemma_3(_share_deferred(prefixes, alpha), prefixes)
    return Check(
        name="Lemma 3",
        statement="P(rejected) = r D_TV(p, q)",
        instances=len(prefix_rules) * _PREFIXES,
        violation=violation,
        control="a token rule (TokenV3)",
        control_violation=float(np.max(np.abs(found - stated))),
        points=tuple(points),
    )


def _share_deferred(
    prefixes: Prefixes, alpha: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """eta = sum_v r(v) q(v) of the token rule."""
    q, p, greedy = prefixes.q, prefixes.p, np.zeros(alpha.shape, bool)
    deferred = [
        in_float64(_TOKEN_RULE.defers, q, p, q, p, alpha, greedy, np.full(len(q), v))
        for v in range(q.shape[-1])
    ]
    return np.sum(q * np.stack(deferred, axis=-1), axis=-1)
