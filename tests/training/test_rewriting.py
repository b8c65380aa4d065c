"""Answers that the teacher writes: its own, repeatable, kept."""

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.errors import UserError
from speccascade.models.t5 import T5
from speccascade.models.t5_module import T5Config
from speccascade.training import rewriting
from speccascade.training.rewriting import rewritten

EOS = 1
TEACHER = T5(
    config=T5Config(
        vocab_size=24,
        emb_dim=16,
        num_heads=2,
        head_dim=8,
        mlp_dim=32,
        num_encoder_layers=1,
        num_decoder_layers=1,
        version="1.0",
    )
)
PARAMS = TEACHER.init(jax.random.key(0))
# Prompts of three lengths, one of them longer than the largest bucket.
PAIRS = [
    ([3 + n % 20] * (100 if n % 9 == 8 else 4 + n % 9) + [1], [2, 1]) for n in range(90)
]


def write(file, **changes):
    asked = {"count": 40, "temperature": 1.0, "seed": 5, "eos_id": EOS}
    asked |= {"report": lambda line: None}
    return rewritten(TEACHER, PARAMS, PAIRS, file, **(asked | changes))


def test_prompts_stay_and_answers_are_new_repeatable_and_ended(tmp_path):
    found = write(tmp_path / "one.jsonl")
    assert found == write(tmp_path / "other.jsonl")
    assert len(found) == 40 and len({tuple(answer) for _, answer in found}) > 10
    asked = Counter(tuple(prompt) for prompt, _ in PAIRS)
    assert not Counter(tuple(prompt) for prompt, _ in found) - asked
    for prompt, answer in found:
        assert len(prompt) < 97
        assert EOS not in answer[:-1]
        assert answer[-1] == EOS or len(answer) == 96
    assert found != write(tmp_path / "seed.jsonl", seed=6)


def test_a_second_call_reads_what_the_first_wrote(tmp_path, monkeypatch):
    found = write(tmp_path / "kept.jsonl")
    monkeypatch.delattr(rewriting, "generate")
    assert write(tmp_path / "kept.jsonl") == found


@pytest.mark.slow
def test_answers_at_temperature_0_are_the_teachers_argmaxes(tmp_path):
    for prompt, answer in write(tmp_path / "greedy.jsonl", count=5, temperature=0.0):
        tokens = jnp.array([prompt], jnp.int32)
        fed = jnp.array([[0, *answer[:-1]]], jnp.int32)
        logits = TEACHER.module.apply({"params": PARAMS}, tokens, tokens > 0, fed)
        assert np.argmax(logits[0], axis=-1).tolist() == answer


def test_more_pairs_than_fit_are_one_sentence(tmp_path):
    with pytest.raises(UserError, match="only 80 training pairs fit"):
        write(tmp_path / "x.jsonl", count=81)


@pytest.mark.parametrize("changes", [{"temperature": 0.0}, {"count": 30}, {"seed": 6}])
def test_answers_to_another_question_are_not_taken_up(tmp_path, changes):
    file = tmp_path / "kept.jsonl"
    write(file)
    with pytest.raises(UserError, match="delete it, or give this training another"):
        write(file, **changes)


def test_answers_of_another_teacher_are_not_taken_up(tmp_path, monkeypatch):
    file = tmp_path / "kept.jsonl"
    write(file)
    monkeypatch.setitem(globals(), "PARAMS", TEACHER.init(jax.random.key(1)))
    with pytest.raises(UserError, match="another teacher"):
        write(file)
