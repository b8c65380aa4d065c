"""The exact law of one position, in plain numpy and float64.

Nothing here is the product's. Each rule is written down once more, in the words of
Narasimhan et al. (2025), section 2 and Tables 1 and 3, or of its own source: which
drafts are accepted with what probability, and what replaces a rejected one. The product
states measures instead, so that the two can disagree.

One position is the pair of vectors

    accepted[x]   probability that x is drafted and kept
    resampled[x]  probability that the draft is rejected and x replaces it

whose sum is the law of that position. `exact_law` puts positions together.
"""

import dataclasses

import numpy as np
from scipy.optimize import brentq


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """What a row asks for. `rule` None is one model alone, named by `alone`.

    `redraw` is a token rule's coupling "redraw".
    """

    rule: str | None
    kind: str = "speculative"
    alpha: float = 0.0
    temperature: float = 1.0
    gamma: int = 1
    bonus: str = "law"
    adaptive: str = "never"
    gate: str = "untempered"
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    alone: str = "target"
    cap: int | None = 10
    score: str = "probability"
    quantile: float = 0.5
    fallback: float = 0.5
    redraw: bool = False


def softmax(logits):
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def processed(logits, setting):
    """Temperature, then top-k, then top-p, then min-p, by sorting."""
    if setting.temperature == 0:
        return np.eye(len(logits))[np.argmax(logits)]
    p = softmax(np.asarray(logits) / setting.temperature)
    order = np.argsort(-p, kind="stable")
    if setting.top_k:
        p = np.where(np.isin(np.arange(len(p)), order[: setting.top_k]), p, 0)
        p = p / p.sum()
    if setting.top_p < 1:
        before = np.concatenate([[0.0], np.cumsum(p[order])[:-1]])
        nucleus = order[before < setting.top_p]
        p = np.where(np.isin(np.arange(len(p)), nucleus), p, 0)
        p = p / p.sum()
    p = np.where(p >= setting.min_p * p.max(), p, 0)
    return p / p.sum()


def gate(logits, setting):
    """What thresholds look at."""
    if setting.gate == "untempered" or setting.temperature == 0:
        return softmax(logits)
    return processed(logits, setting)


def entropy(p):
    return -sum(x * np.log(x) for x in p if x > 0)


def relative_entropy(p, q):
    return sum(a * np.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def defers_slot(rule, q, p, gate_q, gate_p, alpha):
    """Tables 1 and 3: whether a rule that decides for the whole slot defers."""
    distance = 0.5 * np.abs(p - q).sum()
    match rule:
        case "lossless":
            return True
        case "chow":
            return gate_q.max() < 1 - alpha
        case "chow_log":
            return entropy(gate_q) > alpha
        case "diff":
            return gate_q.max() < gate_p.max() - alpha
        case "diff_log":
            return entropy(gate_q) > entropy(gate_p) + alpha
        case "opt":
            return gate_q.max() < gate_p.max() - alpha * distance
        case "opt_log":
            return entropy(gate_q) > entropy(gate_p) + alpha * distance
        case "bild":
            return -np.sum(gate_q * np.log(gate_p)) > alpha
        case "fuzzy":
            middle = (gate_p + gate_q) / 2
            from_p, from_q = (relative_entropy(x, middle) for x in (gate_p, gate_q))
            return from_p / 2 + from_q / 2 > alpha
    raise KeyError(rule)


TOKEN_SPECIFIC = (
    "token_v1",
    "token_v2",
    "token_v3",
    "token_l2",
    "token_drafter",
    "top_k_membership",
    "typical",
    "head_free_pass",
)
NO_R = ("lossless", "lossy", "lossy_star", "mentored", "ensemble", "cactus")


def defers_tokens(rule, gate_q, gate_p, alpha):
    """Eqs. (13) to (15) and their kin: which tokens a token-specific rule defers."""
    match rule:
        case "token_l2":
            return gate_p < gate_p @ gate_p - alpha
        case "token_drafter":
            return 1 - gate_q > alpha
        case "top_k_membership":
            return np.argsort(np.argsort(-gate_p, kind="stable")) + 1 > alpha
        case "typical":
            typical = np.sqrt(1 - alpha) * np.exp(-entropy(gate_p))
            return (gate_p < 1 - alpha) & (gate_p < typical) | (alpha < 0)
        case "token_v1":
            return gate_q < gate_p.max() - alpha
        case "token_v2":
            return gate_p < gate_p.max() - alpha
        case "token_v3" | "head_free_pass":
            return gate_p < (1 - alpha) * gate_p.max()
    raise KeyError(rule)


def added_scale(q, p, cut):
    """1/beta at which sum (p/beta - q)+ is what was cut from q."""
    return brentq(lambda x: np.maximum(0, x * p - q).sum() - cut, 0, 1.001, xtol=1e-15)


def mentored_limit(q, p, budget):
    """The u up to which q may exceed p: where KL from p to what follows is spent."""

    def unspent(u):
        cut = np.maximum(0, q - u * p).sum()
        followed = np.maximum(np.minimum(q, u * p), added_scale(q, p, cut) * p)
        return budget - relative_entropy(p, followed)

    most = (q / p).max()
    return most if unspent(most) >= 0 else brentq(unspent, 1, most, xtol=1e-14)


def lifted(p, x, delta):
    """Cactus: p with the probability of x raised, and all others scaled down."""
    h = min(1, p[x] + np.sqrt(2 * delta * p[x] * (1 - p[x])))
    return np.where(np.arange(len(p)) == x, h, p * (1 - h) / (1 - p[x]))


def cactus_step(q, p, delta):
    accepted, resampled = np.zeros_like(q), np.zeros_like(q)
    for x in np.flatnonzero(q):
        target = lifted(p, x, delta)
        accepted[x] = min(q[x], target[x])
        excess = np.maximum(0, target - q)
        if accepted[x] < q[x]:
            resampled += (q[x] - accepted[x]) * excess / excess.sum()
    return accepted, resampled


def step(setting, draft_logits, target_logits):
    """(accepted, resampled) of one position, Alg. 4 with Table 1's columns."""
    rule, alpha = setting.rule, setting.alpha
    q, p = processed(draft_logits, setting), processed(target_logits, setting)
    if setting.temperature == 0:
        return greedy_step(setting, draft_logits, target_logits)
    gate_q, gate_p = gate(draft_logits, setting), gate(target_logits, setting)
    if rule == "cactus":
        return cactus_step(q, p, alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(q > 0, p / q, 0.0)
        if rule in ("lossy", "lossy_star", "mentored"):
            limit = (
                mentored_limit(q, p, alpha) if rule == "mentored" else 1 / (1 - alpha)
            )
            accept = np.minimum(1, ratio * limit)
            cut = np.sum(q * (1 - accept))
            scale = 1 if rule == "lossy" else added_scale(q, p, cut)
            replace = np.maximum(0, scale * p - q)
        elif rule == "ensemble":
            accept = np.minimum(1, alpha + (1 - alpha) * ratio)
            replace = np.maximum(0, p - q)
        elif rule == "head_free_pass":
            tail = defers_tokens(rule, gate_q, gate_p, alpha)
            accept = np.where(tail, np.minimum(1, ratio), 1)
            replace = np.maximum(0, p - q)
        elif setting.redraw:
            accept = ~defers_tokens(rule, gate_q, gate_p, alpha)
            replace = p
        elif rule.startswith(("token", "top_k", "typical")):
            r = defers_tokens(rule, gate_q, gate_p, alpha)
            eta = q[r].sum()
            accept = np.where(r, np.minimum(1, eta * ratio), 1)
            replace = np.where(r, np.maximum(0, eta * p - q), eta * p)
        elif defers_slot(rule, q, p, gate_q, gate_p, alpha):
            accept, replace = np.minimum(1, ratio), np.maximum(0, p - q)
        else:
            accept, replace = np.ones_like(q), np.zeros_like(q)
    accepted = q * accept
    rejection = 1 - accepted.sum()
    total = replace.sum()
    resampled = rejection * replace / total if total > 0 else 0 * replace
    return accepted, resampled


def keeps_argmax(rule, gate_q, gate_p, alpha):
    """Section 2.5 of the notes: whether the drafter's argmax stands where p's differs.

    `lossy` is `token_v3`, `opt` is `diff`; `ensemble` keeps it only if it agrees.
    """
    x = int(np.argmax(gate_q))
    top_q, top_p = gate_q.max(), gate_p.max()
    match rule:
        case "lossless" | "ensemble":
            return False
        case "lossy" | "lossy_star" | "head_free_pass" | "token_v3":
            return gate_p[x] >= (1 - alpha) * top_p
        case "mentored":
            return np.log(top_p / gate_p[x]) <= alpha
        case "cactus":
            return lifted(gate_p, x, alpha).argmax() == x
        case "chow" | "token_drafter":
            return top_q >= 1 - alpha
        case "chow_log":
            return entropy(gate_q) <= alpha
        case "diff" | "opt" | "token_v1":
            return top_q >= top_p - alpha
        case "diff_log" | "opt_log":
            return entropy(gate_q) <= entropy(gate_p) + alpha
        case "bild":
            return gate_p[x] >= np.exp(-alpha)
        case "fuzzy":
            return not defers_slot(rule, gate_q, gate_p, gate_q, gate_p, alpha)
        case "token_v2":
            return gate_p[x] >= top_p - alpha
        case "token_l2":
            return gate_p[x] >= np.sum(gate_p**2) - alpha
        case "top_k_membership":
            return np.sum(gate_p > gate_p[x]) < np.floor(alpha)
        case "typical":
            return not defers_tokens(rule, gate_q, gate_p, alpha)[x]
    raise KeyError(rule)


def greedy_step(setting, draft_logits, target_logits):
    """What temperature 0 does, as accept/replace vectors, like `step`."""
    rule, alpha = setting.rule, setting.alpha
    gate_q, gate_p = softmax(draft_logits), softmax(target_logits)
    mixed = alpha * gate_q + (1 - alpha) * gate_p if rule == "ensemble" else gate_p
    x, y = int(np.argmax(gate_q)), int(np.argmax(mixed))
    agreed = x == y and not setting.redraw
    accepted, resampled = np.zeros(len(gate_q)), np.zeros(len(gate_q))
    if agreed or keeps_argmax(rule, gate_q, gate_p, alpha):
        accepted[x] = 1
    else:
        resampled[y] = 1
    return accepted, resampled


def deferral(setting, draft_logits, target_logits):
    """Probability that the rule defers the token that the drafter would write."""
    q, p = processed(draft_logits, setting), processed(target_logits, setting)
    gate_q, gate_p = gate(draft_logits, setting), gate(target_logits, setting)
    if setting.rule in TOKEN_SPECIFIC:
        return q[defers_tokens(setting.rule, gate_q, gate_p, setting.alpha)].sum()
    if setting.rule == "bild" and setting.temperature == 0:
        return float(-np.log(gate_p[np.argmax(gate_q)]) > setting.alpha)
    return float(defers_slot(setting.rule, q, p, gate_q, gate_p, setting.alpha))
