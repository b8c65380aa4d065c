"""The training loop: from scratch, from a checkpoint, or by distillation.

A training that is killed at any moment and launched again goes on as if nothing had
happened: parameters, optimiser state and step are one Orbax checkpoint, and the data of
a step depends on the seed and the step alone.
"""

import dataclasses
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp

from speccascade.errors import UserError
from speccascade.models.interface import Params, Prompts, Trainable
from speccascade.training import loss as losses
from speccascade.training import optimizers, recipe
from speccascade.training.batches import BUCKETS, PAD_ID, Batch, Pair, stream


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a model is trained.

    Attributes:
      steps: total number of optimiser steps.
      learning_rate: peak rate, relative to each tensor's size (`optimizers.make`).
      optimizer: "adamw" or "adafactor".
      warmup_steps: linear warm-up.
      cooldown_steps: linear cool-down that ends at `steps`.
      tokens_per_batch: rows times padded length.
      seed: of initialisation and data order.
      checkpoint_every: steps between checkpoints and validations.
      log_every: steps between progress lines.
      teacher_weight: share of the distillation loss; the rest is cross-entropy with
        the references. Needs a teacher.
    """

    steps: int
    learning_rate: float = 0.01
    optimizer: str = "adamw"
    warmup_steps: int = 200
    cooldown_steps: int = 500
    tokens_per_batch: int = 2048
    seed: int = 0
    checkpoint_every: int = 250
    log_every: int = 25
    teacher_weight: float = 0.0

    def __post_init__(self) -> None:
        for name in ("steps", "checkpoint_every", "log_every"):
            if getattr(self, name) < 1:
                raise UserError(
                    f"training.settings.{name} must be at least 1, not "
                    f"{getattr(self, name)}."
                )
        if min(self.warmup_steps, self.cooldown_steps) < 0 or (
            self.warmup_steps + self.cooldown_steps > self.steps
        ):
            raise UserError(
                f"Warm-up ({self.warmup_steps}) and cool-down ({self.cooldown_steps}) "
                f"must fit into the training's {self.steps} steps: raise "
                "training.settings.steps or lower the other two."
            )
        if self.tokens_per_batch < max(BUCKETS):
            raise UserError(
                f"training.settings.tokens_per_batch = {self.tokens_per_batch} holds "
                f"no row of {max(BUCKETS)} tokens; give at least that."
            )

    @property
    def decisive(self) -> dict[str, object]:
        """What decides the result of some number of steps, the cool-down apart."""
        found = dataclasses.asdict(self)
        for name in ("steps", "cooldown_steps", "checkpoint_every", "log_every"):
            del found[name]
        return found


@dataclasses.dataclass(frozen=True, kw_only=True)
class Teacher:
    """The model whose distributions a distilled drafter imitates."""

    model: Trainable
    params: Params


State = tuple[Params, Any]  # parameters and optimiser state


def _forced(
    model: Trainable, params: Params, batch: Batch
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Teacher-forced logits, the targets, and where they count."""
    inputs, targets = jnp.asarray(batch.inputs), jnp.asarray(batch.targets)
    lengths = jnp.sum(inputs != PAD_ID, axis=1, dtype=jnp.int32)
    prompts = Prompts(tokens=inputs, lengths=lengths)
    logits = model.answer_logits(params, prompts, targets)
    return logits, targets, targets != PAD_ID


def batch_loss(
    model: Trainable,
    params: Params,
    batch: Batch,
    teacher: tuple[Trainable, Params] | None = None,
    teacher_weight: float = 0.0,
) -> jax.Array:
    """Loss of a batch in nats per target token, EOS included; float32 scalar."""
    logits, targets, weights = _forced(model, params, batch)
    value = losses.cross_entropy(logits, targets, weights)
    if teacher is None:
        return value
    teacher_logits = _forced(*teacher, batch)[0]
    distilled = losses.distillation(logits, teacher_logits, weights)
    return (1 - teacher_weight) * value + teacher_weight * distilled


def train(
    model: Trainable,
    pairs: Sequence[Pair],
    validation: Sequence[Batch],
    settings: TrainingSettings,
    directory: Path,
    *,
    initial: Params | None = None,
    teacher: Teacher | None = None,
    evaluate: Callable[[Params], dict[str, float]] | None = None,
    buckets: Sequence[int] = BUCKETS,
    report: Callable[[str], None] = print,
) -> Params:
    """Trains a model, resuming from `directory` when it holds a checkpoint.

    Args:
      model: what to train.
      pairs: training ids, inputs and targets, each ended by EOS.
      validation: batches, at least one, whose mean loss, and overlap with the
        teacher, are logged at every checkpoint.
      settings: how to train.
      directory: where checkpoints and `progress.jsonl` go.
      initial: parameters to start from; random ones if None.
      teacher: model to distil from, if `settings.teacher_weight` > 0.
      evaluate: the task's own metric, called at every checkpoint.
      buckets: lengths that rows are padded to.
      report: takes the progress lines.

    Returns:
      The parameters after the last step.

    Raises:
      UserError: the checkpoints in `directory` are another training's, or the data do
        not fill a batch.
    """
    if (teacher is None) != (settings.teacher_weight == 0):
        raise UserError(
            "Distillation needs both: set a teacher and a teacher_weight above 0."
        )
    rate = optimizers.schedule(
        settings.learning_rate,
        settings.steps,
        settings.warmup_steps,
        settings.cooldown_steps,
    )
    optimizer = optimizers.make(settings.optimizer, rate)
    if initial is None:
        params = model.init(jax.random.key(settings.seed))
    else:
        params = jax.tree.map(jnp.copy, initial)  # the first update takes it over
    state: State = (params, optimizer.init(params))
    directory.mkdir(parents=True, exist_ok=True)
    manager = ocp.CheckpointManager(
        (directory / "checkpoints").resolve(),
        options=ocp.CheckpointManagerOptions(max_to_keep=2),
    )
    step = manager.latest_step() or 0
    master = None if teacher is None else (teacher.model, teacher.params)
    wanted = recipe.recipe(model, settings.decisive, pairs, initial, master)
    recipe.check(directory, wanted, begun=step > 0)
    if step:
        abstract = jax.tree.map(ocp.utils.to_shape_dtype_struct, state)
        restored = manager.restore(step, args=ocp.args.StandardRestore(abstract))
        state = cast(State, restored)
        report(f"resumed at step {step:,}")

    def objective(
        params: Params, batch: Batch, teacher_params: Params | None
    ) -> jax.Array:
        pair = None if teacher is None else (teacher.model, teacher_params)
        return batch_loss(model, params, batch, pair, settings.teacher_weight)

    def update(
        state: State, batch: Batch, teacher_params: Params | None
    ) -> tuple[State, jax.Array]:
        params, moments = state
        value, gradient = jax.value_and_grad(objective)(params, batch, teacher_params)
        updates, moments = optimizer.update(gradient, moments, params)
        return (optax.apply_updates(params, updates), moments), value

    def validate(
        params: Params, batch: Batch, teacher_params: Params | None
    ) -> dict[str, jax.Array]:
        logits, targets, weights = _forced(model, params, batch)
        found = {"validation_loss": losses.cross_entropy(logits, targets, weights)}
        if teacher is not None:
            wanted = _forced(teacher.model, teacher_params, batch)[0]
            found["overlap"] = losses.overlap(logits, wanted, weights)
        return found

    update = jax.jit(update, donate_argnums=0)
    validate = jax.jit(validate)
    teacher_params = None if teacher is None else teacher.params
    progress = (directory / "progress.jsonl").open("a", encoding="utf-8")
    clock = _Clock(step, settings.steps)
    with manager, progress:
        for batch in stream(
            pairs, settings.tokens_per_batch, settings.seed, step, buckets
        ):
            if step >= settings.steps:
                break
            state, value = update(state, batch, teacher_params)
            step += 1
            clock.add(batch)
            if step % settings.log_every == 0:
                line = clock.line(step, float(value))
                report(_sentence(line))
                print(json.dumps(line), file=progress, flush=True)
            if step % settings.checkpoint_every == 0 or step == settings.steps:
                manager.save(step, args=ocp.args.StandardSave(state))
                found = [validate(state[0], one, teacher_params) for one in validation]
                scores = {
                    name: float(np.mean([one[name] for one in found]))
                    for name in found[0]
                }
                if evaluate is not None:
                    scores |= evaluate(state[0])
                line = {"step": step} | scores
                report("  ".join(f"{key} {value:.4g}" for key, value in line.items()))
                print(json.dumps(line), file=progress, flush=True)
                clock.restart(step)
        manager.wait_until_finished()
    return state[0]


class _Clock:
    """Target tokens per second since the last line, and the time left."""

    def __init__(self, step: int, steps: int) -> None:
        self.steps = steps
        self.restart(step)

    def restart(self, step: int) -> None:
        self.start, self.start_step, self.tokens = time.monotonic(), step, 0

    def add(self, batch: Batch) -> None:
        self.tokens += int(np.sum(batch.inputs != PAD_ID))
        self.tokens += int(np.sum(batch.targets != PAD_ID))

    def line(self, step: int, value: float) -> dict[str, int | float]:
        seconds = time.monotonic() - self.start
        per_step = seconds / max(step - self.start_step, 1)
        line = {
            "step": step,
            "loss": round(value, 4),
            "tokens_per_s": round(self.tokens / seconds, 1),
            "left_s": round(per_step * (self.steps - step)),
        }
        self.restart(step)
        return line


def _sentence(line: dict[str, int | float]) -> str:
    minutes, seconds = divmod(int(line["left_s"]), 60)
    return (
        f"step {line['step']:,}  loss {line['loss']:.3f}  "
        f"{line['tokens_per_s']:,.0f} tokens/s  {minutes}:{seconds:02d} left"
    )
