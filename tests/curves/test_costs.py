"""What a point costs, on rows whose sums are known."""

import dataclasses

import numpy as np
import pytest

from speccascade.curves import Resamples, estimate_costs, resample_examples
from speccascade.curves.observations import PointData


def emitted(counters):
    """Stands for `engine.counters.emitted`."""
    return counters["accepted"] + counters["alone"]


def point(examples, tokens, *, seeds=None, flops=None, at_limit=None):
    tokens = np.array(tokens)
    return PointData(
        threshold=None,
        label=None,
        examples=np.array(examples),
        seeds=np.zeros(len(tokens), int) if seeds is None else np.array(seeds),
        parts={},
        counters={"accepted": tokens - 1, "alone": np.ones_like(tokens), "r": None},
        flops=None if flops is None else np.array(flops, dtype=float),
        at_limit=None if at_limit is None else np.array(at_limit),
    )


def test_every_cost_is_a_ratio_of_sums():
    ours = point([0, 1], [12, 9], flops=[30, 12], at_limit=[True, False])
    target = point([0, 1], [10, 11], flops=[40, 44])
    found = estimate_costs(ours, target, emitted, resample_examples(np.arange(2)))
    assert {name: band.value for name, band in found.items()} == {
        "flops_per_token": 42 / 21,
        "relative_flops": 42 / 84,
        "length_ratio": 1.0,
        "limit_share": 0.5,
    }


def test_resamples_count_an_example_in_the_method_and_in_the_target_alike():
    ours = point([0, 1], [12, 9], flops=[30, 12], at_limit=[True, False])
    target = point([0, 1], [10, 11], flops=[40, 44])
    # The estimate, then: the first example twice, and the second one twice.
    only = Resamples(
        examples=np.arange(2), weights=np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]])
    )
    found = estimate_costs(ours, target, emitted, only)
    for name, ends in {
        "flops_per_token": (12 / 9, 30 / 12),
        "relative_flops": (12 / 44, 30 / 40),
        "length_ratio": (9 / 11, 12 / 10),
        "limit_share": (0.0, 1.0),
    }.items():
        low, high = sorted(ends)
        step = 0.025 * (high - low)
        band = found[name]
        assert [band.low, band.high] == pytest.approx([low + step, high - step])


def test_a_ratio_to_the_target_is_over_the_rows_that_both_have():
    three = point([0, 1] * 3, [5, 5, 50, 50, 50, 50], seeds=[0, 0, 1, 1, 2, 2])
    one = point([1, 0], [5, 5])
    draws = resample_examples(np.arange(2), replicates=10)
    assert estimate_costs(three, one, emitted, draws)["length_ratio"].value == 1.0
    other = dataclasses.replace(one, examples=np.array([7, 8]))
    both = resample_examples(np.array([0, 1, 7, 8]), replicates=10)
    assert estimate_costs(three, other, emitted, both)["length_ratio"] is None


def test_what_is_not_known_is_none():
    draws = resample_examples(np.arange(2), replicates=10)
    found = estimate_costs(point([0, 1], [3, 4]), None, emitted, draws)
    assert set(found.values()) == {None} and len(found) == 4
    # Of a model that does not count its operations, the lengths are known.
    found = estimate_costs(
        point([0, 1], [3, 4], flops=[1, 1]), point([0, 1], [3, 4]), emitted, draws
    )
    assert found["relative_flops"] is None and found["length_ratio"].value == 1.0
