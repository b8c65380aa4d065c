"""How tokens are sampled: one value a row, so that new values need no new program."""

import flax.struct
from jaxtyping import Array, Bool, Float, Int


@flax.struct.dataclass
class Sampling:
    """The sampling settings of B rows; every field is traced.

    Whether any row truncates at all is not among them: that is a static choice of
    `sampling.processed`, because without it neither a sort nor a search is compiled.

    Attributes:
        temperature: divides the logits; 0 is greedy decoding, the argmax.
        top_k: keep the k most probable tokens; 0 is off.
        top_p: keep the most probable tokens that together reach this mass; 1 is off.
        min_p: keep the tokens at least this fraction as probable as the most
            probable one; 0 is off.
    """

    temperature: Float[Array, " B"]
    top_k: Int[Array, " B"]
    top_p: Float[Array, " B"]
    min_p: Float[Array, " B"]

    @property
    def greedy(self) -> Bool[Array, " B"]:
        """The rows at temperature 0: the `greedy` that a rule takes."""
        return self.temperature == 0
