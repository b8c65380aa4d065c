"""Deferral rules: when may the drafter's token stand, and what replaces it?

This folder is the mathematics of "Faster Cascades via Speculative Decoding" (Narasimhan
et al. 2025), arXiv 2405.19261v2, whose numbering is used throughout.

**The setting.** A small model, the *drafter*, proposes the next token x from its
distribution q. The large model, the *target* (the word means nothing else here), has
the distribution p at the same position. A cascade asks which of the two models should
answer; speculative decoding asks how to draw from p at nearly the drafter's pace. A
*speculative cascade* does both: it decides position by position, or token by token,
whose distribution to follow, and follows it by drafting and testing.

**Measure and law.** A rule returns a *measure* m >= 0 over the vocabulary, made of q, p
and a threshold alpha. One step (`verify`, from Alg. 4) serves all rules: keep x with
probability min(1, m(x)/q(x)), otherwise draw from norm((m - q)+). What the output
follows is the *law*. It equals m wherever m sums to 1. A rule that no measure expresses
gives a *coupling* instead, the test and the residuals themselves.

**Notation.** f+ = max(0, f), norm(f) = f / sum f, H is the entropy in nats, and
D_TV(p, q) = sum (p - q)+ the total variation. r = 1 means *defer to the target model*,
r = 0 keep the drafter. Ties keep the drafter.

**The rules.** Six state their measure outright:

| rule               | source        | measure                            | ends      |
|--------------------|---------------|------------------------------------|-----------|
| `lossless`         | Alg. 1        | m = p                              | 0, none   |
| `lossy`            | Lemma 2       | m = max(min(q, p/(1 - alpha)), p)  | 0, 1      |
| `lossy_star`       | Section 2     | p/beta in its place, so sum m = 1  | 0, 1      |
| `mentored`         | Tran-Thien 23 | the same, at KL(p || m) = alpha    | 0, inf    |
| `ensemble`         | Fu et al. 25  | m = (1 - alpha) p + alpha q        | 0, 1      |
| `head_free_pass`   | practice      | m = max(q, p) in V3's head, else p | -1, 1     |

Prefix rules decide for the whole slot: m = q if r = 0, and m = p if r = 1, Eq. (6).

| rule               | source        | r = 1 iff                          | ends      |
|--------------------|---------------|------------------------------------|-----------|
| `chow`             | Eq. (2)       | max q < 1 - alpha                  | -1, 1     |
| `chow_log`         | Eq. (24)      | H(q) > alpha                       | -1, inf   |
| `diff`             | Eq. (5)       | max q < max p - alpha              | -1, 1     |
| `diff_log`         | Eq. (25)      | H(p) < H(q) - alpha                | -inf, inf |
| `opt`              | Eq. (10)      | max q < max p - alpha D_TV(p, q)   | -inf, inf |
| `opt_log`          | Eq. (26)      | H(p) < H(q) - alpha D_TV(p, q)     | -inf, inf |
| `bild`             | Sec. 5, BiLD* | -sum q log p > alpha               | -1, inf   |
| `fuzzy`            | Holsman 25    | JS(p, q) > alpha                   | -1, 1     |

Token-specific rules decide for each token v: m = q (1 - r) + p sum r q, Eq. (11). In
`typical` e is 1 - alpha.

| rule               | source        | r(v) = 1 iff                       | ends      |
|--------------------|---------------|------------------------------------|-----------|
| `token_v1`         | Eq. (13)      | q(v) < max p - alpha               | -1, 1     |
| `token_v2`         | Eq. (14)      | p(v) < max p - alpha               | -1, 1     |
| `token_v3`         | Eq. (15)      | p(v) < (1 - alpha) max p           | -1, 1     |
| `token_l2`         | our own       | p(v) < sum p^2 - alpha             | -1, 1     |
| `token_drafter`    | our own       | q(v) < 1 - alpha                   | -1, 1     |
| `top_k_membership` | blog of 2025  | rank of v in p > alpha             | 0, inf    |
| `typical`          | Cai et al. 24 | p(v) < min(e, sqrt(e) exp(-H(p)))  | -1, 1     |

One gives a coupling, since what replaces a rejected token depends on that token:

| rule               | source        | keep(x)                            | ends      |
|--------------------|---------------|------------------------------------|-----------|
| `cactus`           | Hao, Mou 26   | h/q, h = p + sqrt(2 alpha p (1-p)) | 0, inf    |

The ends are those of a rule's range: the threshold at which it is lossless (m = p bit
for bit) and the one at which it keeps every draft. A higher alpha always defers less.
Where the paper's scale starts at 0, as that of `chow` does, the rule is lossless at 0
only up to rounding, and the exact end lies beyond, at -1. `token_v2`, `token_v3`,
`typical` and `head_free_pass` are lossless at *every* alpha < 0, `top_k_membership` at
every alpha < 1; one end stands for them all.

**Two views of a distribution.** m is made of the *processed* q and p (temperature,
truncation), the thresholds read the *gates*: by default the same distributions before
either (`sampling.gate`). At temperature 0 the processed ones are one-hot and the rules
decide from the gates: `opt` becomes `diff` (Lemma 8), `lossy` and its kin become
`token_v3`, and `bild` reads -log p(argmax q); `ensemble` and `cactus` say their own.

**Reading order.** `base` (what a rule is), `verify` (what is done with it), `lossless`,
`prefix`, `chow`, `diff`, `opt`, `bild`, `token_specific`, `lossy`; then the others,
in any order. `ALIASES` has the names that the authors' blog and others use.
"""

from speccascade.errors import UserError
from speccascade.rules.base import Coupling, Redraw, Rule
from speccascade.rules.bild import Bild
from speccascade.rules.cactus import Cactus
from speccascade.rules.chow import Chow, ChowLog
from speccascade.rules.diff import Diff, DiffLog
from speccascade.rules.ensemble import Ensemble
from speccascade.rules.fuzzy import Fuzzy
from speccascade.rules.head_free_pass import HeadFreePass
from speccascade.rules.lossless import Lossless
from speccascade.rules.lossy import Lossy
from speccascade.rules.lossy_star import LossyStar
from speccascade.rules.mentored import Mentored
from speccascade.rules.opt import Opt, OptLog
from speccascade.rules.prefix import PrefixRule
from speccascade.rules.slot import Sides, Slot
from speccascade.rules.token_drafter import TokenDrafter
from speccascade.rules.token_l2 import TokenL2
from speccascade.rules.token_specific import TokenRule, TokenV1, TokenV2, TokenV3
from speccascade.rules.top_k_membership import TopKMembership
from speccascade.rules.typical import Typical
from speccascade.rules.verify import (
    keep_probability,
    law,
    rejection_probability,
    residual,
)

__all__ = [
    "ALIASES",
    "RULES",
    "Bild",
    "Cactus",
    "Chow",
    "ChowLog",
    "Coupling",
    "Diff",
    "DiffLog",
    "Ensemble",
    "Fuzzy",
    "HeadFreePass",
    "Lossless",
    "Lossy",
    "LossyStar",
    "Mentored",
    "Opt",
    "OptLog",
    "PrefixRule",
    "Redraw",
    "Rule",
    "Sides",
    "Slot",
    "TokenDrafter",
    "TokenL2",
    "TokenRule",
    "TokenV1",
    "TokenV2",
    "TokenV3",
    "TopKMembership",
    "Typical",
    "check_alpha",
    "get_rule",
    "keep_probability",
    "law",
    "rejection_probability",
    "residual",
]

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Lossless(),
        Lossy(),
        LossyStar(),
        Mentored(),
        Ensemble(),
        HeadFreePass(),
        Chow(),
        ChowLog(),
        Diff(),
        DiffLog(),
        Opt(),
        OptLog(),
        Bild(),
        Fuzzy(),
        TokenV1(),
        TokenV2(),
        TokenV3(),
        TokenL2(),
        TokenDrafter(),
        TopKMembership(),
        Typical(),
        Cactus(),
    )
}
"""Every rule by its name, in the order of the tables above."""

ALIASES = {
    "confidence": "chow",
    "comparative": "diff",
    "cost_benefit": "opt",
    "top_k": "top_k_membership",
    "cos": "ensemble",
}
"""Other names of rules: the four checks of the authors' blog post, and CoS, half of
which `ensemble` is."""


def get_rule(name: str) -> Rule:
    """The rule of this name, or of this alias.

    Raises:
        UserError: there is none; the message lists those that there are.

    Example:
        >>> get_rule("cost_benefit")
        Opt()
    """
    name = ALIASES.get(name, name)
    if name not in RULES:
        known = ", ".join(RULES)
        raise UserError(f"There is no rule {name!r}; the known rules are {known}.")
    return RULES[name]


def check_alpha(rule: Rule, alpha: float) -> None:
    """Accepts a threshold within the rule's range, both ends included.

    Raises:
        UserError: alpha lies outside, or is not a number; the message names the range.
    """
    low, high = rule.alpha_range
    if low <= alpha <= high:
        return
    if low == high:
        raise UserError(
            f"Rule {rule.name!r} has no threshold; its alpha is {low:g}, not {alpha:g}."
        )
    ends = {rule.lossless_end: " (lossless)", rule.drafter_end: " (drafter alone)"}
    raise UserError(
        f"The threshold of rule {rule.name!r} runs from {low:g}{ends.get(low, '')} "
        f"to {high:g}{ends.get(high, '')}; alpha = {alpha:g} lies outside."
    )
