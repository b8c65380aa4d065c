"""Drafting of adaptive length: the drafter stops where the target will be asked anyway.

The same as `engine.draft`, but for its length: a run (`engine.run`) of at most G tokens
that ends where the rule would defer (`adaptive: rule`) or where max q < 1 - fallback
(`adaptive: confidence`), and with the row's output. Worked example, G = 3, `^` the last
token, `$` the end token, `!` where q stops, `.` where it would have gone on:

    row   fed        q          drafted   calls   next, if all stand
    a     ^ x y      x y !      x y       3       from the law of slot 2
    b     ^ x y z    x y z .    x y z     4       from the law of slot 3, that is G
    c     ^          !          -         1       from the law of slot 0
    d     ^ x        x $        x $       2       nothing: the row has ended

1. A slot where the drafter stops is a slot like G under `bonus: law`: its q is there,
   its token comes from the rule's law. So every position follows the law, and no length
   leaves a trace in what is written.
2. That holds because a stop reads q alone, never the token that would be drawn there.
3. Where the rule reads q alone (Chow) and `adaptive` is `rule`, no drafted token is
   ever deferred: all deferred slots are stop slots, and their tokens are drawn from p.
   So every draft stands, and the drafter is called once a token.
4. The drafter is not called again once every row has stopped. The target still scores
   G + 1 tokens, the width of its program.
"""

import dataclasses

from speccascade.engine.distributions import Sampler
from speccascade.engine.draft import Draft, DrafterState
from speccascade.engine.pair import ModelState
from speccascade.engine.request import Execution, Rows
from speccascade.engine.run import write_run
from speccascade.engine.state import Ends, Output
from speccascade.engine.stopping import deferred, unsure
from speccascade.models.interface import Model, Params
from speccascade.sampling import Uniforms


def draft_adaptively(
    execution: Execution,
    model: Model,
    params: Params,
    state: DrafterState,
    output: Output,
    sampler: Sampler,
    uniforms: Uniforms,
    rows: Rows,
    ends: Ends,
) -> tuple[Draft, DrafterState]:
    """Drafts at most G tokens after `output`, one a call; needs `bonus: law`."""
    if execution.adaptive == "rule":
        asks = deferred(execution.rule, rows)
    else:
        asks = unsure(execution.fallback)
    run, after = write_run(
        model,
        params,
        ModelState(cache=state.cache, first_slot=state.first_slot),
        output,
        sampler,
        uniforms,
        asks,
        longest=execution.gamma,
        ends=ends,
        keep_q=True,
    )
    assert run.q is not None and run.gate_q is not None  # as asked for
    proposal = Draft(
        tokens=run.tokens,
        lengths=run.lengths,
        calls=run.calls,
        q=run.q,
        gate_q=run.gate_q,
    )
    return proposal, dataclasses.replace(state, cache=after.cache)
