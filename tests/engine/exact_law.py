"""The exact law of what the engine writes with a pair of models, by enumeration.

Their logits go in, a probability for every possible output comes out.
Under speculative execution the state is what was written and the slot in the current
block, 0 to gamma: a kept draft moves to the next slot, a rejection begins a new block,
and so does the bonus token at slot gamma, or where an adaptive draft stops. Under
`bonus: law` that token follows the same law as any other, so that blocks leave no trace
and an output's probability is a product over positions; under `bonus: target` it is
drawn from p.

The other executions of a rule walk over states of the same form, by moves of their own.
A sequence cascade does not: it is put together from the laws of the two models alone.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Callable

import numpy as np

from tests.engine.exact import (
    NO_R,
    Setting,
    deferral,
    defers_slot,
    gate,
    processed,
    step,
)

Sequence = tuple[int, ...]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """What both models say, and how a sequence ends.

    Attributes:
      logits: (prompt, written) -> (drafter's, target's) logits of the next token,
        float64[V] each.
      eos_id: the end token.
      max_new_tokens: length limit.
    """

    logits: Callable[[Sequence, Sequence], tuple[np.ndarray, np.ndarray]]
    eos_id: int
    max_new_tokens: int

    def ended(self, written: Sequence) -> bool:
        return len(written) == self.max_new_tokens or (
            bool(written) and written[-1] == self.eos_id
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Enumeration:
    """What one row can do.

    Attributes:
      outputs: probability of every output.
      counts: expected value of the counters that have one here.
    """

    outputs: dict[Sequence, float]
    counts: dict[str, float]


def enumerate_row(pair: Pair, prompt: Sequence, setting: Setting) -> Enumeration:
    """Follows all that can happen to a row, position by position."""
    if setting.kind == "sequence_cascade":
        return sequence_cascade(pair, prompt, setting)
    outputs, counts = defaultdict(float), defaultdict(float)
    states = {((), 0): 1.0}
    while states:
        following = defaultdict(float)
        for (written, slot), mass in states.items():
            if pair.ended(written):
                outputs[written] += mass
                continue
            logits = pair.logits(prompt, written)
            counted = calls(setting, slot, *logits)
            if slot == 0 and stops_by_itself(setting):
                counted |= run(pair, prompt, setting, written)
            for name, number in counted.items():
                counts[name] += mass * number
            for name, next_slot, vector in moves(setting, slot, *logits):
                counts[name] += mass * vector.sum()
                for token in np.flatnonzero(vector):
                    state = (*written, int(token)), next_slot
                    following[state] += mass * vector[token]
        states = following
    return Enumeration(outputs=dict(outputs), counts=dict(counts))


def target_writes(setting, slot, draft_logits, target_logits):
    """Alg. 2: whether the target writes; the last `slot` tokens are the drafter's."""
    return slot == setting.cap or deferral(setting, draft_logits, target_logits) > 0


def stops_by_itself(setting):
    """Whether the drafter may write less than gamma tokens."""
    return setting.kind == "bild" or setting.adaptive != "never"


def stops(setting, slot, draft_logits):
    """Whether the drafter writes no more in this block: what it sees is q alone."""
    if slot == setting.gamma:
        return True
    if setting.adaptive == "rule":
        q, gate_q = processed(draft_logits, setting), gate(draft_logits, setting)
        return defers_slot(setting.rule, q, q, gate_q, gate_q, setting.alpha)
    unsure = gate(draft_logits, setting).max() < 1 - setting.fallback
    return stops_by_itself(setting) and unsure


def run(pair: Pair, prompt: Sequence, setting: Setting, written: Sequence, slot=0):
    """Expected tokens and calls of the drafter from `written` to where it stops."""
    draft_logits, _ = pair.logits(prompt, written)
    if stops(setting, slot, draft_logits):
        return {"drafted": 0.0, "drafter_calls": 1.0}
    counts = {"drafted": 1.0, "drafter_calls": 1.0}
    q = processed(draft_logits, setting)
    for token in np.flatnonzero(q):
        following = (*written, int(token))
        if not pair.ended(following):
            rest = run(pair, prompt, setting, following, slot + 1)
            for name, number in rest.items():
                counts[name] += q[token] * number
    return counts


def moves(setting, slot, draft_logits, target_logits):
    """[(what is counted, slot of the next token, probability of each token)]."""
    logits = draft_logits, target_logits
    q, p = (processed(one, setting) for one in logits)
    if setting.rule is None:
        return [("alone", 0, q if setting.alone == "drafter" else p)]
    if setting.kind == "token_cascade":
        if target_writes(setting, slot, *logits):
            return [("alone", 0, p)]
        return [("alone", slot + 1, q)]
    if setting.kind == "oracle_cascade":
        return [("alone", 0, sum(step(setting, *logits)))]
    if setting.kind == "bild":
        if stops(setting, slot, draft_logits):
            return [("bonus", 0, p)]
        if deferral(setting, *logits):
            return [("resampled", 0, p)]
        return [("accepted", slot + 1, q)]
    if slot == setting.gamma and setting.bonus == "target":
        return [("bonus", 0, p)]
    accepted, resampled = step(setting, *logits)
    if stops(setting, slot, draft_logits):
        return [("bonus", 0, accepted + resampled)]
    return [("accepted", slot + 1, accepted), ("resampled", 0, resampled)]


def calls(setting, slot, draft_logits, target_logits):
    """What is counted at a position beside its token."""
    logits = draft_logits, target_logits
    if setting.kind not in ("token_cascade", "oracle_cascade"):
        # A call of the target begins, or rather is to end, every block.
        counted = {"target_calls": slot == 0}
        if setting.rule is not None and setting.rule not in NO_R:
            decided = not stops(setting, slot, draft_logits)
            counted["deferred"] = decided and deferral(setting, *logits)
        return counted
    counted = {"drafter_calls": 1, "target_calls": 1}
    if setting.rule not in NO_R:
        counted["deferred"] = deferral(setting, *logits)
    if setting.kind == "token_cascade":
        counted["target_calls"] = target_writes(setting, slot, *logits)
    return counted


def sequence_cascade(pair: Pair, prompt: Sequence, setting: Setting) -> Enumeration:
    """Eq. (1): an answer of the drafter stands, or one of the target replaces it."""
    alone = {
        name: enumerate_row(
            pair,
            prompt,
            dataclasses.replace(setting, rule=None, kind="alone", alone=name),
        )
        for name in ("drafter", "target")
    }
    outputs, deferred = defaultdict(float), 0.0
    for answer, mass in alone["drafter"].outputs.items():
        probabilities = [
            gate(pair.logits(prompt, answer[:place])[0], setting)[token]
            for place, token in enumerate(answer)
        ]
        if score(setting, probabilities) < 1 - setting.alpha:
            deferred += mass
        else:
            outputs[answer] += mass
    if deferred:
        for answer, mass in alone["target"].outputs.items():
            outputs[answer] += deferred * mass
    written = {name: one.counts["alone"] for name, one in alone.items()}
    counts = {
        "alone": sum(len(answer) * mass for answer, mass in outputs.items()),
        "drafted": written["drafter"],
        "drafter_calls": written["drafter"],
        "target_calls": deferred * written["target"],
        "deferred": deferred,
    }
    return Enumeration(outputs=dict(outputs), counts=counts)


def score(setting, probabilities):
    match setting.score:
        case "probability":
            return np.prod(probabilities)
        case "mean":
            return np.prod(probabilities) ** (1 / len(probabilities))
        case "quantile":
            return np.quantile(probabilities, setting.quantile)
    raise KeyError(setting.score)
