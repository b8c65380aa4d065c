"""From the tensors of a foreign file to our parameter tree, one tensor at a time.

A family of checkpoints says where each of our tensors comes from (`Origin`): the names
of the foreign tensors and what to do with them. Everything else is here: names and
shapes are compared before anything is read, and all that is wrong is said in one
sentence; then tensors are read, the largest first, so that the copies in flight are
largest while little is held, and let go as soon as nothing of ours needs them.

    ours                         foreign                  transform
    embedding          [V, D]    ("shared.weight",)       as it is
    wo/kernel          [F, D]    ("mlp.wo.weight",)       lambda x: x.T
    layers_3/scale     [D]       ("layers/scale",)        lambda x: x[:, 3]

A transform indexes, transposes, reshapes, joins or multiplies; it is tried on the
shapes alone first.
"""

import functools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np

from speccascade.checkpoints.handover import to_jax
from speccascade.errors import UserError
from speccascade.models import Trainable

NAMES_LISTED = 20  # a message names that many tensors of a kind, and counts the rest


@runtime_checkable
class Source(Protocol):
    """The tensors of one checkpoint."""

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shape of every tensor, by name; reads none of them."""
        ...

    def read(self, name: str) -> np.ndarray:
        """One tensor, in the type that is stored; asked for once, so it may be moved.

        Raises:
          UserError: what is stored is damaged, or of a type that we do not read.
        """
        ...


def as_it_is(tensor: np.ndarray) -> np.ndarray:
    """The transform of a tensor that both sides write alike."""
    return tensor


class Origin(NamedTuple):
    """Where one of our tensors comes from.

    Attributes:
      names: of the foreign tensors that it is made of.
      transform: from those, in this order, to ours.
    """

    names: tuple[str, ...]
    transform: Callable[..., np.ndarray] = as_it_is


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a family makes of a checkpoint, before a tensor is read.

    Attributes:
      model: what it holds.
      origins: for every tensor of ours, joined by "/", where it comes from.
      copies: foreign tensors that must equal another one, by name, where they are
        there at all.
      ignored: foreign tensors that no model uses; a family that names one says why.
    """

    model: Trainable
    origins: Mapping[str, Origin]
    copies: Mapping[str, str] = field(default_factory=dict)
    ignored: Collection[str] = ()


@functools.lru_cache(maxsize=8)
def model_shapes(model: Trainable) -> Mapping[str, Any]:
    """The tree of shapes of a model's parameters; tracing it takes a while."""
    return jax.eval_shape(model.init, jax.random.key(0))


def assemble_model(source: Source, plan: Plan, where: str) -> dict[str, Any]:
    """`assemble` for a plan."""
    return assemble(
        source,
        plan.origins,
        model_shapes(plan.model),
        where,
        copies=plan.copies,
        ignored=plan.ignored,
    )


def assemble(
    source: Source,
    origins: Mapping[str, Origin],
    expected: Mapping[str, Any],
    where: str,
    *,
    copies: Mapping[str, str] | None = None,
    ignored: Collection[str] = (),
) -> dict[str, Any]:
    """Reads a checkpoint into our parameter tree.

    Args:
      source: of the tensors.
      origins: for every tensor of ours, joined by "/", where it comes from.
      expected: tree of shapes, as `jax.eval_shape(model.init, key)` gives it.
      where: what to call the checkpoint in a message.
      copies: foreign tensors that must equal another one, by name, where they are
        there at all.
      ignored: foreign tensors that no model uses; a family that names one says why.

    Returns:
      Nested dictionary of float32 arrays with the names and shapes of `expected`.

    Raises:
      UserError: tensors are missing, unexpected or misshapen, are no floating-point
        numbers, or a copy differs from its original.
    """
    shapes, stored = flatten(expected), source.shapes()
    check(stored, origins, shapes, where, {*(copies or {}), *ignored})
    copies_of: dict[str, list[str]] = {}
    for copy, original in (copies or {}).items():
        if copy in stored:
            copies_of.setdefault(original, []).append(copy)
    uses = Counter(name for origin in origins.values() for name in origin.names)
    held: dict[str, np.ndarray] = {}
    built = {}
    for ours in _largest_first(origins, stored):
        names, transform = origins[ours]
        for name in names:
            if name not in held:
                held[name] = _floating(source.read(name), name, where)
                for copy in copies_of.get(name, ()):
                    if not np.array_equal(held[name], source.read(copy)):
                        raise UserError(f"{where} has a {copy} that is not its {name}.")
        tensor = transform(*(held[name] for name in names))
        if tensor.shape != shapes[ours].shape:
            raise UserError(
                f"{where} announces another shape than it stores for {names[0]}."
            )
        built[ours] = to_jax(tensor)
        del tensor
        uses.subtract(names)
        for name in names:
            if not uses[name]:
                held.pop(name, None)
    return flax.traverse_util.unflatten_dict(built, sep="/")


def flatten(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The leaves of a nested dictionary, by their names joined with "/"."""
    return dict(flax.traverse_util.flatten_dict(dict(tree), sep="/"))


def _largest_first(
    origins: Mapping[str, Origin], stored: Mapping[str, tuple[int, ...]]
) -> list[str]:
    """Our names, those that share foreign tensors next to each other."""

    def size(ours: str) -> tuple[int, tuple[str, ...]]:
        names = origins[ours].names
        return -sum(int(np.prod(stored[name])) for name in names), names

    return sorted(origins, key=size)


def _floating(tensor: np.ndarray, name: str, where: str) -> np.ndarray:
    if not jnp.issubdtype(tensor.dtype, jnp.floating):
        raise UserError(
            f"{where} stores {name} as {tensor.dtype}; parameters must be "
            "floating-point numbers."
        )
    return tensor


def check(
    stored: Mapping[str, tuple[int, ...]],
    origins: Mapping[str, Origin],
    expected: Mapping[str, Any],
    where: str,
    known: Collection[str] = (),
) -> None:
    """Raises one error for all that is missing, unexpected or misshapen.

    Args:
      stored: shapes of the foreign tensors.
      origins: for every tensor of ours, where it comes from.
      expected: shapes of ours, by name.
      where: what to call the checkpoint in the message.
      known: foreign tensors that may be there and are not used.

    Raises:
      UserError: names everything.
    """
    if origins.keys() != expected.keys():  # a family forgot a tensor: a defect
        raise ValueError(f"no origin for {sorted(expected.keys() - origins.keys())}")
    used = {name for origin in origins.values() for name in origin.names}
    faults = []
    if missing := used - stored.keys():
        faults.append(f"lacks {_listed(missing)}")
    if unexpected := stored.keys() - used - set(known):
        faults.append(f"has the unexpected {_listed(unexpected)}")
    wrong = {}
    for ours, origin in origins.items():
        if not missing.isdisjoint(origin.names):
            continue
        shapes = [stored[name] for name in origin.names]
        fault = _misshapen(origin, shapes, tuple(expected[ours].shape))
        if fault:
            wrong.setdefault(origin.names, fault)
    if wrong:
        faults.append(f"has {_listed(wrong.values())}")
    if faults:
        raise UserError(
            f"{where} does not hold this model's tensors: it {' and '.join(faults)}."
        )


def _misshapen(
    origin: Origin, shapes: list[tuple[int, ...]], expected: tuple[int, ...]
) -> str | None:
    """What is wrong with the shapes of one origin, or None."""
    stored = ", ".join(
        f"{name} {shape}" for name, shape in zip(origin.names, shapes, strict=True)
    )
    # Arrays of one number, seen as whole tensors: no memory is taken.
    empty = [np.broadcast_to(np.zeros((), np.float32), shape) for shape in shapes]
    try:
        found = origin.transform(*empty).shape
    except (ValueError, IndexError):
        return f"{stored}, which does not become {expected}"
    if found == expected:
        return None
    if [found] == shapes:
        return f"{stored} instead of {expected}"
    return f"{stored}, which becomes {found} instead of {expected}"


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    shown = ", ".join(ordered[:NAMES_LISTED])
    rest = len(ordered) - NAMES_LISTED
    return f"{shown} and {rest} more" if rest > 0 else shown
