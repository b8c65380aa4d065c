"""Lemma 4: no deferral rule has a smaller L_spec than r*, shown by trying all of them.

On n prefixes there are 2^n rules. Two statements are tried against each of them:

1. r* = 1 iff E l(v, q) > E l(v, p) + alpha D_TV(p, q), Eq. (9), minimises L_spec;
2. OPT, Eq. (10), and OPTLog, Eq. (26), minimise L_spec as the models estimate it: with
   1 - max q for E l_01(v, q), H(q) for E l_log(v, q), and so on.

How much worse OPT can be under the true P is Lemma 5 (`regret.py`).
"""

import numpy as np
from jaxtyping import Bool

from speccascade.rules.diff import Diff, DiffLog
from speccascade.rules.opt import Opt, OptLog
from speccascade.rules.prefix import PrefixRule
from speccascade.theory.check import Check, Points
from speccascade.theory.losses import ExpectedLoss, Losses, log_loss, zero_one
from speccascade.theory.prefixes import deferral, draw

_SETS, _PREFIXES = 200, 10
_DRAWN_PREFIXES, _DRAWN_ALPHAS, _DRAWN_HIGHEST = 6, 101, 1.5
# Loss, the rule that is optimal for its estimate, and the rule of sequential cascades.
_KINDS: tuple[tuple[ExpectedLoss, PrefixRule, PrefixRule], ...] = (
    (zero_one, Opt(), Diff()),
    (log_loss, OptLog(), DiffLog()),
)


def every_rule(prefixes: int) -> Bool[np.ndarray, "rules n"]:
    """All 2^n rules on n prefixes, one a row; the first never defers.

    Example:
        >>> print(every_rule(2).astype(int).tolist())
        [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    numbers = np.arange(2**prefixes)[:, None]
    return (numbers >> np.arange(prefixes) & 1).astype(bool)


def above_minimum(losses: Losses, r: Bool[np.ndarray, " n"]) -> float:
    """L(r) less the least loss of the 2^n rules, both as means over the n prefixes."""
    least = np.min(np.mean(losses.of(every_rule(len(r))), axis=-1))
    return float(np.mean(losses.of(r)) - least)


def check(rng: np.random.Generator) -> Check:
    """Both statements on many sets of prefixes, for l_01 and l_log.

    Control: Diff and DiffLog in place of OPT and OPTLog.
    """
    violation = control_violation = 0.0
    for _ in range(_SETS):
        prefixes = draw(rng, _PREFIXES)
        alpha = np.full(_PREFIXES, rng.uniform(0, 2))
        for loss, optimal, wrong in _KINDS:
            true = Losses.speculative(prefixes, alpha, loss)
            estimated = Losses.estimated(prefixes, alpha, loss)
            violation = max(
                violation,
                above_minimum(true, true.optimum()),
                above_minimum(estimated, deferral(optimal, prefixes, alpha)),
            )
            of_wrong = above_minimum(estimated, deferral(wrong, prefixes, alpha))
            control_violation = max(control_violation, of_wrong)
    return Check(
        name="Lemma 4",
        statement="L_spec(r*) = min of all 2^n rules",
        instances=2 * len(_KINDS) * _SETS * 2**_PREFIXES,
        violation=violation,
        control="Diff in place of OPT",
        control_violation=control_violation,
        points=_points(rng),
    )


def _points(rng: np.random.Generator) -> tuple[Points, ...]:
    """The estimated L_spec (l_01) of all rules on a few prefixes, against alpha."""
    prefixes = draw(rng, _DRAWN_PREFIXES)

    def losses(alphas: np.ndarray, rules: list[np.ndarray]) -> np.ndarray:
        """Means over the prefixes; row i is of `rules[i]`, one r for each alpha."""
        found = []
        for alpha, *here in zip(alphas, *rules, strict=True):
            each = np.full(_DRAWN_PREFIXES, alpha)
            estimated = Losses.estimated(prefixes, each, zero_one)
            found.append(np.mean(estimated.of(np.stack(here)), axis=-1))
        return np.stack(found, axis=-1)

    # The loss of one rule is a straight line in alpha.
    ends = np.array([0.0, _DRAWN_HIGHEST])
    every = losses(ends, [np.stack([r, r]) for r in every_rule(_DRAWN_PREFIXES)])
    alphas = np.linspace(0, _DRAWN_HIGHEST, _DRAWN_ALPHAS)
    chosen = [
        np.stack(
            [deferral(rule, prefixes, np.full(_DRAWN_PREFIXES, a)) for a in alphas]
        )
        for rule in (Opt(), Diff())
    ]
    opt, diff = losses(alphas, chosen)
    return (
        *(Points(label="any rule", x=ends, y=line) for line in every),
        Points(label="opt", x=alphas, y=opt),
        Points(label="diff", x=alphas, y=diff),
    )
