"""Losses of teacher-forced training, and what distillation is after."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


def cross_entropy(
    logits: Float[Array, "B T V"],
    targets: Int[Array, "B T"],
    weights: Bool[Array, "B T"],
) -> Float[Array, ""]:
    """Mean of -log softmax(logits)[target] over the weighted positions, in nats."""
    picked = jnp.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    losses = jax.nn.logsumexp(logits, axis=-1) - picked
    return jnp.mean(losses, where=weights)


def distillation(
    logits: Float[Array, "B T V"],
    teacher_logits: Float[Array, "B T V"],
    weights: Bool[Array, "B T"],
) -> Float[Array, ""]:
    """Mean cross-entropy of the student under the teacher's distribution, in nats.

    Its gradient is that of KL(teacher || student) (Hinton et al., 2015), so minimising
    it raises the overlap sum_v min(q, p) that speculative decoding lives on.
    """
    teacher = jax.nn.softmax(teacher_logits, axis=-1)
    losses = jax.nn.logsumexp(logits, axis=-1) - jnp.sum(teacher * logits, axis=-1)
    return jnp.mean(losses, where=weights)


def overlap(
    logits: Float[Array, "B T V"],
    teacher_logits: Float[Array, "B T V"],
    weights: Bool[Array, "B T"],
) -> Float[Array, ""]:
    """Mean of sum_v min(q(v), p(v)) = 1 - TV(p, q), of the student's q and the p.

    It is the share of drafts that lossless speculation keeps at temperature 1
    (Leviathan et al., 2023, corollary 3.6), on the texts at hand.
    """
    student = jax.nn.softmax(logits, axis=-1)
    teacher = jax.nn.softmax(teacher_logits, axis=-1)
    common = jnp.sum(jnp.minimum(student, teacher), axis=-1)
    return jnp.mean(common, where=weights)
