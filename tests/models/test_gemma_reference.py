"""Our decoder against `transformers` itself, with fresh random weights."""

import runpy
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.reference

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_gemma_golden.py"


@pytest.fixture(scope="module")
def script():
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    return runpy.run_path(str(SCRIPT))


@pytest.mark.parametrize("seed", [2, 3, 4])
@pytest.mark.parametrize("kind", ["gemma1", "gemma2", "gemma3", "llama", "qwen2"])
def test_a_fresh_decoder_equals_that_of_transformers(
    script, gemma_case_of, score_ragged, greedy_decoder, kind, seed
):
    tiny = gemma_case_of(script["make_case"](kind, seed))
    difference = np.abs(score_ragged(tiny) - tiny.logits).max()
    print(kind, seed, f"{difference:.1e}")
    assert difference < 1e-4
    tokens = greedy_decoder(tiny)
    np.testing.assert_array_equal(tokens, tiny.greedy)
    # A constant output would prove nothing.
    assert max(len(set(row)) for row in tokens.tolist()) >= 4
