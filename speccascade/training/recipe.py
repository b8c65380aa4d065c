"""What a training is made of: a checkpoint is only ever taken up by the same training.

Beside the checkpoints lies `recipe.json`, written when the training begins. The number
of steps and the cool-down are not part of it, so that a training can be prolonged.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from speccascade.errors import UserError
from speccascade.models.interface import Params, Trainable
from speccascade.training.batches import Pair

FILE_NAME = "recipe.json"


def recipe(
    model: Trainable,
    settings: Mapping[str, Any],
    pairs: Sequence[Pair],
    initial: Params | None,
    teacher: tuple[Trainable, Params] | None,
) -> dict[str, Any]:
    """Everything that decides what a training of some length comes to, flat.

    Args:
      model: what is trained.
      settings: the settings that decide the result.
      pairs: training ids.
      initial: parameters that it starts from, if not random ones.
      teacher: model and parameters that it is distilled from, if any.
    """
    # What is false is not there: a training that began before the field goes on.
    shape = dataclasses.asdict(model.config)
    found = {f"model.{k}": v for k, v in shape.items() if v is not False}
    found |= {f"settings.{k}": v for k, v in settings.items()}
    data = hashlib.sha256(
        json.dumps([list(map(list, pair)) for pair in pairs]).encode()
    )
    found["training data"] = data.hexdigest()
    found["initial weights"] = None if initial is None else params_sha256(initial)
    found["teacher"] = None if teacher is None else params_sha256(teacher[1])
    return found


def check(directory: Path, wanted: Mapping[str, Any], *, begun: bool) -> None:
    """Writes the recipe of a training that begins; compares that of one that goes on.

    Raises:
      UserError: the checkpoints in `directory` are another training's.
    """
    path = directory / FILE_NAME
    if not begun:
        path.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
        return
    there = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    differing = sorted(
        name for name in {*wanted, *there} if wanted.get(name) != there.get(name)
    )
    if differing:
        raise UserError(
            f"{directory} holds checkpoints of a training that differs in "
            f"{', '.join(differing)}; delete the folder to begin anew, or give this "
            "training another name."
        )


def params_sha256(params: Params) -> str:
    """Of every parameter's name and bytes."""
    digest = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        digest.update(jax.tree_util.keystr(path).encode())
        digest.update(np.asarray(leaf).tobytes())
    return digest.hexdigest()
