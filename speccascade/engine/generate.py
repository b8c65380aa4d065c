"""The engine's one entry: a batch in, a generation out, one compiled program."""

import functools

import jax
from jaxtyping import Array, Bool

from speccascade.engine.request import Execution, PairParams, Rows
from speccascade.engine.single import decode_alone
from speccascade.engine.speculative import decode_speculatively
from speccascade.engine.state import Generation
from speccascade.models.interface import Model, Prompts
from speccascade.sampling import row_key


@functools.partial(
    jax.jit,
    static_argnames=("execution", "drafter", "target", "max_new_tokens", "eos_id"),
)
def generate(
    execution: Execution,
    drafter: Model,
    target: Model,
    params: PairParams,
    prompts: Prompts,
    rows: Rows,
    mask: Bool[Array, " V"] | None = None,
    *,
    max_new_tokens: int,
    eos_id: int,
) -> Generation:
    """Decodes a batch.

    A new program is compiled for every new execution, pair, limit or batch shape;
    thresholds, temperatures, truncation values, seeds and prompts are data.

    Args:
      execution: rule, gamma, gate and bonus policy, or one model alone.
      drafter: the small model.
      target: the large model, with the same vocabulary.
      params: of both.
      prompts: [B, L].
      rows: thresholds, sampling and random keys, one a row.
      mask: bool[V], True where a token may be written; for ids that pad the vocabulary.
      max_new_tokens: length limit T, the end token included.
      eos_id: the end token.

    Returns:
      Tokens, lengths and counters; at one batch shape a row does not depend, bit for
      bit, on its neighbours or its place.
    """
    row_keys = row_key(rows.seed, rows.example)
    limits = {"max_new_tokens": max_new_tokens, "eos_id": eos_id, "mask": mask}
    if execution.kind == "speculative":
        return decode_speculatively(
            execution, drafter, target, params, prompts, rows, row_keys, **limits
        )
    alone = execution.kind == "drafter"
    return decode_alone(
        execution,
        drafter if alone else target,
        params.drafter if alone else params.target,
        prompts,
        rows,
        row_keys,
        **limits,
    )
