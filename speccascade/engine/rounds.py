"""What an execution is to a loop: it starts rows, and it plays one round with all.

The loops (`engine.loops`) know nothing else of it, so one algorithm for batches and one
for queues serve every execution.
"""

from typing import Any, Protocol, runtime_checkable

import flax.struct
from jaxtyping import Array, Bool

from speccascade.engine.counters import Counters
from speccascade.engine.request import Rows
from speccascade.engine.state import Output
from speccascade.models.interface import Prompts
from speccascade.sampling import Uniforms


@flax.struct.dataclass
class Progress:
    """All that a row carries from round to round; axis B comes first in every leaf.

    Attributes:
      output: what was written.
      counters: what it took.
      memory: the models' caches, and what else the execution keeps of them.
    """

    output: Output
    counters: Counters
    memory: Any


@runtime_checkable
class Rounds(Protocol):
    """One execution of one pair."""

    def start(self, prompts: Prompts, active: Bool[Array, " B"]) -> Progress:
        """Reads the prompts; nothing is written yet. Inactive rows are finished."""
        ...

    def play(self, progress: Progress, rows: Rows, uniforms: Uniforms) -> Progress:
        """Every unfinished row makes progress; finished ones do not change.

        A row gains at least one token, or changes models, which it does at most once (a
        sequence cascade that defers starts its output anew).

        Args:
          progress: of all rows.
          rows: what is asked of each; `active` is not read.
          uniforms: of each.
        """
        ...
