"""What a file says of a Gemma, filled up from the published size that it is.

Google's own checkpoints say nothing but the shapes of their tensors, GGUF files leave
out a few choices. None of those is guessed: they come from the caller, or from the
published size that has all the same dimensions, or else they are asked for.
"""

from collections.abc import Mapping

from speccascade.checkpoints.overrides import check_overrides
from speccascade.errors import UserError
from speccascade.models import GemmaConfig
from speccascade.models.gemma_sizes import published_size

# What each model of a generation chose for itself; the rest is `GemmaConfig`'s default.
CHOICES = {
    1: (),
    2: ("query_scale", "window", "global_every", "attention_cap", "final_cap"),
    3: (
        "query_scale",
        "window",
        "global_every",
        "rope_base",
        "rope_scale",
        "local_rope_base",
    ),
}


def generation(fields: Mapping[str, object]) -> int:
    """1, 2 or 3: Gemma 2 brought norms behind the blocks, Gemma 3 those of q and k."""
    return 1 + bool(fields["post_norms"]) + bool(fields["qk_norm"])


def gemma_config(
    found: Mapping[str, object], where: str, overrides: Mapping[str, object]
) -> GemmaConfig:
    """The whole configuration of a Gemma.

    Args:
      found: fields of `GemmaConfig` that the file gives, its dimensions among them.
      where: what to call the checkpoint in a message.
      overrides: fields that are given in place of the file's.

    Raises:
      UserError: an override is no field, or neither the file nor a published size nor
        an override says what the model chose.

    Example:
      dimensions of Gemma 3 270M  ->  window 512, global_every 6, ...
    """
    check_overrides(GemmaConfig, overrides)
    known = {**found, **overrides}
    kind, size = generation(known), published_size(known)
    silent = [name for name in CHOICES[kind] if name not in known]
    if silent and size is None:
        raise UserError(
            f"{where} holds a Gemma {kind} of no published size and does not say its "
            f"{', '.join(silent)}: give them as overrides."
        )
    chosen = {name: getattr(size, name) for name in silent}
    return GemmaConfig(**{**known, **chosen})  # pyright: ignore[reportArgumentType]
