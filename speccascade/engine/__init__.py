"""The engine: drafts, verifies, accepts or resamples, commits; knows no rule by name.

- `Execution`, `Rows`, `PairParams`: what is asked for, static and traced.
- `generate`: one batch, one compiled program, no host in the loop.
- `generate_queued`: the same for more rows than slots, to make records faster.
- `Generation`, `Counters`: what comes back.
- `watch`: one row, round by round, with what each round looked at.
- `ratios`: every rate that is derived from the counters.
"""

from speccascade.engine.counters import Counters, ratios
from speccascade.engine.generate import generate, generate_queued
from speccascade.engine.request import Execution, PairParams, Rows
from speccascade.engine.state import Generation
from speccascade.engine.watch import Round, watch

__all__ = [
    "Counters",
    "Execution",
    "Generation",
    "PairParams",
    "Round",
    "Rows",
    "generate",
    "generate_queued",
    "ratios",
    "watch",
]
