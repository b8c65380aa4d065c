"""A drafter without parameters: it copies what followed the same words before.

Saxena (2023), prompt lookup decoding; in transformers `prompt_lookup_num_tokens`. The
last n tokens, n = N first, are sought in the prompt and the answer so far; what came
after their latest earlier occurrence is proposed. If even the last token is new, it is
proposed again.

    history   the cat sat . the cat       N = 2: "the cat" occurs before
    proposes  sat

It is a model like any other whose distribution is one-hot: q(x) = 1 at the proposed
token. A token is then kept with probability min(1, m(x)), and a rule's threshold on q
means nothing, so that only rules which read p alone make sense (`rules`, `gates`).

Like the exact toy it keeps a decoder's history: the prompt, then what is fed.
"""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from speccascade.models.interface import Params, Prefilled, Prompts
from speccascade.models.layers import MASKED


@dataclasses.dataclass(frozen=True, kw_only=True)
class PromptLookup:
    """Prompt lookup behind the model interface; its parameters are an empty tree.

    Attributes:
      vocab_size: V.
      longest: N, tokens of the longest run that is sought.
    """

    vocab_size: int
    longest: int = 3

    def prefill(self, params: Params, prompts: Prompts, decode_slots: int) -> Prefilled:
        last = prompts.lengths - 1
        return Prefilled(
            cache=jnp.pad(prompts.tokens, ((0, 0), (0, decode_slots))),
            token=jnp.take_along_axis(prompts.tokens, last[:, None], axis=1)[:, 0],
            slot=last,
        )

    def score(
        self,
        params: Params,
        cache: Int[Array, "B S"],
        tokens: Int[Array, "B K"],
        slots: Int[Array, " B"],
    ) -> tuple[Float[Array, "B K V"], Int[Array, "B S"]]:
        offsets = jnp.arange(tokens.shape[1], dtype=slots.dtype)
        positions = slots[:, None] + offsets[None, :]
        rows = jnp.arange(tokens.shape[0])[:, None]
        cache = cache.at[rows, positions].set(tokens, mode="drop")
        # Rows fed out of range propose anything: nobody looks at it.
        current = jnp.minimum(positions, cache.shape[1] - 1)
        proposed = _following(cache, current, self.longest)
        ids = jnp.arange(self.vocab_size, dtype=proposed.dtype)
        hit = proposed[..., None] == ids[None, None, :]
        return jnp.where(hit, 0.0, MASKED), cache


def _following(
    history: Int[Array, "B S"], current: Int[Array, "B K"], longest: int
) -> Int[Array, "B K"]:
    """What followed the latest of the longest earlier matches of each position."""
    slots = jnp.arange(history.shape[1], dtype=current.dtype)
    earlier = slots[None, None, :] < current[:, :, None]
    matched = jnp.zeros(earlier.shape, current.dtype)
    unbroken: Bool[Array, "B K S"] = earlier
    for back in range(longest):
        behind = current - back
        own = jnp.take_along_axis(history, jnp.maximum(behind, 0), axis=1)
        # history[slot - back] at every slot; before the beginning there is nothing.
        shifted = jnp.roll(history, back, axis=1)
        equal = shifted[:, None, :] == own[:, :, None]
        equal &= (slots >= back)[None, None, :] & (behind >= 0)[:, :, None]
        unbroken &= equal
        matched += unbroken.astype(current.dtype)
    # Longer matches first, later ones among equals.
    order = jnp.where(matched > 0, matched * history.shape[1] + slots[None, None], -1)
    best = jnp.argmax(order, axis=-1).astype(current.dtype)
    found = jnp.max(order, axis=-1) >= 0
    after = jnp.take_along_axis(history, jnp.where(found, best + 1, current), axis=1)
    return after
