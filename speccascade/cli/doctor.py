"""`speccascade doctor`: whether this installation can do its work, in plain lines."""

import importlib.metadata
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from speccascade import __version__
from speccascade.cli import compose
from speccascade.cli.config_dir import config_directory
from speccascade.cli.config_type import Config
from speccascade.cli.guard import BAD_INPUT, OK, explain

DESCRIPTION = "Checks versions, device, the pair's weights and vocabulary, and folders."
PACKAGES = ("jax", "jaxlib", "flax", "numpy", "hydra-core", "seqio", "wandb")

Check = Iterator[tuple[str, str]]


def main(arguments: Sequence[str]) -> int:
    """Prints one line a check; status 2 if one of them fails."""
    words = compose.parse("doctor", DESCRIPTION, arguments)
    config = compose.one_job(words)
    failures = 0
    checks: list[Callable[[], Check]] = [
        _versions,
        _device,
        lambda: _pair(config),
        lambda: _task(config),
        lambda: _folders(config),
        _tracking,
    ]
    for check in checks:
        try:
            for name, what in check():
                print(f"ok    {name:<12} {what}", flush=True)
        except Exception as error:
            failures += 1
            name = getattr(check, "__name__", "").strip("_<>")
            reason = explain(error) or f"{type(error).__name__}: {error}"
            print(f"FAIL  {reason}" if name == "lambda" else f"FAIL  {name}: {reason}")
    if failures:
        print(f"{failures} checks failed.")
    return BAD_INPUT if failures else OK


def packages() -> str:
    """The packages that decide most, with their versions."""
    return ", ".join(f"{one} {importlib.metadata.version(one)}" for one in PACKAGES)


def _versions() -> Check:
    yield "speccascade", f"{__version__}, Python {platform.python_version()}"
    yield "configs", str(config_directory())
    yield "packages", packages()


def _device() -> Check:
    import jax

    devices = jax.devices()
    kind = f"{devices[0].platform} ({devices[0].device_kind}) x {len(devices)}"
    yield "device", f"{kind}, {os.cpu_count()} CPU cores"


def _pair(config: Config) -> Check:
    from speccascade.checkpoints.pairs import PairSpec, load_pair
    from speccascade.cli.build import make

    # Loading refuses missing weights, wrong shapes and differing vocabularies.
    pair = load_pair(make(config, "pair", PairSpec))
    for name, value in pair.identity.items():
        yield pair.name, f"{name} {value}"
    width = pair.target.vocab_size
    yield (
        "vocabulary",
        f"both models have {width} logits, {pair.vocabulary.size} pieces",
    )


def _task(config: Config) -> Check:
    from speccascade.cli.build import make
    from speccascade.tasks.base import Task

    task = make(config, "task", Task)
    texts = task.texts(config.split)
    yield "task", f"{task.name}, {config.split}: {len(texts)} examples"
    for metric in task.metrics:
        yield "metric", f"{metric.name} = {metric.signature}"


def _folders(config: Config) -> Check:
    for name in ("root", "cache"):
        folder = Path(os.path.expanduser(config.paths[name])).absolute()
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(13, "it cannot be written to", str(there))
        yield f"paths.{name}", str(folder)
    compiled = Path(os.path.expanduser(config.paths.cache)).absolute() / "compiled"
    yield "programs", f"compiled ones are kept in {compiled}"


def _tracking() -> Check:
    mode = os.environ.get("WANDB_MODE")
    yield "W&B", f"WANDB_MODE={mode}" if mode else "WANDB_MODE is not set"
