"""The run key: pinned, blind to order, and sensitive to everything else."""

import math
from unittest import mock

import pytest

from speccascade.store import RESULTS_VERSION, run_key

IDENTITY = {"rule": "opt", "gamma": 5, "beta": 1.0, "buckets": (40, 80), "cap": None}


def test_the_key_of_a_known_identity_is_pinned():
    # Everything that was ever decoded is found under such keys.
    assert run_key(IDENTITY) == PINNED


def test_neither_order_nor_kind_of_sequence_matters():
    other = dict(reversed(IDENTITY.items())) | {"buckets": [40, 80]}
    assert run_key(other) == run_key(IDENTITY)


@pytest.mark.parametrize(
    "change", [{"gamma": 4}, {"beta": math.inf}, {"cap": 1}, {"new": None}]
)
def test_every_field_matters(change):
    assert run_key(IDENTITY | change) != run_key(IDENTITY)


def test_the_results_version_is_part_of_the_key():
    with mock.patch("speccascade.store.identity.RESULTS_VERSION", RESULTS_VERSION + 1):
        assert run_key(IDENTITY) != PINNED
        with pytest.raises(ValueError, match="results_version"):
            run_key(IDENTITY | {"results_version": RESULTS_VERSION})


@pytest.mark.parametrize("value", [math.nan, object(), {1: 2}, {"a", "b"}])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        run_key({"value": value})


PINNED = "8a39bec6915f"
