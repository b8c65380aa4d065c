"""Every rule as it ships, and those fields of rules that are not the default."""

from speccascade.rules import RULES, Rule, TokenV1, TokenV2, TokenV3

REDRAWN = {
    f"{rule.name}, redrawn": rule
    for rule in (kind(coupling="redraw") for kind in (TokenV1, TokenV2, TokenV3))
}
VARIANTS: dict[str, Rule] = RULES | REDRAWN

# Their measure does not sum to 1.
UNNORMALISED = {"lossy"}
