"""A model whose logits are widened, so that two with one vocabulary have one width.

Checkpoints pad their vocabularies: T5's 32,100 pieces have 32,128 logits in one file
and 32,100 in another. What is added is never drawn: its probability is 0.

    logits  [2.0  0.5  1.1]   ->   [2.0  0.5  1.1  -1e9  -1e9]      (width 5)
"""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from speccascade.models.interface import Cache, Model, Params, Prefilled, Prompts
from speccascade.models.layers import MASKED


@dataclasses.dataclass(frozen=True, kw_only=True)
class Padded:
    """`model` behind the model interface, with logits of width `width`.

    Attributes:
      model: the narrower model.
      width: V.
    """

    model: Model
    width: int

    @property
    def vocab_size(self) -> int:
        return self.width

    def prefill(self, params: Params, prompts: Prompts, decode_slots: int) -> Prefilled:
        return self.model.prefill(params, prompts, decode_slots)

    def score(
        self,
        params: Params,
        cache: Cache,
        tokens: Int[Array, "B K"],
        slots: Int[Array, " B"],
    ) -> tuple[Float[Array, "B K V"], Cache]:
        logits, cache = self.model.score(params, cache, tokens, slots)
        added = ((0, 0), (0, 0), (0, self.width - self.model.vocab_size))
        return jnp.pad(logits, added, constant_values=MASKED), cache
