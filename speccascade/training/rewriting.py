"""Training pairs whose answers the teacher wrote: distillation on its own text.

A drafter proposes what follows a text that the target model wrote, at temperature 1
often an unlikely one, and references alone show it little of that. So the teacher
answers the training prompts itself, and the student learns its distributions there
(sequence-level distillation, Kim and Rush, 2016; the "target-generated" data of Zhou et
al., 2024, DistillSpec).
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from speccascade.engine import Execution, PairParams, generate
from speccascade.engine.batch import RowRequest, make_batch
from speccascade.errors import UserError
from speccascade.files import replace
from speccascade.models.interface import Params, Trainable
from speccascade.training.batches import BUCKETS, Pair, bucket
from speccascade.training.recipe import params_sha256

BATCH = 64
_SECONDS_BETWEEN_LINES = 20.0


def rewritten(
    model: Trainable,
    params: Params,
    pairs: Sequence[Pair],
    file: Path,
    *,
    count: int,
    temperature: float,
    seed: int,
    eos_id: int,
    buckets: Sequence[int] = BUCKETS,
    report: Callable[[str], None] = print,
) -> list[Pair]:
    """`count` of the pairs, their answers drawn from the model.

    Which pairs, and every draw, depend on the seed alone. The answers are kept in
    `file`, so that a training that resumes does not decode again. Its first line says
    whose answers, to what, they are.

    Args:
      model, params: the teacher.
      pairs: prompts and references; those whose prompt fits no bucket are passed over.
      file: where answers are kept.
      count: of pairs.
      temperature: 0 is greedy.
      seed: of the choice and of the draws.
      eos_id: the end token.
      buckets: lengths that prompts are padded to; answers are no longer than the last.
      report: takes progress lines.

    Raises:
      UserError: there are fewer than `count` pairs, or `file` holds other answers.
    """
    fitting = [
        index for index, pair in enumerate(pairs) if bucket(len(pair[0]), buckets)
    ]
    if len(fitting) < count:
        raise UserError(
            f"training.teacher.rewrites is {count:,}, but only {len(fitting):,} "
            "training pairs fit; ask for at most that."
        )
    chosen = np.random.default_rng(seed).permutation(fitting)[:count].tolist()
    origin = _origin(params, pairs, chosen, temperature, seed, eos_id)
    if not file.exists():
        answers = _answers(
            model, params, pairs, chosen, temperature, seed, eos_id, buckets, report
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(origin), *(json.dumps(answers[index]) for index in chosen)]
        replace(file, "".join(f"{line}\n" for line in lines).encode())
    first, *lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    if first != origin:
        raise UserError(
            f"{file} holds answers of another teacher, temperature or seed, or to "
            "other prompts; delete it, or give this training another name."
        )
    return [
        (pairs[index][0], answer) for index, answer in zip(chosen, lines, strict=True)
    ]


def _origin(
    params: Params,
    pairs: Sequence[Pair],
    chosen: Sequence[int],
    temperature: float,
    seed: int,
    eos_id: int,
) -> dict[str, object]:
    """What answers depend on."""
    prompts = json.dumps([list(pairs[index][0]) for index in chosen])
    return {
        "teacher": params_sha256(params),
        "prompts": hashlib.sha256(prompts.encode()).hexdigest(),
        "temperature": float(temperature),
        "seed": seed,
        "eos_id": eos_id,
    }


def _answers(
    model: Trainable,
    params: Params,
    pairs: Sequence[Pair],
    chosen: Sequence[int],
    temperature: float,
    seed: int,
    eos_id: int,
    buckets: Sequence[int],
    report: Callable[[str], None],
) -> dict[int, list[int]]:
    """Token ids by index of the pair, ended by EOS unless they reach the limit."""
    held = PairParams(drafter=None, target=model.for_decoding(params))
    answers: dict[int, list[int]] = {}
    start = said = time.monotonic()
    for length, members in _batches(pairs, chosen, buckets):
        requests = [
            RowRequest(
                tokens=pairs[index][0],
                example=index,
                temperature=temperature,
                seed=seed,
            )
            for index in members
        ]
        written = generate(
            Execution(kind="target"),
            model,
            model,
            held,
            *make_batch(requests, length, BATCH),
            max_new_tokens=buckets[-1],
            eos_id=eos_id,
        )
        tokens, lengths = np.asarray(written.tokens), np.asarray(written.lengths)
        for row, index in enumerate(members):
            answers[index] = tokens[row, : lengths[row]].tolist()
        now = time.monotonic()
        if now - said > _SECONDS_BETWEEN_LINES or len(answers) == len(chosen):
            said = now
            left = (now - start) / len(answers) * (len(chosen) - len(answers))
            report(
                f"{len(answers):,} of {len(chosen):,} answers rewritten  "
                f"{left / 60:.0f} min left"
            )
    return answers


def _batches(
    pairs: Sequence[Pair], chosen: Sequence[int], buckets: Sequence[int]
) -> Iterator[tuple[int, Sequence[int]]]:
    """Prompts of like length together, so that few rows wait for a slow neighbour."""
    lengths = {index: len(pairs[index][0]) for index in chosen}
    for size in buckets:
        here = [index for index in chosen if bucket(lengths[index], buckets) == size]
        here.sort(key=lambda index: lengths[index])
        for start in range(0, len(here), BATCH):
            yield size, here[start : start + BATCH]
