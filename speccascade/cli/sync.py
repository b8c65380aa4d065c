"""`speccascade sync`: replays the store to Weights & Biases; harmless to repeat."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from speccascade.cli import compose
from speccascade.cli.guard import OK

DESCRIPTION = (
    "Mirrors every finished curve of the named experiments to W&B, one run a curve, as "
    "they asked for it, and their figures, drawn anew, one run each; without a name, "
    "of everything in the store. What is there already is left alone."
)


def main(arguments: Sequence[str]) -> int:
    """Mirrors curves and figures one by one, and says of each what was done."""
    words = compose.parse("sync", DESCRIPTION, arguments)
    if not any(word.startswith("logger=") for word in words.overrides):
        words = dataclasses.replace(words, overrides=("logger=wandb", *words.overrides))
    from speccascade.cli.build import make
    from speccascade.cli.figures import draw_experiment, stored_jobs
    from speccascade.store import find_runs

    plain = compose.sweep(words, None)[0]
    mirror = make(plain, "logger")
    done: set[Path] = set()

    for name in words.names or compose.begun(words):
        # The curve's group is what `run` gives it: the name in the configuration.
        groups = [config.name for config in compose.sweep(words, name)]
        jobs = stored_jobs(words, name)
        for job, group in zip(jobs, groups, strict=True):
            if job.run is not None and job.is_whole:
                path = job.run.path
                said = mirror.mirror(path, group=group, summary=job.summary)
                print(f"{path}: {said}", flush=True)
                done.add(path.absolute())
        if any(job.is_whole and job.spec.method.rule is not None for job in jobs):
            draw_experiment(words, name, jobs)
    if not words.names:
        # What completes no experiment was run by itself; its group is then "run".
        for run in find_runs(os.path.expanduser(plain.paths.root)):
            if run.path.absolute() not in done:
                said = mirror.mirror(run.path, group=plain.name)
                print(f"{run.path}: {said}", flush=True)
                done.add(run.path.absolute())
    if not done:
        print(
            "There is nothing to mirror yet; run `speccascade run -m experiment=demo`."
        )
    return OK
