"""Modelled seconds against sums done by hand; prices are those of conftest.py."""

import numpy as np
import pytest

from speccascade.errors import UserError
from speccascade.latency import (
    component_seconds,
    fitted_round_ms,
    modelled_seconds,
    rounds_of,
)

# kind: (width, target_calls, drafter_calls, prefills, milliseconds by hand)
BY_HAND = {
    "target": (1, 20, 0, 1, 5 + 20 * 1.0),
    "drafter": (1, 0, 20, 1, 1 + 20 * (0.1 + 0.05)),
    # The worked example of the module.
    "speculative": (4, 4, 16, 2, 17.2),
    "bild": (4, 4, 9, 2, 1 + 5 + 0.9 + 8 + 1.6),
    "token_cascade": (11, 3, 20, 2, 1 + 5 + 2.0 + 12 + 1.5),
    "oracle_cascade": (1, 20, 20, 2, 1 + 5 + 2.0 + 20 + 4),
    "sequence_cascade": (1, 10, 12, 2, 1 + 5 + 1.2 + 10 - 2.2),
}


def counters(target_calls, drafter_calls, prefills):
    return {
        "target_calls": np.atleast_1d(target_calls),
        "drafter_calls": np.atleast_1d(drafter_calls),
        "prefills": np.atleast_1d(prefills),
    }


@pytest.mark.parametrize("kind", BY_HAND)
def test_the_seconds_of_every_kind_are_those_of_its_formula(make_profile, kind):
    width, *counts, ms = BY_HAND[kind]
    found = modelled_seconds(
        counters(*counts), np.array([40]), make_profile(), kind=kind, width=width
    )
    assert found == pytest.approx([ms / 1e3])


def test_a_target_that_was_never_asked_costs_nothing(make_profile):
    for kind, width, ms in (
        ("token_cascade", 11, 1 + 2.0 + 0.5),  # its one round
        ("sequence_cascade", 1, 1 + 2.0 - 2.0),
    ):
        found = modelled_seconds(
            counters(0, 20, 1), np.array([40]), make_profile(), kind=kind, width=width
        )
        assert found == pytest.approx([ms / 1e3])


def test_each_row_has_the_prices_of_its_own_bucket(make_profile):
    found = modelled_seconds(
        counters([4, 4], [16, 16], [2, 2]),
        np.array([80, 40]),
        make_profile(),
        kind="speculative",
        width=4,
    )
    assert found == pytest.approx([0.156 + 0.0016, 0.0156 + 0.0016])


def test_the_fitted_constant_is_the_one_that_the_seconds_were_made_with(make_profile):
    profile = make_profile()
    counts = counters([4, 7, 2], [16, 28, 8], [2, 2, 2])
    lengths = np.array([40, 80, 40])
    calls = component_seconds(counts, lengths, profile, kind="speculative", width=4)
    rounds = rounds_of("speculative", counts)
    noise = np.array([1e-3, -2e-3, 1e-3])  # sums to 0: a ratio of sums is blind to it
    assert fitted_round_ms(
        calls + rounds * 0.7e-3 + noise, calls, rounds
    ) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("kind", "width", "lengths", "words"),
    [
        ("speculative", 6, [40], r"target calls of 6 tokens \(gamma 5\)"),
        ("bild", 11, [40], r"rounds of the execution 'bild' with 11 tokens"),
        ("speculative", 4, [16], "prompts of 16 tokens"),
    ],
)
def test_what_was_not_profiled_is_one_sentence_that_says_what_to_do(
    make_profile, kind, width, lengths, words
):
    with pytest.raises(UserError, match=words) as error:
        modelled_seconds(
            counters(4, 16, 2),
            np.array(lengths),
            make_profile(),
            kind=kind,
            width=width,
        )
    assert "a-host" in str(error.value) and "speccascade bench" in str(error.value)
