"""One prompt, token by token: who wrote each token, and why.

- `Trace`: one method's answer; `Comparison`: several, side by side.
- `record`: the trace of the engine's own rounds (`engine.watch`).
- `forced`: a given answer as one model sees it, teacher-forced.
- `EXAMPLES`: the two examples of the authors' blog post.
"""

from speccascade.traces.blog import EXAMPLES, BlogExample
from speccascade.traces.forced import forced
from speccascade.traces.record import record
from speccascade.traces.trace import Comparison, Look, Origin, Step, Trace

__all__ = [
    "EXAMPLES",
    "BlogExample",
    "Comparison",
    "Look",
    "Origin",
    "Step",
    "Trace",
    "forced",
    "record",
]
