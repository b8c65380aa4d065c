"""The exact law of one position on the toy pair, in plain numpy and float64.

Nothing here is the product's. Each rule is written down once more, in the words of
Narasimhan et al. (2025), section 2 and Tables 1 and 3: which drafts are accepted with
what probability, and what replaces a rejected one. The product states measures instead,
so that the two can disagree.

One position is the pair of vectors

    accepted[x]   probability that x is drafted and kept
    resampled[x]  probability that the draft is rejected and x replaces it

whose sum is the law of that position. `exact_law` puts positions together.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """What a row asks for. `rule` None is one model alone, named by `alone`."""

    rule: str | None
    kind: str = "speculative"
    alpha: float = 0.0
    temperature: float = 1.0
    gamma: int = 1
    bonus: str = "law"
    gate: str = "untempered"
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    alone: str = "target"
    cap: int | None = 10
    score: str = "probability"
    quantile: float = 0.5
    fallback: float = 0.5


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
    raise KeyError(rule)


def defers_tokens(rule, gate_q, gate_p, alpha):
    """Eqs. (13) to (15): which tokens a token-specific rule defers."""
    match rule:
        case "token_v1":
            return gate_q < gate_p.max() - alpha
        case "token_v2":
            return gate_p < gate_p.max() - alpha
        case "token_v3":
            return gate_p < (1 - alpha) * gate_p.max()
    raise KeyError(rule)


def step(setting, draft_logits, target_logits):
    """(accepted, resampled) of one position, Alg. 4 with Table 1's columns."""
    rule, alpha = setting.rule, setting.alpha
    q, p = processed(draft_logits, setting), processed(target_logits, setting)
    if setting.temperature == 0:
        return greedy_step(setting, draft_logits, target_logits)
    gate_q, gate_p = gate(draft_logits, setting), gate(target_logits, setting)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(q > 0, p / q, 0.0)
        if rule == "lossy":
            accept = np.minimum(1, ratio / (1 - alpha))
            replace = np.maximum(0, p - q)
        elif rule.startswith("token"):
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


def greedy_step(setting, draft_logits, target_logits):
    """Section 2.5: keep the drafter's argmax where the rule's condition holds.

    As accept/replace vectors, like `step`. `lossy` is `token_v3`, `opt` is `diff`.
    """
    rule, alpha = setting.rule, setting.alpha
    gate_q, gate_p = softmax(draft_logits), softmax(target_logits)
    x, y = int(np.argmax(gate_q)), int(np.argmax(gate_p))
    top_q, top_p = gate_q.max(), gate_p.max()
    keep = (
        x == y
        or {
            "lossless": False,
            "lossy": gate_p[x] >= (1 - alpha) * top_p,
            "chow": top_q >= 1 - alpha,
            "chow_log": entropy(gate_q) <= alpha,
            "diff": top_q >= top_p - alpha,
            "diff_log": entropy(gate_q) <= entropy(gate_p) + alpha,
            "opt": top_q >= top_p - alpha,
            "opt_log": entropy(gate_q) <= entropy(gate_p) + alpha,
            "bild": gate_p[x] >= np.exp(-alpha),
            "token_v1": top_q >= top_p - alpha,
            "token_v2": gate_p[x] >= top_p - alpha,
            "token_v3": gate_p[x] >= (1 - alpha) * top_p,
        }[rule]
    )
    accepted, resampled = np.zeros(len(gate_q)), np.zeros(len(gate_q))
    if keep:
        accepted[x] = 1
    else:
        resampled[y] = 1
    return accepted, resampled


def deferral(setting, draft_logits, target_logits):
    """Probability that the rule defers the token that the drafter would write."""
    q, p = processed(draft_logits, setting), processed(target_logits, setting)
    gate_q, gate_p = gate(draft_logits, setting), gate(target_logits, setting)
    if setting.rule.startswith("token"):
        return q[defers_tokens(setting.rule, gate_q, gate_p, setting.alpha)].sum()
    if setting.rule == "bild" and setting.temperature == 0:
        return float(-np.log(gate_p[np.argmax(gate_q)]) > setting.alpha)
    return float(defers_slot(setting.rule, q, p, gate_q, gate_p, setting.alpha))
