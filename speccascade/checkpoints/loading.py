"""One call for every kind of checkpoint: `load("t5x:checkpoint_1000000")`.

    scheme   PATH
    t5x      folder `checkpoint_<step>` of T5X, or a file with all arrays inline
    hf       folder of Hugging Face: config.json and safetensors
    orbax    folder of Google's library gemma
    gguf     file of llama.cpp; needs the package gguf
    mini     name of a model that ships with the project: mini:ende_docs_target

What each of them reads is on one page, docs/checkpoints.md. A scheme is a line in
`READERS` and a module with a function `read(path, dtype, overrides)`.
"""

from collections.abc import Callable, Mapping

from speccascade.checkpoints import gguf, huggingface, mini, orbax, t5x
from speccascade.checkpoints.checkpoint import Checkpoint
from speccascade.errors import UserError

Reader = Callable[[str, str, Mapping[str, object]], Checkpoint]

READERS: dict[str, Reader] = {
    "gguf": gguf.read,
    "hf": huggingface.read,
    "mini": mini.read,
    "orbax": orbax.read,
    "t5x": t5x.read,
}


def load(
    uri: str,
    *,
    dtype: str = "float32",
    overrides: Mapping[str, object] | None = None,
) -> Checkpoint:
    """Reads a checkpoint of any kind.

    Tensors are read one at a time. At most the largest of them is held twice beside
    the parameters.

    Args:
      uri: SCHEME:PATH; the schemes are those of `READERS`.
      dtype: in which the model computes, "float32" or "bfloat16"; parameters are
        float32 in both.
      overrides: fields of the model's configuration, taken instead of what the
        checkpoint says or where it says nothing.

    Raises:
      UserError: there is no such scheme, what PATH names is not there or damaged, or
        its tensors are not exactly those of the model; all of them are named at once.

    Example:
      load("mini:ende_docs_drafter").model.vocab_size  ->  6144
    """
    scheme, colon, path = uri.partition(":")
    if scheme not in READERS or not colon or not path:
        raise UserError(
            f"A checkpoint is named SCHEME:PATH, and the schemes are "
            f"{', '.join(READERS)}; {uri!r} is no such name."
        )
    return READERS[scheme](path, dtype, overrides or {})
