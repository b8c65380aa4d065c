"""What is counted, and the one place where ratios are derived from it.

Counters are integers, one a row. Slots after a rejection, an end token or the length
limit count as nothing, and neither do finished rows. Two identities hold in every row:

    emitted = accepted + resampled + bonus + alone      (the end token included)
    decided = accepted + resampled

What is deferred, and so how often it can be, depends on the execution:

    speculative        a decided draft token where r = 1
    bild               a decided draft token that was rolled back; a fallback is none
    oracle_cascade     a position where r = 1, the two models' distributions known
    token_cascade      a token that the drafter left to the target; at the cap is none
    sequence_cascade   a whole answer that was left to the target

Only the first two decide draft tokens, so only they have a `deferral_rate`.
`deferrals_per_token` is there for all: in an oracle or token cascade it is the share of
tokens deferred, in a sequence cascade the share of answers over their mean length.
"""

import dataclasses
from collections.abc import Mapping

import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Int

# The names that ratios carry, with what they say.
RATIOS = {
    "rejection_rate": "share of decided draft tokens that were rejected",
    "rejections_per_token": "rejected draft tokens per emitted token",
    "deferral_rate": "share of decided draft tokens that the rule deferred",
    "deferrals_per_token": "deferrals by the rule per emitted token",
    "tokens_per_target_call": "emitted tokens per call of the target model",
    "target_calls_per_token": "calls of the target model per emitted token",
    "drafter_calls_per_token": "calls of the drafter per emitted token",
}


@flax.struct.dataclass
class Counters:
    """int32[B] each.

    Attributes:
      target_calls: calls that score tokens with the target model.
      drafter_calls: the same for the drafter.
      drafted: tokens the drafter proposed.
      accepted: drafted tokens that were kept.
      resampled: tokens drawn from the residual after a rejection.
      bonus: tokens drawn after a block that was accepted whole.
      alone: tokens that one model drew outside a verified block.
      deferred: where the rule deferred (r = 1), as above; None if it has no r.
      prefills: prompts read (by encoder or prefill); they are not calls.
    """

    target_calls: Int[Array, " B"]
    drafter_calls: Int[Array, " B"]
    drafted: Int[Array, " B"]
    accepted: Int[Array, " B"]
    resampled: Int[Array, " B"]
    bonus: Int[Array, " B"]
    alone: Int[Array, " B"]
    deferred: Int[Array, " B"] | None
    prefills: Int[Array, " B"]

    @classmethod
    def zeros(cls, batch: int, has_deferral: bool) -> "Counters":
        zero = jnp.zeros((batch,), jnp.int32)
        return cls(
            target_calls=zero,
            drafter_calls=zero,
            drafted=zero,
            accepted=zero,
            resampled=zero,
            bonus=zero,
            alone=zero,
            deferred=zero if has_deferral else None,
            prefills=zero,
        )

    def add(self, **increments: Int[Array, " B"]) -> "Counters":
        """These counters, with the named ones increased."""
        return dataclasses.replace(
            self, **{name: getattr(self, name) + by for name, by in increments.items()}
        )


def emitted(totals: Mapping[str, int | None]) -> int:
    """Tokens written, the end token included."""
    return sum(
        totals[name] or 0 for name in ("accepted", "resampled", "bonus", "alone")
    )


def ratios(totals: Mapping[str, int | None]) -> dict[str, float | None]:
    """Every ratio of `RATIOS` from summed counters.

    A ratio is None where it has no meaning: nothing was decided (one model alone), the
    rule has no r, or the model was never called.

    Example:
        >>> totals = dict(target_calls=2, drafter_calls=6, drafted=4, accepted=3,
        ...               resampled=1, bonus=1, alone=0, deferred=2, prefills=2)
        >>> ratios(totals)["rejection_rate"], ratios(totals)["tokens_per_target_call"]
        (0.25, 2.5)
    """
    tokens = emitted(totals)
    decided = (totals["accepted"] or 0) + (totals["resampled"] or 0)
    rejected = totals["resampled"] if decided else None

    return {
        "rejection_rate": _over(rejected, decided),
        "rejections_per_token": _over(rejected, tokens),
        "deferral_rate": _over(totals["deferred"], decided),
        "deferrals_per_token": _over(totals["deferred"], tokens),
        "tokens_per_target_call": _over(tokens, totals["target_calls"]),
        "target_calls_per_token": _over(totals["target_calls"], tokens),
        "drafter_calls_per_token": _over(totals["drafter_calls"], tokens),
    }


def _over(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole
