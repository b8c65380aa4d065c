"""Training: it learns, it resumes exactly, it distils."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.errors import UserError
from speccascade.models.t5 import T5
from speccascade.models.t5_module import T5Config
from speccascade.training.batches import epoch
from speccascade.training.loop import Teacher, TrainingSettings, batch_loss, train

MODEL = T5(
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


def copying_task(count: int = 256) -> list[tuple[list[int], list[int]]]:
    """Targets repeat the first input token three times: learnt within seconds."""
    rng = np.random.default_rng(0)
    rows = rng.integers(2, 24, (count, 6)).tolist()
    return [([*row, 1], [row[0]] * 3 + [1]) for row in rows]


def settings(**changes: object) -> TrainingSettings:
    chosen = {
        "steps": 12,
        "warmup_steps": 2,
        "cooldown_steps": 4,
        "tokens_per_batch": 256,
        "checkpoint_every": 4,
        "log_every": 2,
        "learning_rate": 0.03,
    }
    return TrainingSettings(**(chosen | changes))


def run(folder: Path, **changes: object):
    pairs = copying_task()
    extra = {key: changes.pop(key) for key in ("teacher", "initial") if key in changes}
    return train(
        MODEL,
        pairs,
        list(epoch(pairs, 256, 9, 0))[:2],
        settings(**changes),
        folder,
        report=lambda line: None,
        **extra,
    )


def test_the_loss_falls_and_progress_is_written_down(tmp_path):
    run(tmp_path, steps=60)
    text = (tmp_path / "progress.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[-1] < 0.6 * losses[0]
    assert {"tokens_per_s", "left_s"} <= set(lines[0])
    assert "validation_loss" in lines[-1]


def test_a_training_that_was_stopped_goes_on_bit_for_bit(tmp_path):
    unbroken = run(tmp_path / "unbroken")

    class Killed(Exception):
        pass

    def killed_after_step_6(line: str) -> None:
        if line.startswith("step 6 "):
            raise Killed

    pairs = copying_task()
    with pytest.raises(Killed):
        train(
            MODEL,
            pairs,
            list(epoch(pairs, 256, 9, 0))[:2],
            settings(),
            tmp_path / "broken",
            report=killed_after_step_6,
        )
    resumed = run(tmp_path / "broken")
    for one, other in zip(
        jax.tree.leaves(unbroken), jax.tree.leaves(resumed), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_student_comes_near_its_teacher_and_not_only_the_references(tmp_path):
    teacher = Teacher(model=MODEL, params=MODEL.init(jax.random.key(5)))
    batch = next(epoch(copying_task(), 256, 1, 0))

    def distance(params) -> float:
        pair = (teacher.model, teacher.params)
        return float(batch_loss(MODEL, params, batch, pair, teacher_weight=1.0))

    taught = run(tmp_path / "taught", teacher=teacher, teacher_weight=1.0, steps=40)
    untaught = run(tmp_path / "untaught", steps=40)
    assert distance(taught) < distance(untaught) - 0.3


def test_training_starts_from_given_weights(tmp_path):
    initial = MODEL.init(jax.random.key(3))
    kept = jax.tree.map(jnp.copy, initial)
    after = run(tmp_path, initial=initial, steps=1, cooldown_steps=0, warmup_steps=1)
    # The first step of a warm-up has rate 0.
    for one, other in zip(jax.tree.leaves(kept), jax.tree.leaves(after), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"learning_rate": 0.01}, "differs in settings.learning_rate;"),
        ({"seed": 5}, "differs in settings.seed;"),
        ({"initial": MODEL.init(jax.random.key(7))}, "differs in initial weights;"),
    ],
    ids=["learning_rate", "seed", "initial"],
)
def test_checkpoints_of_another_training_are_refused(tmp_path, changes, named):
    run(tmp_path, steps=6)
    with pytest.raises(UserError, match=named):
        run(tmp_path, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tokens_per_batch": 64}, "holds no row of 96 tokens"),
        ({"steps": 10, "warmup_steps": 8}, r"Warm-up \(8\) and cool-down \(4\)"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"log_every": 0}, "log_every must be at least 1"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_sentence(changes, said):
    with pytest.raises(UserError, match=said):
        settings(**changes)


def test_a_teacher_without_weight_is_refused(tmp_path):
    teacher = Teacher(model=MODEL, params=MODEL.init(jax.random.key(5)))
    with pytest.raises(UserError, match="teacher_weight"):
        run(tmp_path, teacher=teacher)
