"""Every rule as it ships, and those fields of rules that are not the default."""

from speccascade.rules import RULES, LossyStar, Rule, TokenV1, TokenV2, TokenV3

REDRAWN = {
    f"{rule.name}, redrawn": rule
    for rule in (kind(coupling="redraw") for kind in (TokenV1, TokenV2, TokenV3))
}
GRID = LossyStar(beta="grid")
VARIANTS: dict[str, Rule] = RULES | REDRAWN | {"lossy_star, grid": GRID}

# Their measure does not sum to 1; nor does that of GRID.
UNNORMALISED = {"lossy", "head_free_pass"}
WITHOUT_R = {"lossless", "lossy", "lossy_star", "mentored", "ensemble", "cactus"}
