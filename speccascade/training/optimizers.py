"""Optimisers and the learning-rate schedule, from optax."""

import jax
import optax

from speccascade.errors import UserError
from speccascade.models.interface import Params

# Gradients are clipped to this global norm; T5 trains with and without, but a small
# model at a high rate meets an occasional bad batch.
CLIP_NORM = 1.0
WEIGHT_DECAY = 0.01


def schedule(
    learning_rate: float, steps: int, warmup_steps: int, cooldown_steps: int
) -> optax.Schedule:
    """Linear warm-up, a constant stretch, and a linear cool-down to zero at `steps`.

    A training that may be prolonged keeps its constant stretch: before the cool-down
    begins, the rate does not depend on `steps`.
    """
    return optax.join_schedules(
        [
            optax.linear_schedule(0.0, learning_rate, warmup_steps),
            optax.constant_schedule(learning_rate),
            optax.linear_schedule(learning_rate, 0.0, cooldown_steps),
        ],
        [warmup_steps, steps - cooldown_steps],
    )


def make(name: str, rate: optax.Schedule) -> optax.GradientTransformation:
    """The optimiser called `name`.

    Args:
      name: "adafactor" (Shazeer and Stern, 2018) or "adamw". In both a step is
        relative to the root mean square of the tensor it changes: T5's embeddings are
        initialised 16 to 100 times larger than its kernels, and one absolute rate
        fits only one of them. With adamw the scales of norms, which are around 1 or,
        as their difference to it, around 0, take absolute steps.
      rate: learning rate by step; about 0.01 suits both.
    """
    if name == "adafactor":
        return optax.adafactor(rate, multiply_by_parameter_scale=True)
    if name == "adamw":
        return optax.chain(
            optax.clip_by_global_norm(CLIP_NORM),
            optax.scale_by_adam(b1=0.9, b2=0.98, eps=1e-8),
            optax.masked(optax.scale_by_param_block_rms(), _not_norms),
            optax.add_decayed_weights(WEIGHT_DECAY),
            optax.scale_by_learning_rate(rate),
        )
    raise UserError(f"Unknown optimizer {name!r}: choose adafactor or adamw.")


def _not_norms(params: Params) -> Params:
    """True at every tensor but the scales of norms."""
    return jax.tree_util.tree_map_with_path(
        lambda path, _: path[-1].key != "scale", params
    )
