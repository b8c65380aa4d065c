"""The entry point: finds the verb and hands it what follows.

Verbs are imported when they are called, so that `speccascade --help` is instant.
"""

import importlib
import sys
from collections.abc import Sequence

from speccascade import __version__
from speccascade.cli.guard import guarded
from speccascade.errors import UserError

# verb -> (module under speccascade.cli, what it does)
VERBS = {
    "run": ("run", "runs one job, or with -m a sweep of them (Hydra's grammar)"),
    "train": ("train", "trains or distils a model of a pair (Hydra's grammar)"),
    "figures": ("figures", "draws figures and tables from the store"),
    "report": ("report", "writes one HTML page of a sweep, from the store"),
    "bench": ("bench", "times what a call costs here, and the engine by that measure"),
    "generate": ("generate", "writes what one checkpoint answers to a prompt"),
    "trace": ("trace", "shows one answer token by token: who wrote what, and why"),
    "score": ("score", "writes the logits of any checkpoint on given token ids"),
    "status": ("status", "state of the store: what is there, what failed"),
    "sync": ("sync", "replays the store to Weights & Biases"),
    "doctor": ("doctor", "checks this installation"),
}


def usage() -> str:
    """What `speccascade --help` prints."""
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:<{width}}  {what}" for verb, (_, what) in VERBS.items())
    return f"""\
speccascade {__version__}: speculative cascades in JAX

usage: speccascade VERB ...

{verbs}

`speccascade VERB --help` says more. The first two commands to try:
  speccascade run -m experiment=demo
  speccascade figures demo
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line `argv`, by default the process's; returns the status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage(), end="")
        return 0
    if arguments[0] in ("-V", "--version", "version"):
        print(__version__)
        return 0
    return guarded(lambda: _dispatch(arguments[0], arguments[1:]))


def _dispatch(verb: str, arguments: list[str]) -> int:
    if verb not in VERBS:
        raise UserError(
            f"There is no verb {verb!r}; speccascade knows {', '.join(VERBS)}."
        )
    module = importlib.import_module(f"speccascade.cli.{VERBS[verb][0]}")
    return module.main(arguments)
