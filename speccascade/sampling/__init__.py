"""From logits to a drawn token.

- `Sampling`: temperature, top-k, top-p and min-p, one value a row.
- `processed`: the distribution that tokens are drawn from, q and p alike.
- `gate`: the distribution that a rule compares with its threshold.
- `Sweeps` and its kin: which sampling value, if any, the thresholds of a curve set.
- `row_key`, `uniform`, `Uniforms`, `Role`: the random numbers, each keyed by what it
  decides.

The draw itself is `numerics.inverse_cdf`: one uniform, one token.
"""

from speccascade.sampling.keys import Role, Uniforms, row_key, uniform
from speccascade.sampling.process import gate, processed
from speccascade.sampling.settings import Sampling
from speccascade.sampling.swept import (
    SWEEPS,
    TRUNCATIONS,
    Sweeps,
    check_setting,
    check_swept,
    setting_of,
    threshold_of,
)

__all__ = [
    "SWEEPS",
    "TRUNCATIONS",
    "Role",
    "Sampling",
    "Sweeps",
    "Uniforms",
    "check_setting",
    "check_swept",
    "gate",
    "processed",
    "row_key",
    "setting_of",
    "threshold_of",
    "uniform",
]
