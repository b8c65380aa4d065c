"""A small model cut out of a large one: fewer layers, fewer ids, the same weights.

The cut is where distillation begins; alone it writes little of sense. Layers keep their
order and must stay what they were, local or global:

    Gemma 3, 18 layers   L L L L L G  L L L L L G  L L L L L G
    cut to 0 1 2 5       L L L G      every 4th layer global
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from speccascade.errors import UserError
from speccascade.models import Gemma, GemmaConfig, Params

FIRST = 0  # padding: always among the ids, as what a model reads in place of the rest


def frequent_ids(
    texts: Iterable[Sequence[int]], count: int, also: Iterable[int] = ()
) -> Int[np.ndarray, " R"]:
    """The ids that occur most often, ascending, id 0 and `also` among them.

    Args:
      texts: token ids.
      count: R, of ids; fewer where fewer occur, more where id 0 and `also` are more.
      also: ids that are taken whether they occur or not.

    Example:
      frequent_ids([[7, 7, 9, 4, 4]], 3)  ->  [0 4 7]
    """
    taken = {FIRST, *also}
    seen = Counter(token for text in texts for token in text)
    # Of equally frequent ones the lower id: no order of the texts decides.
    ranked = sorted(seen, key=lambda token: (-seen[token], token))
    free = max(0, count - len(taken))
    taken |= set([token for token in ranked if token not in taken][:free])
    return np.array(sorted(taken), np.int32)


def cut_vocabulary(
    model: Gemma, params: Params, ids: Int[np.ndarray, " R"]
) -> tuple[Gemma, Params]:
    """The same model of the ids alone: its distributions are p(x | x in ids).

    Args:
      model: of V ids.
      params: its parameters.
      ids: int32[R], ascending.
    """
    found = dict(params)
    table = params["token_embedder"]["embedding"]
    found["token_embedder"] = {"embedding": table[jnp.asarray(ids)]}
    if not model.config.tied:
        kernel = params["logits_dense"]["kernel"]
        found["logits_dense"] = {"kernel": kernel[:, jnp.asarray(ids)]}
    config = dataclasses.replace(model.config, vocab_size=len(ids))
    return Gemma(config=config), found


def cut_layers(
    model: Gemma, params: Params, layers: Sequence[int]
) -> tuple[Gemma, Params]:
    """The same model with some of its layers, counted from 0.

    Raises:
      UserError: a layer is not there, they do not ascend, or a local one would become
        global or the other way round.
    """
    config = _with_layers(model.config, layers)
    kept: dict[str, Any] = {
        name: part for name, part in params.items() if not name.startswith("layers_")
    }
    for new, old in enumerate(layers):
        kept[f"layers_{new}"] = params[f"layers_{old}"]
    return Gemma(config=config), kept


def _with_layers(config: GemmaConfig, layers: Sequence[int]) -> GemmaConfig:
    count = config.num_layers
    ascending = list(layers) == sorted(set(layers))
    if not layers or not ascending or layers[0] < 0 or layers[-1] >= count:
        raise UserError(
            f"The layers of a cut must ascend and be among 0..{count - 1}, not "
            f"{list(layers)}."
        )
    wanted = [config.window_of(layer) for layer in layers]
    for every in range(1, len(layers) + 2):
        cut = dataclasses.replace(config, num_layers=len(layers), global_every=every)
        if [cut.window_of(new) for new in range(len(layers))] == wanted:
            return cut
    kinds = "".join("G" if window is None else "L" for window in wanted)
    raise UserError(
        f"The layers {list(layers)} are {kinds} (local, global), and a Gemma's global "
        "layers come at regular distances: choose others."
    )


def narrowed(
    pairs: Iterable[tuple[Sequence[int], Sequence[int]]], ids: Int[np.ndarray, " R"]
) -> list[tuple[list[int], list[int]]]:
    """Training pairs in the ids of a cut model; what it lacks becomes id 0.

    As a target id 0 is padding and has no loss.
    """
    places: Mapping[int, int] = {int(one): place for place, one in enumerate(ids)}
    return [
        (
            [places.get(token, FIRST) for token in prompt],
            [places.get(token, FIRST) for token in answer],
        )
        for prompt, answer in pairs
    ]
