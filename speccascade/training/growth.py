"""Growing a trained model: more decoder layers, nearly the same function.

New layers go on top as copies of the last trained one, with what they add to the
residual stream scaled by 0.1. So training goes on from about the loss that it had
reached, and every new weight has a gradient and the size that the optimisers' relative
steps need.

This is in the spirit of progressive stacking (Gong et al., 2019), which copies the
whole shallow stack on top of itself, at full strength.
"""

from collections.abc import Mapping
from typing import Any

from speccascade.models.interface import Params

# The kernels through which a layer writes to the residual stream.
_OUTPUTS = (
    ("self_attention", "out"),
    ("encoder_decoder_attention", "out"),
    ("mlp", "wo"),
)
# Small beside the trained layers' 1; not 0, which relative steps would leave slowly.
QUIET = 0.1


def deepen_decoder(params: Params, num_decoder_layers: int) -> Params:
    """T5 parameters with quiet copies of the last decoder layer on top.

    Args:
      params: of a T5 with at most `num_decoder_layers` decoder layers, at least one.
      num_decoder_layers: of the result.
    """
    decoder = dict(params["decoder"])
    there = sum(name.startswith("layers_") for name in decoder)
    quiet = _quiet(decoder[f"layers_{there - 1}"])
    for index in range(there, num_decoder_layers):
        decoder[f"layers_{index}"] = quiet
    return {**params, "decoder": decoder}


def _quiet(layer: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: dict(part) for name, part in layer.items()}
    for block, output in _OUTPUTS:
        kernel = found[block][output]["kernel"]
        found[block][output] = {"kernel": QUIET * kernel}
    return found
