"""The one SentencePiece vocabulary that all shipped models share.

It is trained once, on training groups only, and then frozen: every shipped weight
depends on it. `build` is deterministic given the corpora, so that the file can be
checked against its recipe.
"""

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

import sentencepiece

from speccascade.errors import UserError
from speccascade.tasks.splits import split_of

VOCABULARY_SIZE = 6144
# Characters of text taken from each corpus. Equal shares keep the pieces of the small
# corpora (code, arithmetic) from being crowded out by the large ones.
CHARACTERS_PER_CORPUS = 1_500_000
# The alphabet that gets pieces of its own; everything rarer is spelt in bytes.
CHARACTER_COVERAGE = 0.9995


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if not path.exists():
        raise UserError(
            f"{path} is missing: name the folder that holds the free corpora."
        )
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


_NAMES = ("Anna", "Ben", "Carla", "David", "Emma", "Felix", "Greta", "Henry", "Ida")
_NAMES += ("Jonas", "Mary", "Omar")
_THINGS = ("apples", "books", "coins", "pencils", "stamps", "marbles", "cards", "eggs")
_THINGS += ("tickets",)


def word_problems(rng: random.Random) -> Iterator[str]:
    """Endless arithmetic and word problems with worked answers (our own templates)."""
    while True:
        a, b, c = rng.randint(2, 999), rng.randint(2, 99), rng.randint(2, 12)
        name, other = rng.sample(_NAMES, 2)
        thing = rng.choice(_THINGS)
        yield rng.choice(
            [
                f"{a} + {b} = {a + b}",
                f"{a + b} - {b} = {a}",
                f"{b} * {c} = {b * c}",
                f"{b * c} / {c} = {b}",
                f"({a} + {b}) * {c} = {a + b} * {c} = {(a + b) * c}",
                f"{name} has {a} {thing}. {other} gives {name} {b} more {thing}. How "
                f"many {thing} does {name} have now?\n{a} + {b} = {a + b}. "
                f"The answer is {a + b}.",
                f"{name} buys {b} boxes of {thing} with {c} {thing} in each box and "
                f"then gives {c} {thing} to {other}. How many {thing} are left?\n"
                f"{b} * {c} = {b * c}. {b * c} - {c} = {b * c - c}. "
                f"The answer is {b * c - c}.",
            ]
        )


def _corpora(data: Path) -> dict[str, Iterator[str]]:
    def ende(side: str) -> Iterator[str]:
        for row in _rows(data / "ende_docs.jsonl.gz"):
            if split_of(row["origin"], row["doc"]) == "train":
                yield row[side]

    def fields(name: str, key: str, origin: str, *wanted: str) -> Iterator[str]:
        for row in _rows(data / name):
            if split_of(origin, row[key]) == "train":
                yield "\n".join(row[field] for field in wanted if row[field])

    return {
        "ende_docs-en": ende("en"),
        "ende_docs-de": ende("de"),
        "debian_synopsis": fields(
            "debian_synopsis.jsonl.gz", "package", "debian-synopsis", "text", "summary"
        ),
        "wiki_desc": fields("wiki_desc.jsonl.gz", "title", "wiki", "text", "summary"),
        "pydoc": fields("pydoc.jsonl.gz", "module", "pydoc", "doc", "body"),
        "word_problems": word_problems(random.Random(0)),
    }


def sample_texts(data: Path) -> Iterator[str]:
    """Balanced training text: an equal number of characters of every corpus.

    Args:
      data: folder of the free corpora (`ende_docs.jsonl.gz` and its neighbours).

    Yields:
      Texts of training groups, each corpus shuffled with a fixed seed. A corpus
      smaller than its share is taken whole. Arithmetic is bounded by a tenth of the
      share: its templates repeat, more of them teach nothing new.
    """
    for name, texts in _corpora(data).items():
        budget = CHARACTERS_PER_CORPUS
        if name == "word_problems":
            budget //= 10
            pool: Iterator[str] = texts
        else:
            shuffled = list(texts)
            random.Random(0).shuffle(shuffled)
            pool = iter(shuffled)
        while budget > 0 and (text := next(pool, None)) is not None:
            budget -= len(text)
            yield text


def build(data: Path, model_file: Path) -> None:
    """Trains the vocabulary on the corpora under `data` and writes `model_file`."""
    with model_file.open("wb") as sink:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=sample_texts(data),
            model_writer=sink,
            model_type="unigram",
            vocab_size=VOCABULARY_SIZE,
            byte_fallback=True,
            split_digits=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            user_defined_symbols=["\n", "\t"],
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=3,
            character_coverage=CHARACTER_COVERAGE,
            max_sentence_length=16384,
            num_threads=2,
            shuffle_input_sentence=False,
            minloglevel=1,
        )
