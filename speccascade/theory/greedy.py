"""Lemma 8: as the temperature falls to 0, OPT becomes Diff.

The reason is D_TV(q~, p~) -> 1[argmax q != argmax p] for the tempered q~ and p~, so
that alpha D_TV becomes alpha; where the argmaxes agree both answers are the same token.
The thresholds look at the *un-tempered* max q and max p.

How fast: every token but the mode has at most e^(-m/T) of the mode's probability, m
being the margin in log probability between the first and the second. So q~ is within
(V - 1) e^(-m_q/T) of its argmax in total variation, p~ likewise, and

    |D_TV(q~, p~) - 1[argmax q != argmax p]| <= (V - 1) (e^(-m_q/T) + e^(-m_p/T)).

This rate is ours; the paper states the limit. The same bound holds for the output's law
under OPT, measured from Diff's at temperature 0, wherever Diff's decision is further
from a tie than alpha times the bound.

Example: q = (.6, .4) has m = log 1.5; at T = .1 its mode has mass 1 / (1 + 1.5^-10) =
.983, and the bound is .017.
"""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float64

from speccascade.numerics import total_variation
from speccascade.rules.diff import Diff
from speccascade.rules.opt import Opt
from speccascade.rules.prefix import PrefixRule
from speccascade.rules.verify import law
from speccascade.sampling import Sampling, processed
from speccascade.theory.check import Check, Points, excess
from speccascade.theory.prefixes import Prefixes, draw, in_float64

_PREFIXES = 1000
_TEMPERATURES = np.geomspace(1, 0.01, 21)
_DRAWN = 18

PerPrefix = Float64[np.ndarray, " n"]


def tempered(
    f: Float64[np.ndarray, "n V"], temperature: float
) -> Float64[np.ndarray, "n V"]:
    """f at a temperature, as the engine draws from it; one-hot at 0."""

    def temper(f: jnp.ndarray) -> jnp.ndarray:
        rows = f.shape[:1]
        settings = Sampling(
            temperature=jnp.full(rows, temperature),
            top_k=jnp.zeros(rows, jnp.int32),
            top_p=jnp.ones(rows),
            min_p=jnp.zeros(rows),
        )
        return processed(jnp.log(f), settings)

    return in_float64(temper, f)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tempered:
    """Prefixes at one temperature, beside what thresholds look at.

    Attributes:
        gates: the un-tempered distributions.
        q, p: the tempered ones, f64[n, V].
        temperature: T, 0 for greedy.
    """

    gates: Prefixes
    q: Float64[np.ndarray, "n V"]
    p: Float64[np.ndarray, "n V"]
    temperature: float

    @classmethod
    def of(cls, prefixes: Prefixes, temperature: float) -> "Tempered":
        q, p = (tempered(f, temperature) for f in (prefixes.q, prefixes.p))
        return cls(gates=prefixes, q=q, p=p, temperature=temperature)

    def distance(self) -> PerPrefix:
        """D_TV(q~, p~)."""
        return in_float64(total_variation, self.q, self.p)

    def law(self, rule: PrefixRule, alpha: PerPrefix) -> Float64[np.ndarray, "n V"]:
        """What the output follows under the rule."""
        greedy = np.full(alpha.shape, self.temperature == 0)
        gates = self.gates.q, self.gates.p
        m = in_float64(rule.measure, self.q, self.p, *gates, alpha, greedy)
        return in_float64(law, self.q, self.p, m)


def rate(prefixes: Prefixes, temperature: float) -> PerPrefix:
    """(V - 1) (e^(-m_q/T) + e^(-m_p/T)), for T > 0."""

    def of_one(f: np.ndarray) -> np.ndarray:
        second, first = np.moveaxis(np.sort(np.log(f), axis=-1)[..., -2:], -1, 0)
        return np.exp(-(first - second) / temperature)

    return (prefixes.q.shape[-1] - 1) * (of_one(prefixes.q) + of_one(prefixes.p))


def check(rng: np.random.Generator) -> Check:
    """D_TV and OPT's law at falling temperatures, and at 0, where they are the limit.

    Control: OPT whose thresholds look at the tempered distributions.
    """
    prefixes, alpha = draw(rng, _PREFIXES), rng.uniform(-0.5, 0.5, _PREFIXES)
    differ = np.argmax(prefixes.q, axis=-1) != np.argmax(prefixes.p, axis=-1)
    greedy = Tempered.of(prefixes, 0.0)
    limit = greedy.law(Diff(), alpha)
    violation = max(
        excess(np.abs(greedy.distance() - differ), np.zeros(_PREFIXES)),
        excess(_distance(greedy.law(Opt(), alpha), limit), np.zeros(_PREFIXES)),
    )
    gaps, control, tried = [], 0.0, 2 * _PREFIXES
    for temperature in _TEMPERATURES:
        here, bound = Tempered.of(prefixes, temperature), rate(prefixes, temperature)
        gap = np.abs(here.distance() - differ)
        decided = ~differ | (_margin(prefixes, alpha) > np.abs(alpha) * bound)
        of_law = _distance(here.law(Opt(), alpha), limit)
        wrong = dataclasses.replace(here, gates=_as_gates(here))
        of_wrong = _distance(wrong.law(Opt(), alpha), limit)
        violation = max(violation, excess(gap, bound))
        violation = max(violation, excess(of_law[decided], bound[decided]))
        control = max(control, excess(of_wrong[decided], bound[decided]))
        tried += _PREFIXES + int(np.sum(decided))
        gaps.append(gap)
    return Check(
        name="Lemma 8",
        statement="|D_TV(q~, p~) - 1[modes differ]| <= (V-1)(e^(-m_q/T) + e^(-m_p/T))",
        instances=tried,
        violation=violation,
        control="tempered thresholds",
        control_violation=control,
        points=_points(np.stack(gaps, axis=-1), differ),
    )


def _distance(
    a: Float64[np.ndarray, "n V"], b: Float64[np.ndarray, "n V"]
) -> PerPrefix:
    return in_float64(total_variation, a, b)


def _margin(prefixes: Prefixes, alpha: PerPrefix) -> PerPrefix:
    """How far Diff is from a tie."""
    return np.abs(np.max(prefixes.p, axis=-1) - np.max(prefixes.q, axis=-1) - alpha)


def _as_gates(here: Tempered) -> Prefixes:
    return Prefixes(P=here.gates.P, q=here.q, p=here.p)


def _points(
    gaps: Float64[np.ndarray, "n t"], differ: Bool[np.ndarray, " n"]
) -> tuple[Points, ...]:
    """Some prefixes of either kind, a line each, down to where rounding begins."""
    lines = []
    for label, chosen in (("modes agree", ~differ), ("modes differ", differ)):
        for gap in gaps[chosen][:_DRAWN]:
            seen = gap > np.finfo(float).eps
            lines.append(Points(label=label, x=_TEMPERATURES[seen], y=gap[seen]))
    return tuple(lines)
