"""`speccascade sync`: replays the store to Weights & Biases; harmless to repeat."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from speccascade.cli import compose
from speccascade.cli.guard import OK

DESCRIPTION = (
    "Mirrors every finished curve of the named experiments to W&B, one run a curve; "
    "without a name, of everything in the store. What is there already is left alone."
)


def main(arguments: Sequence[str]) -> int:
    """Mirrors curve after curve and says of each what was done."""
    words = compose.parse("sync", DESCRIPTION, arguments)
    if not any(word.startswith("logger=") for word in words.overrides):
        words = dataclasses.replace(words, overrides=("logger=wandb", *words.overrides))
    from speccascade.cli.build import job_spec, make
    from speccascade.cli.stored import stored_run
    from speccascade.store import find_runs

    plain = compose.one_job(words)
    mirror = make(plain, "logger")
    done: set[Path] = set()

    def replay(path: Path, group: str) -> None:
        print(f"{path}: {mirror.mirror(path, group=group)}", flush=True)
        done.add(path.absolute())

    for name in words.names or compose.experiments(words.config_dir):
        for config in compose.sweep(words, name):
            run = stored_run(job_spec(config))
            if run is not None:
                replay(run.path, config.name)
    if not words.names:
        # What no experiment asks for was run by itself; its group is then "run".
        for run in find_runs(os.path.expanduser(plain.paths.root)):
            if run.path.absolute() not in done:
                replay(run.path, plain.name)
    if not done:
        print(
            "There is nothing to mirror yet; run `speccascade run -m experiment=demo`."
        )
    return OK
