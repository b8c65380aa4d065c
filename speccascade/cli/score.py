"""`speccascade score`: teacher-forced logits of any checkpoint on given token ids.

Nothing is added to the ids: no start token, no end token, no prompt.

    tokens          int[B, T]   decoder-only models; position t sees tokens 0..t
    encoder_tokens  int[B, L]   T5; id 0 is padding and is not attended to
    decoder_tokens  int[B, T]   T5; what the decoder is fed, 0 (the start) first
    ->
    logits          float32[B, T, V], after each token of the decoder
"""

import argparse
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from speccascade.checkpoints import Checkpoint, load
from speccascade.cli.guard import OK
from speccascade.errors import UserError
from speccascade.files import replace
from speccascade.models import T5, Prompts

DESCRIPTION = (
    "Writes the teacher-forced logits (float32[B, T, V]) of a checkpoint on given "
    "token ids. The .npz holds tokens [B, T] for decoder-only models, encoder_tokens "
    "[B, L] (0 is padding) and decoder_tokens [B, T] for T5; ids are taken as given. "
    "docs/checkpoints.md says how checkpoints are named."
)
ENCODER, DECODER, ALONE = "encoder_tokens", "decoder_tokens", "tokens"


def main(arguments: Sequence[str]) -> int:
    """Loads, scores, writes."""
    parser = argparse.ArgumentParser(prog="speccascade score", description=DESCRIPTION)
    parser.add_argument(
        "--model", required=True, metavar="URI", help="such as t5x:checkpoint_1000000"
    )
    parser.add_argument("--tokens", required=True, metavar="FILE.npz", help="token ids")
    parser.add_argument("--out", required=True, metavar="FILE.npz", help="logits")
    asked = parser.parse_args(list(arguments))
    # A mistake in the ids shows before a large checkpoint is read.
    arrays = read_ids(Path(asked.tokens))
    checkpoint = load(asked.model)
    logits = _logits(checkpoint, arrays, asked.tokens)
    _write(Path(asked.out), logits)
    print(f"{asked.out}: logits {list(logits.shape)}, float32")
    return OK


def read_ids(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file that are ids, int[B, T] each.

    Raises:
      UserError: the file is none, or an array is no table of whole numbers.
    """
    try:
        # A lone array is opened too, and is no context.
        with np.load(path, allow_pickle=False) as file:
            arrays = {
                name: file[name] for name in (ENCODER, DECODER, ALONE) if name in file
            }
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (EOFError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is no .npz file of arrays ({error}).") from error
    for name, array in arrays.items():
        if array.ndim != 2 or not array.size or array.dtype.kind not in "iu":
            raise UserError(
                f"{name} of {path} must be whole numbers in a table [rows, positions] "
                f"that is not empty; it is {array.dtype}{list(array.shape)}."
            )
    return arrays


def _logits(
    checkpoint: Checkpoint, arrays: dict[str, np.ndarray], where: str
) -> np.ndarray:
    model, params = checkpoint.model, checkpoint.params
    wanted = (ENCODER, DECODER) if isinstance(model, T5) else (ALONE,)
    if set(arrays) != set(wanted):
        raise UserError(
            f"{where} must hold {' and '.join(wanted)} for this model; it holds "
            f"{' and '.join(arrays) or 'none of them'}."
        )
    ids = [_checked(arrays[name], name, model.vocab_size, where) for name in wanted]
    if isinstance(model, T5):
        encoder, decoder = ids
        if len(encoder) != len(decoder):
            raise UserError(
                f"{ENCODER} of {where} has {len(encoder)} rows, {DECODER} "
                f"{len(decoder)}."
            )
        valid = encoder > 0
        if not valid.any(1).all():
            raise UserError(f"A row of {ENCODER} in {where} holds nothing but padding.")
        run = jax.jit(model.module.apply)
        return np.asarray(run({"params": params}, encoder, valid, decoder))
    (tokens,) = ids

    @jax.jit
    def score(params, tokens):
        # A prompt of one token, which is fed again, with all that follow it.
        prompts = Prompts(
            tokens=tokens[:, :1], lengths=jnp.ones(len(tokens), jnp.int32)
        )
        first = model.prefill(params, prompts, tokens.shape[1])
        return model.score(params, first.cache, tokens, first.slot)[0]

    return np.asarray(score(params, tokens))


def _checked(array: np.ndarray, name: str, size: int, where: str) -> jax.Array:
    if array.min() < 0 or array.max() >= size:
        raise UserError(
            f"{name} of {where} has ids from {array.min()} to {array.max()}; this "
            f"model's are 0 to {size - 1}."
        )
    return jnp.asarray(array.astype(np.int32))


def _write(path: Path, logits: np.ndarray) -> None:
    content = io.BytesIO()
    np.savez(content, logits=logits)
    try:
        replace(path, content.getvalue())
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error
