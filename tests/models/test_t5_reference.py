"""Our T5 against `transformers` itself, with fresh random weights."""

import runpy
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.reference

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_t5_golden.py"


@pytest.fixture(scope="module")
def script():
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    return runpy.run_path(str(SCRIPT))


@pytest.mark.parametrize("seed", [2, 3, 4])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_fresh_t5_equals_that_of_transformers(
    script, case_of, differences_from, greedy, version, seed
):
    tiny = case_of(script["make_case"](version, seed))
    found = differences_from(tiny)
    print(version, seed, {name: f"{value:.1e}" for name, value in found.items()})
    assert {name for name, value in found.items() if not value < 1e-4} == set()
    tokens = greedy(tiny)
    np.testing.assert_array_equal(tokens, tiny.expected["greedy"])
    # A constant output would prove nothing.
    assert max(len(set(row)) for row in tokens.tolist()) >= 4


def test_the_golden_buckets_are_those_of_transformers(script, golden_buckets):
    for name, fresh in script["make_buckets"]().items():
        np.testing.assert_array_equal(fresh, golden_buckets[name])
