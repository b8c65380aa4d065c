"""Losses against plain numpy, and what distillation is for."""

import jax
import jax.numpy as jnp
import numpy as np

from speccascade.training import loss


def random_case(seed: int = 0) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    rng = np.random.default_rng(seed)
    logits, teacher = rng.normal(size=(2, 3, 4, 7)).astype(np.float32)
    targets = rng.integers(0, 7, (3, 4)).astype(np.int32)
    weights = rng.random((3, 4)) < 0.7
    return tuple(map(jnp.asarray, (logits, teacher, targets, weights)))


def log_softmax(x: np.ndarray) -> np.ndarray:
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def test_cross_entropy_is_the_mean_surprise_of_the_weighted_targets():
    logits, _, targets, weights = random_case()
    surprise = -log_softmax(np.asarray(logits))
    picked = [
        surprise[row, slot, targets[row, slot]] for row, slot in np.argwhere(weights)
    ]
    found = loss.cross_entropy(logits, targets, weights)
    np.testing.assert_allclose(found, np.mean(picked), rtol=1e-6)


def test_distillation_is_least_where_student_and_teacher_agree():
    logits, teacher, _, weights = random_case()
    gradient = jax.grad(loss.distillation)(teacher, teacher, weights)
    np.testing.assert_allclose(gradient, 0, atol=1e-7)
    other = loss.distillation(logits, teacher, weights)
    assert other > loss.distillation(teacher, teacher, weights) + 0.1


def test_a_step_of_distillation_raises_the_overlap_with_the_teacher():
    logits, teacher, _, weights = random_case()

    stepped = logits - 2.0 * jax.grad(loss.distillation)(logits, teacher, weights)
    before, after = (loss.overlap(one, teacher, weights) for one in (logits, stepped))
    assert after > before + 0.01


def test_overlap_is_one_less_the_total_variation():
    logits, teacher, _, weights = random_case()
    q, p = (np.exp(log_softmax(np.asarray(one))) for one in (logits, teacher))
    distance = np.abs(q - p).sum(-1)[np.asarray(weights)] / 2
    found = loss.overlap(logits, teacher, weights)
    np.testing.assert_allclose(found, 1 - distance.mean(), rtol=1e-6)
    np.testing.assert_allclose(loss.overlap(teacher, teacher, weights), 1, rtol=1e-6)
