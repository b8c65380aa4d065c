"""A given answer as one model sees it: teacher-forced, nothing is generated."""

import jax
import jax.numpy as jnp
import numpy as np

from speccascade.checkpoints import Checkpoint
from speccascade.errors import UserError
from speccascade.models import T5, Prompts
from speccascade.tasks.question import OPEN_FORM
from speccascade.traces.trace import Look, Origin, Step, Trace, shown


def forced(checkpoint: Checkpoint, question: str, answer: str, label: str) -> Trace:
    """The probability of every token of `answer`, each after those before it.

    Args:
      checkpoint: the model, with its vocabulary.
      question: text.
      answer: text that follows; no end token is added, for it may go on.
      label: of the trace.

    Raises:
      UserError: the checkpoint brings no vocabulary.
    """
    model, vocabulary = checkpoint.model, checkpoint.vocabulary
    if vocabulary is None:
        raise UserError(
            "The model that answers are forced through brings no vocabulary: take "
            "another checkpoint."
        )
    if isinstance(model, T5) or checkpoint.closed_prompts:
        prompt, ids = vocabulary.encode(question), vocabulary.encode_alone(answer)
    else:
        prompt = vocabulary.encode_open(OPEN_FORM.replace("{source}", question))
        ids = vocabulary.encode_alone(f" {answer}")
    prompts = Prompts(
        tokens=jnp.array([prompt], jnp.int32),
        lengths=jnp.array([len(prompt)], jnp.int32),
    )
    logits = jax.jit(model.answer_logits)(
        checkpoint.params, prompts, jnp.array([ids], jnp.int32)
    )
    # Logits beyond the vocabulary are padding.
    p = np.asarray(jax.nn.softmax(logits[0, :, : vocabulary.size], axis=-1))
    steps = []
    for position, (token, row) in enumerate(zip(ids, p, strict=True)):
        top = int(row.argmax())
        rank = 1 + int((row > row[token]).sum())
        own = shown(vocabulary, top)
        why = (
            "p's own choice" if rank == 1 else f"rank {rank} in p, whose own is {own!r}"
        )
        steps.append(
            Step(
                round=1,
                position=position,
                token=token,
                piece=shown(vocabulary, token),
                origin=Origin.GIVEN,
                why=why,
                p=Look(x=float(row[token]), top=float(row[top]), top_piece=own),
            )
        )
    return Trace(
        method="forced",
        label=label,
        threshold=None,
        steps=tuple(steps),
        answer=answer,
        counters={},
    )
