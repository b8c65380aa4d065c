"""Rotary positions in the two spellings of `transformers`.

    before 5   "rope_theta": 1e6, "rope_local_base_freq": 1e4,
               "rope_scaling": {"rope_type": "linear", "factor": 8}
    from 5 on  "rope_parameters": {
                 "full_attention":    {"rope_type": "linear", "rope_theta": 1e6,
                                       "factor": 8},
                 "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}
               or, where all layers are alike, one of these dictionaries by itself

`rope_scaling` says "type" in older files. We have plain positions and, in layers that
see everything, linearly scaled ones.
"""

from collections.abc import Mapping
from typing import Any

from speccascade.errors import UserError

_GLOBAL, _LOCAL = "full_attention", "sliding_attention"
_BASE = 10_000.0  # of `transformers`, where nothing is said
_KINDS = ("default", "linear")


def rope_fields(
    config: Mapping[str, Any], where: str, *, windowed: bool
) -> dict[str, Any]:
    """The fields of `GemmaConfig` that concern rotary positions.

    Args:
      config: of `transformers`, in either spelling.
      where: what to call the checkpoint in a message.
      windowed: whether some layers have a window.

    Raises:
      UserError: positions are scaled in a way that we do not have.
    """
    everywhere, local = _by_layer(config)
    fields = {
        "rope_base": float(everywhere["rope_theta"]),
        "rope_scale": _scale(everywhere, where),
        "local_rope_base": None,
    }
    if not windowed:
        return fields
    if _scale(everywhere if local is None else local, where) != 1.0:
        raise UserError(
            f"{where} scales the positions of layers with a window, too; we have "
            "scaled positions in the others only."
        )
    if local is not None:
        fields["local_rope_base"] = float(local["rope_theta"])
    return fields


def _by_layer(
    config: Mapping[str, Any],
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """The newer dictionaries: of global layers; of local ones where they differ."""
    base = {"rope_theta": config.get("rope_theta", _BASE)}
    local_base = config.get("rope_local_base_freq")
    local = None if local_base is None else {"rope_theta": local_base}
    written = config.get("rope_parameters")
    if written is None:
        return {**base, **(config.get("rope_scaling") or {})}, local
    if _GLOBAL not in written and _LOCAL not in written:
        return {**base, **written}, local
    everywhere = written.get(_GLOBAL) or {}
    return {**base, **everywhere}, {**(local or base), **(written.get(_LOCAL) or {})}


def _scale(parameters: Mapping[str, Any], where: str) -> float:
    """By which positions are divided."""
    kind = parameters.get("rope_type", parameters.get("type", "default"))
    if kind not in _KINDS:
        raise UserError(
            f"{where} has rotary positions of type {kind}; our decoders have "
            f"{' and '.join(_KINDS)}."
        )
    partial = parameters.get("partial_rotary_factor", 1.0)
    if partial != 1.0:
        raise UserError(
            f"{where} turns {partial} of each head only; our decoders turn all of it."
        )
    return float(parameters["factor"]) if kind == "linear" else 1.0
