"""pass@1: the share of answers whose tests end without an exception, by running them.

What an answer is scored against is Python text, its tests. Where an answer goes on with
a text instead of standing alone, that text comes first, up to a mark:

    def double(x):
        \"\"\"Twice x.\"\"\"
    # ---- the answer stands above, its tests below ----
    assert double(2) == 4
"""

import dataclasses
import platform

import numpy as np

from speccascade.errors import UserError
from speccascade.tasks import sandbox
from speccascade.tasks.metrics import Parts, Scores
from speccascade.tasks.sandbox import Limits

# Ends what the answer goes on with; a line that no data set has.
MARK = "# ---- the answer stands above, its tests below ----\n"
REMEDY = (
    "Scoring it runs programs that a model wrote, which is off by default. "
    "task.allow_code_execution=true runs them: each in an interpreter of its own, "
    "without network, files or rights, within limits of time and memory, after a "
    "self-test of that sandbox; it lowers the risk of running unknown programs, and "
    "does not remove it."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PassAt1:
    """Share of answers that pass all their tests, in percent, Chen et al. (2021).

    One answer an example is run, so no estimator is needed: pass@1 is a mean.

    Parts: 1 if the answer passed, else 0; and 1.

    Attributes:
      limits: of an answer and its tests together.
      allowed: whether programs may be run; it changes no score.
    """

    limits: Limits = dataclasses.field(default_factory=Limits)
    allowed: bool = False

    @property
    def name(self) -> str:
        return "pass_at_1"

    @property
    def signature(self) -> str:
        limits = self.limits
        return (
            f"pass@1|cpu_s:{limits.cpu_s}|wall_s:{limits.wall_s:g}|memory_mb:"
            f"{limits.memory_mb}|file_mb:{limits.file_mb}|modules:standard_library"
            f"|version:python-{platform.python_version()}"
        )

    def parts(self, prediction: str, reference: str) -> list[float]:
        """Runs the prediction with the tests in the reference.

        Raises:
          UserError: programs may not be run, or this machine has no sandbox for them.
        """
        if not self.allowed:
            raise UserError(f"pass@1 is not computed. {REMEDY}")
        before, mark, tests = reference.rpartition(MARK)
        program = before + prediction if mark else prediction
        return [float(sandbox.run(program, tests, self.limits).passed), 1.0]

    def combine(self, parts: Parts) -> Scores:
        passed, count = parts[..., 0], parts[..., 1]
        return np.asarray(100 * passed / np.maximum(count, 1))
