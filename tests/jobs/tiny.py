"""A job small enough to run in a second: random T5s of 30k weights, made-up texts."""

import dataclasses
from pathlib import Path

import jax

from speccascade.checkpoints import safetensors_io
from speccascade.checkpoints.pairs import ModelSpec, PairSpec
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.spec import (
    EngineSpec,
    JobSpec,
    LatencySpec,
    SamplingSpec,
)
from speccascade.models.t5 import T5, T5Config
from speccascade.tasks.base import Example, Task, Text, example_sha256
from speccascade.tasks.metrics import Bleu, Chrf, Metric

CONFIG = T5Config(
    vocab_size=6144,
    emb_dim=8,
    num_heads=1,
    head_dim=8,
    mlp_dim=8,
    num_encoder_layers=1,
    num_decoder_layers=1,
    version="1.0",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Counting(Task):
    """Examples "n n+1" with prompts of two lengths; nothing is read or tokenised."""

    name: str = "counting"
    max_prompt_tokens: int = 6
    max_new_tokens: int = 6
    buckets: tuple[int, ...] = (3, 6)
    metrics: tuple[Metric, ...] = (Bleu(), Chrf())
    edition: str = "first"

    @property
    def source(self) -> str:
        return "counting"

    def evaluation_file(self, split: str) -> Path:
        raise NotImplementedError

    def texts(self, split: str) -> list[Text]:
        return [Text(n, f"{self.edition} {n}", f"{n} {n + 1}") for n in range(64)]

    def examples(self, split, vocabulary, cache_dir) -> list[Example]:
        return [
            Example(
                id=text.id,
                source=text.source,
                reference=text.reference,
                tokens=(10 + text.id, 20, 1) if text.id % 3 else (10, 20, 30, 40, 1),
                sha256=example_sha256(text.source, text.reference),
            )
            for text in self.texts(split)
        ]


def pair(folder: Path) -> PairSpec:
    """Writes the weights once and returns the pair."""
    specs = {}
    for seed, name in enumerate(("drafter", "target")):
        path = folder / f"{name}.safetensors"
        if not path.exists():
            safetensors_io.save(T5(config=CONFIG).init(jax.random.key(seed)), path)
        specs[name] = ModelSpec(config=CONFIG, weights=str(path))
    return PairSpec(name="tiny", vocabulary="package:vocabulary.model", **specs)


def job(folder: Path, **changes: object) -> JobSpec:
    """A job of 3 thresholds over 20 examples, batches of 4; no latency phase."""
    asked = {
        "pair": pair(folder),
        "task": Counting(),
        "method": MethodSpec(
            name="chow",
            kind="speculative",
            rule="chow",
            gamma=2,
            thresholds=(-1.0, 0.9996, 1.0),
        ),
        "sampling": SamplingSpec(),
        "seeds": (0,),
        "split": "test",
        "num_examples": 20,
        "engine": EngineSpec(batch_size=4),
        "latency": LatencySpec(num_examples=0, repeats=1),
        "root": str(folder / "results"),
        "cache_dir": str(folder / "cache"),
    }
    return JobSpec(**(asked | changes))


class Silent:
    """A reporter that remembers lines and shows nothing."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def progress(self, done: int, total: int, what: str) -> None:
        pass


def long_job(folder: Path) -> JobSpec:
    """About 240 batches: long enough to be killed in the middle twenty times."""
    return job(
        folder, num_examples=60, seeds=(0, 1, 2, 3, 4), engine=EngineSpec(batch_size=4)
    )
