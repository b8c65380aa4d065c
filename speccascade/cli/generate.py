"""`speccascade generate`: text from one checkpoint, for first contact.

A T5's prompt is closed by the end token, and so is that of a decoder that we trained to
answer; any other decoder goes on with its prompt, which begins with the vocabulary's
BOS. With --chat the prompt is a user's turn, as the checkpoint's template writes it.
Ids of a file are taken as given.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from speccascade.checkpoints import Checkpoint, load
from speccascade.cli.guard import OK
from speccascade.cli.score import ALONE, read_ids
from speccascade.engine import Execution, PairParams, generate
from speccascade.engine.batch import RowRequest, make_batch
from speccascade.errors import UserError, require
from speccascade.models import T5

DESCRIPTION = (
    "Writes what one checkpoint answers: text to --prompt, or ids to the rows of "
    "tokens [B, T] in an .npz file, in which -1 is padding on the right. "
    "docs/checkpoints.md says how checkpoints are named."
)
EOS_ID = 1  # of T5, Gemma and our own vocabulary, for checkpoints that bring none
PADDING = -1
BUCKET = 64  # prompts are padded to a multiple of this


def main(arguments: Sequence[str]) -> int:
    """Loads, generates, prints."""
    parser = argparse.ArgumentParser(
        prog="speccascade generate", description=DESCRIPTION
    )
    parser.add_argument(
        "--model", required=True, metavar="URI", help="such as mini:ende_docs_target"
    )
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--prompt", help="text")
    given.add_argument("--tokens", metavar="FILE.npz", help="token ids")
    parser.add_argument(
        "--chat",
        action="store_true",
        help="ask through the checkpoint's chat template; the prompt is a user's turn",
    )
    parser.add_argument("--max-new-tokens", type=int, default=64, metavar="N")
    parser.add_argument("--temperature", type=float, default=0.0, help="0 is greedy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    asked = parser.parse_args(list(arguments))
    require(asked.max_new_tokens >= 1, "--max-new-tokens must be at least 1")
    require(asked.temperature >= 0, "--temperature must be 0 (greedy) or above")
    require(not asked.chat or asked.tokens is None, "--chat goes with --prompt")
    # A mistake in the ids shows before a large checkpoint is read.
    rows = None if asked.tokens is None else _rows(Path(asked.tokens))
    checkpoint = load(asked.model, dtype=asked.dtype)
    if rows is None:
        rows = [_encoded(checkpoint, asked.prompt, asked.model, chat=asked.chat)]
    requests = [
        RowRequest(
            tokens=row,
            example=number,
            temperature=asked.temperature,
            seed=asked.seed,
        )
        for number, row in enumerate(rows)
    ]
    start = time.perf_counter()
    answers = _generate(checkpoint, requests, asked.max_new_tokens, chat=asked.chat)
    seconds = time.perf_counter() - start
    for answer in answers:
        if asked.prompt is not None and checkpoint.vocabulary is not None:
            vocabulary = checkpoint.vocabulary
            decode = vocabulary.decode_chat if asked.chat else vocabulary.decode
            print(decode(answer))
        else:
            print(" ".join(map(str, answer)))
    count = sum(map(len, answers))
    print(f"{count} tokens in {seconds:.1f} s, compilation included")
    return OK


def _rows(path: Path) -> list[list[int]]:
    """Prompts of a file, without their padding."""
    arrays = read_ids(path)
    if ALONE not in arrays:
        raise UserError(f"{path} must hold {ALONE}.")
    tokens = arrays[ALONE].astype(np.int64)
    inside = tokens != PADDING
    if not inside[:, 0].all() or (np.diff(inside.astype(int), axis=1) > 0).any():
        raise UserError(
            f"A row of {ALONE} in {path} has {PADDING}, padding, before its end."
        )
    return [row[kept].tolist() for row, kept in zip(tokens, inside, strict=True)]


def _encoded(checkpoint: Checkpoint, prompt: str, uri: str, *, chat: bool) -> list[int]:
    vocabulary = checkpoint.vocabulary
    if vocabulary is None:
        raise UserError(
            f"{uri} brings no vocabulary, so that a text means nothing to it: give "
            "--tokens."
        )
    if chat:
        return vocabulary.encode_chat(prompt)
    closed = isinstance(checkpoint.model, T5) or checkpoint.closed_prompts
    return vocabulary.encode(prompt) if closed else vocabulary.encode_open(prompt)


def _generate(
    checkpoint: Checkpoint, requests: Sequence[RowRequest], limit: int, *, chat: bool
) -> list[list[int]]:
    """Ids of each answer, the end token included."""
    model, vocabulary = checkpoint.model, checkpoint.vocabulary
    ids = [token for one in requests for token in one.tokens]
    if min(ids) < 0 or max(ids) >= model.vocab_size:
        raise UserError(
            f"The prompts have ids from {min(ids)} to {max(ids)}; this model's are 0 "
            f"to {model.vocab_size - 1}."
        )
    longest = max(len(one.tokens) for one in requests)
    length = -(-longest // BUCKET) * BUCKET
    params = model.for_decoding(checkpoint.params)
    generation = generate(
        Execution(kind="target"),
        model,
        model,
        PairParams(drafter=None, target=params),
        *make_batch(requests, length, len(requests)),
        None if vocabulary is None else vocabulary.mask(model.vocab_size),
        vocabulary.turn_ends(model.vocab_size) if vocabulary and chat else None,
        max_new_tokens=limit,
        eos_id=EOS_ID if vocabulary is None else vocabulary.eos_id,
    )
    tokens, lengths = np.asarray(generation.tokens), np.asarray(generation.lengths)
    return [row[:end].tolist() for row, end in zip(tokens, lengths, strict=True)]
