"""Floating-point operations of one output, from its counters.

Every call of a model has one shape in a program, so a row's operations are its calls
times what such a call costs, plus the prompts that were read. They are those of the row
decoded by itself: in a batch, slots that wait for a neighbour compute as well.

The width K of a call, in tokens fed, is the price of speculation and is counted whole:

    execution           target             drafter
    alone               1                  1
    speculative, bild   gamma + 1          1
    token_cascade       cap + 1            1      (the cap's default without one)
    others              1                  1

What a shorter run leaves of a call's width is padding and is fed nevertheless. Under
`bonus: target` a round's first call of the drafter feeds two tokens, the second being
padding unless the drafter lags.
"""

from collections.abc import Mapping

from speccascade.engine.request import Execution
from speccascade.models.interface import CountsFlops


def row_flops(
    execution: Execution,
    drafter: CountsFlops,
    target: CountsFlops,
    counters: Mapping[str, int | None],
    *,
    prompt_slots: int,
    max_new_tokens: int,
) -> int:
    """FLOPs of one output, as the models count them.

    Args:
      execution: that made it.
      drafter, target: the pair.
      counters: the row's.
      prompt_slots: length that its prompt was padded to.
      max_new_tokens: length limit.
    """
    decode_slots = max_new_tokens + execution.slots_fed
    target_calls = counters["target_calls"] or 0
    drafter_calls = counters["drafter_calls"] or 0
    prompts = counters["prefills"] or 0
    read_by_drafter = min(drafter_calls, 1)  # it is called in every output, or never

    # Of all executions only a token cascade cuts its width to what an output can hold.
    width = execution.slots_fed
    if execution.kind == "token_cascade":
        width = min(width, max_new_tokens)
    wide_calls = 0  # of the drafter
    if execution.kind == "speculative" and execution.bonus == "target":
        wide_calls = target_calls  # one a round
    return (
        target_calls * target.score_flops(width, decode_slots, prompt_slots)
        + (drafter_calls - wide_calls)
        * drafter.score_flops(1, decode_slots, prompt_slots)
        + wide_calls * drafter.score_flops(2, decode_slots, prompt_slots)
        + read_by_drafter * drafter.prefill_flops(prompt_slots)
        + (prompts - read_by_drafter) * target.prefill_flops(prompt_slots)
    )
