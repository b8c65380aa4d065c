"""Measures as their sources state them, one number at a time, in plain numpy."""

import math

import numpy as np


def entropy(p):
    return -sum(x * math.log(x) for x in p if x > 0)


def cross_entropy(q, p):
    if any(a > 0 and b == 0 for a, b in zip(q, p, strict=True)):
        return math.inf
    return -sum(a * math.log(b) for a, b in zip(q, p, strict=True) if a > 0)


def tv(p, q):
    return sum(max(0.0, a - b) for a, b in zip(p, q, strict=True))


def product(a, b):
    return 0.0 if a == 0 or b == 0 else a * b


def prefix_test(name, q, p, gate_q, gate_p, alpha, greedy):
    """(a, b) such that the paper defers iff a < b."""
    price = alpha if greedy else product(alpha, tv(p, q))
    match name:
        case "chow":
            return max(gate_q), 1 - alpha
        case "chow_log":
            return alpha, entropy(gate_q)
        case "diff":
            return max(gate_q), max(gate_p) - alpha
        case "diff_log":
            return entropy(gate_p), entropy(gate_q) - alpha
        case "opt":
            return max(gate_q), max(gate_p) - price
        case "opt_log":
            return entropy(gate_p), entropy(gate_q) - price
        case "bild" if greedy:
            mode = gate_p[list(gate_q).index(max(gate_q))]
            return alpha, -math.log(mode) if mode > 0 else math.inf
        case "bild":
            return alpha, cross_entropy(gate_q, gate_p)
        case "fuzzy":
            middle = [(a + b) / 2 for a, b in zip(gate_q, gate_p, strict=True)]
            return alpha, entropy(middle) - (entropy(gate_q) + entropy(gate_p)) / 2
    raise AssertionError(name)


def token_test(name, v, gate_q, gate_p, alpha):
    """(a, b) such that the rule defers v iff a < b."""
    match name:
        case "token_v1":
            return gate_q[v], max(gate_p) - alpha
        case "token_v2":
            return gate_p[v], max(gate_p) - alpha
        case "token_v3" | "head_free_pass":
            return gate_p[v], (1 - alpha) * max(gate_p)
        case "token_l2":
            return gate_p[v], sum(x**2 for x in gate_p) - alpha
        case "token_drafter":
            return gate_q[v], 1 - alpha
        case "top_k_membership":
            return alpha, 1 + sum(x > gate_p[v] for x in gate_p)
        case "typical" if alpha < 0:
            return 0, 1
        case "typical":
            epsilon = 1 - alpha
            typical = math.sqrt(epsilon) * math.exp(-entropy(gate_p))
            return gate_p[v], min(epsilon, typical)
    raise AssertionError(name)


def token_oracle(name, q, p, gate_q, gate_p, alpha):
    sides = [token_test(name, v, gate_q, gate_p, alpha) for v in range(len(q))]
    if name in ("token_l2", "typical") and any(abs(a - b) < 1e-12 for a, b in sides):
        return None
    deferred = [a < b for a, b in sides]
    if name == "head_free_pass":
        return np.where(deferred, p, np.maximum(q, p))
    eta = sum(q[v] for v in range(len(q)) if deferred[v])
    return np.array(
        [(0.0 if deferred[v] else q[v]) + eta * p[v] for v in range(len(q))]
    )


def upper_limits(q, p, alpha):
    return np.array([math.inf if alpha == 1 else b / (1 - alpha) for b in p])


def lossy_star_oracle(q, p, alpha):
    """beta by halving: the mass that is added falls with it."""
    kept = np.minimum(q, upper_limits(q, p, alpha))
    low, high = 0.0, 1.0  # of 1/beta
    for _ in range(100):
        middle = (low + high) / 2
        too_much = np.maximum(middle * p - q, 0).sum() > (q - kept).sum()
        low, high = (low, middle) if too_much else (middle, high)
    return np.maximum(kept, low * p)


def lossy_star_grid_oracle(q, p, alpha):
    betas = np.maximum(np.linspace(alpha, 10, 1000), 1 - alpha)[:, None]
    kept = np.minimum(q, upper_limits(q, p, alpha))
    gaps = np.maximum(p / betas - q, 0).sum(1) - (q - kept).sum()
    return np.maximum(kept, p / betas[np.abs(gaps).argmin()])


def relative_entropy(p, q):
    return cross_entropy(p, q) - entropy(p)


def band(q, p, lower):
    """q raised to at least lower p, then levelled from its highest q/p downwards."""
    raised = np.maximum(q, lower * p)
    surplus = raised.sum() - 1
    unseen = (p == 0) & (q > 0)
    if surplus <= q[unseen].sum():
        share = 1 - surplus / q[unseen].sum() if unseen.any() else 1
        return np.where(unseen, share * q, raised)
    surplus -= q[unseen].sum()
    seen = np.flatnonzero(p > 0)
    order = seen[np.argsort(-q[seen] / p[seen])]
    for count in range(1, len(order) + 1):
        top, rest = order[:count], order[count:]
        level = (q[top].sum() - surplus) / p[top].sum()
        if all(q[rest] <= level * p[rest]):
            break
    capped = np.maximum(np.minimum(q, level * p), lower * p)
    return np.where(p > 0, capped, 0)


def mentored_oracle(q, p, alpha):
    if alpha == 0 or relative_entropy(p, q) <= alpha:
        return p if alpha == 0 else q
    low, high = 0.0, 700.0
    for _ in range(100):
        middle = (low + high) / 2
        within = relative_entropy(p, band(q, p, math.exp(-middle))) <= alpha
        low, high = (middle, high) if within else (low, middle)
    return band(q, p, math.exp(-low))


def lenient(q, p, gate_p, alpha):
    return p if alpha == 0 else token_oracle("token_v3", q, p, None, gate_p, alpha)


def oracle(name, q, p, gate_q, gate_p, alpha, greedy):
    """The measure, or None where a decision hangs on the last bits of a logarithm."""
    match name:
        case "lossless":
            return p
        case "lossy" | "lossy_star" if greedy:
            return lenient(q, p, gate_p, alpha)
        case "lossy":
            return np.maximum(np.minimum(q, upper_limits(q, p, alpha)), p)
        case "lossy_star":
            return lossy_star_oracle(q, p, alpha)
        case "mentored" if greedy:
            return lenient(q, p, gate_p, 1 - math.exp(-alpha))
        case "mentored" if 0 < alpha < 1e-6:
            return None  # KL is flat at p: its last bits decide the ninth digit of m
        case "mentored":
            return mentored_oracle(q, p, alpha)
        case "ensemble" if greedy and 0 < alpha < 1:
            mixed = (1 - alpha) * gate_p + alpha * gate_q
            top_two = np.sort(mixed)[-2:]
            return np.eye(len(q))[mixed.argmax()] if np.ptp(top_two) > 1e-12 else None
        case "ensemble":
            return (1 - alpha) * p + alpha * q
    if name.startswith(("token", "top_k", "typical", "head")):
        return token_oracle(name, q, p, gate_q, gate_p, alpha)
    a, b = prefix_test(name, q, p, gate_q, gate_p, alpha, greedy)
    if name not in ("chow", "diff") and abs(a - b) < 1e-12:
        return None
    return p if a < b else q
