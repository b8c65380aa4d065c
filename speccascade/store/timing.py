"""Relative latency from timings, as it is defined once for summaries and curves.

relative latency = sum over examples of the median over repeats of the method's
                   seconds / the same sum for the target alone
"""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float, Int


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExampleTimes:
    """Timings of one point on one machine, one row an example.

    An example's seconds are its median over repeats, summed over seeds.

    Attributes:
      examples: ids, ascending.
      seconds, target_seconds: of the method and of the target alone.
      emitted, target_emitted: tokens that each wrote, EOS included.
    """

    examples: Int[np.ndarray, " n"]
    seconds: Float[np.ndarray, " n"]
    target_seconds: Float[np.ndarray, " n"]
    emitted: Float[np.ndarray, " n"]
    target_emitted: Float[np.ndarray, " n"]


def example_times(
    examples: Int[np.ndarray, " m"],
    seeds: Int[np.ndarray, " m"],
    seconds: Float[np.ndarray, " m"],
    target_seconds: Float[np.ndarray, " m"],
    emitted: Int[np.ndarray, " m"],
    target_emitted: Int[np.ndarray, " m"],
) -> ExampleTimes:
    """Reduces timings, one row a repeat, to one row an example."""
    values = np.stack(
        [seconds, target_seconds, emitted.astype(float), target_emitted.astype(float)],
        axis=-1,
    )
    rows, of_row = np.unique(
        np.stack([examples, seeds], axis=-1), axis=0, return_inverse=True
    )
    of_row = of_row.reshape(-1)
    medians = np.stack(
        [np.median(values[of_row == row], axis=0) for row in range(len(rows))]
    )
    ids, of_example = np.unique(rows[:, 0], return_inverse=True)
    totals = np.zeros((len(ids), values.shape[-1]))
    np.add.at(totals, of_example.reshape(-1), medians)
    return ExampleTimes(
        examples=ids,
        seconds=totals[:, 0],
        target_seconds=totals[:, 1],
        emitted=totals[:, 2],
        target_emitted=totals[:, 3],
    )


def latency_ratios(
    times: ExampleTimes, weights: Float[np.ndarray, "*r n"]
) -> dict[str, Any]:
    """What stands in a summary and on a curve, of examples counted `weights` times.

    Returns:
      relative_latency, seconds_per_token, target_seconds_per_token and length_ratio
      (tokens of the method to the target's), each f[*r]; NaN where nothing is counted.
    """
    seconds = weights @ times.seconds
    target = weights @ times.target_seconds
    emitted = weights @ times.emitted
    target_emitted = weights @ times.target_emitted
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "relative_latency": seconds / target,
            "seconds_per_token": seconds / emitted,
            "target_seconds_per_token": target / target_emitted,
            "length_ratio": emitted / target_emitted,
        }
