"""Latency, modelled: the counters of a decoding at the prices of a component profile.

    seconds = prompts read by the drafter x drafter prefill
            + prompts read by the target  x target prefill
            + drafter_calls x drafter step
            + target_calls  x target call of K tokens
            + rounds        x constant

at batch 1, each price that of the row's prompt bucket. K, the width, is what a target
call takes in, and a round what the engine's loop does between two looks at its state:

    kind               K                  rounds
    drafter, target    1                  its calls: one a token
    speculative        gamma + 1          target_calls
    bild               gamma + 1          target_calls
    token_cascade      cap + 1, or 11     target_calls, at least 1
    oracle_cascade     1                  target_calls
    sequence_cascade   1                  drafter_calls + target_calls

The constant is fitted for each kind and width (`fitted_round_ms`): what decodings took
beyond their calls, a round. It stands for accepting, resampling and committing, and for
two models that share one cache.

1. Where an execution may skip the target, the counter `prefills` says whether the
   target read the prompt; every other one reads it with each of its models.
2. A token cascade whose last run ends without the target has one more round than it has
   target calls, which no counter tells. Without a cap a round may have several calls.
3. `bonus: target` feeds the drafter's first call two tokens, here priced as one.
4. A rule that computes more than another has no price of its own: one constant serves
   all rules of a kind.

Worked example, lossless at gamma = 3, prices in ms: prefills 1 and 5, drafter step 0.1,
call of 4 tokens 2, constant 0.4. 16 drafter calls and 4 target calls take
1 + 5 + 1.6 + 8 + 1.6 = 17.2 ms.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from speccascade.errors import UserError
from speccascade.latency.components import Components
from speccascade.latency.profile import HostProfile

Counts = Int[np.ndarray, " n"]
Seconds = Float[np.ndarray, " n"]
_ROUND_IS_TARGET_CALL = ("target", "speculative", "bild", "oracle_cascade")


def rounds_of(kind: str, counters: Mapping[str, Counts | None]) -> Counts:
    """How many rounds each row took."""
    target_calls, drafter_calls = _calls(counters)
    if kind in _ROUND_IS_TARGET_CALL:
        return target_calls
    if kind == "drafter":
        return drafter_calls
    if kind == "token_cascade":
        return np.maximum(target_calls, 1)
    if kind == "sequence_cascade":
        return target_calls + drafter_calls
    raise UserError(f"There is no model of the latency of the execution {kind!r}.")


def component_seconds(
    counters: Mapping[str, Counts | None],
    prompt_lengths: Counts,
    profile: HostProfile,
    *,
    kind: str,
    width: int,
    batch: int = 1,
) -> Seconds:
    """The seconds of all calls and prompts of each decoding, no constant.

    Args:
      counters: int[n] each, of `engine.Counters`.
      prompt_lengths: int[n], the bucket of each row's prompt.
      profile: whose prices count.
      kind: of the execution.
      width: K, tokens of a target call.
      batch: rows of each decoding; above 1 the counters are those of its loop, which
        goes on until the last row is done.

    Raises:
      UserError: the profile lacks a price.
    """
    target_calls, drafter_calls = _calls(counters)
    prefills = counters["prefills"]
    assert prefills is not None  # counted by every execution
    drafter_reads = 0 if kind == "target" else 1
    ms = np.zeros(len(prompt_lengths))
    for length in np.unique(prompt_lengths).tolist():
        here = prompt_lengths == length
        prices = profile.at(batch, length)
        spent = drafter_calls * prices.draft_step_ms
        spent = spent + drafter_reads * prices.draft_prefill_ms
        if kind != "drafter":
            spent = spent + target_calls * _target_ms(profile, prices, width)
            spent = spent + (prefills - drafter_reads) * prices.target_prefill_ms
        ms[here] = spent[here]
    return ms / 1e3


def modelled_seconds(
    counters: Mapping[str, Counts | None],
    prompt_lengths: Counts,
    profile: HostProfile,
    *,
    kind: str,
    width: int,
) -> Seconds:
    """The modelled seconds of each row at batch 1; see the module for the formula.

    Arguments as `component_seconds`, at batch 1.

    Raises:
      UserError: the profile lacks a price, or the constant of this kind and width.
    """
    calls = component_seconds(counters, prompt_lengths, profile, kind=kind, width=width)
    for one in profile.rounds:
        if (one.kind, one.width) == (kind, width):
            return calls + rounds_of(kind, counters) * one.ms / 1e3
    raise _not_profiled(profile, f"rounds of the execution {kind!r} with", width)


def fitted_round_ms(seconds: Seconds, calls: Seconds, rounds: Counts) -> float:
    """The constant of a round in ms: what decodings took beyond their calls, a round.

    A ratio of sums, so that all decodings together are modelled without error.

    Args:
      seconds: measured.
      calls: `component_seconds` of the same rows.
      rounds: of the same rows, at least 1 in all.
    """
    return float(1e3 * (seconds - calls).sum() / rounds.sum())


def _calls(counters: Mapping[str, Counts | None]) -> tuple[Counts, Counts]:
    target, drafter = counters["target_calls"], counters["drafter_calls"]
    assert target is not None and drafter is not None  # counted by every execution
    return target, drafter


def _target_ms(profile: HostProfile, prices: Components, width: int) -> float:
    if width not in prices.target_ms:
        raise _not_profiled(profile, "target calls of", width)
    return prices.target_ms[width]


def _not_profiled(profile: HostProfile, what: str, width: int) -> UserError:
    tokens = f"{width} token" + "s" * (width != 1)
    gamma = f" (gamma {width - 1})" if width > 1 else ""
    return UserError(
        f"The component profile of {profile.host} has no {what} {tokens}{gamma}; run "
        "`speccascade bench` with the experiment's name, or with the same method and "
        "gamma."
    )
