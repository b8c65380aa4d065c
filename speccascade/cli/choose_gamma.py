"""Picks the gamma of every method of a sweep over gammas, from the store alone.

No verb of the command: scripts/choose_gamma.py calls it.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from speccascade.cli import compose
from speccascade.cli.figures import stored_curves, stored_jobs, unfinished
from speccascade.cli.guard import OK
from speccascade.curves import Curve, choose_gamma, one_machine, resample
from speccascade.engine.request import FIELDS
from speccascade.errors import UserError
from speccascade.figures import gammas
from speccascade.figures.files import write

DESCRIPTION = (
    "Prints and writes the fastest gamma of every method of a sweep that was run, by "
    "default of choose_gamma; takes the overrides that the sweep was given."
)


def main(arguments: Sequence[str]) -> int:
    """One line a method, and figures/NAME/NAME.csv under paths.root."""
    words = compose.parse("choose_gamma", DESCRIPTION, arguments)
    if len(words.names) > 1:
        raise UserError("Name one experiment, such as choose_gamma.")
    name = words.names[0] if words.names else "choose_gamma"
    jobs = stored_jobs(words, name)
    if lacking := unfinished(jobs):
        raise UserError(f"{name} is not complete: {lacking}.")
    target: Curve | None = None
    found: dict[str, dict[int, Curve]] = {}
    for job in jobs:
        (curve,) = stored_curves([job])
        method = job.spec.method
        if method.name == "target":
            target = curve
        elif "gamma" in FIELDS[method.kind]:
            found.setdefault(method.name, {})[method.gamma] = curve
    if target is None or not found:
        raise UserError(
            f"{name} needs the method target, and one that reads gamma, such as "
            "lossless."
        )
    spec = jobs[0].spec
    everything = [one for curves in found.values() for one in curves.values()]
    one_machine(everything)
    resamples = resample([target, *everything])
    choices = [
        choose_gamma(curves, target.points[0], spec.task.metrics[0], resamples)
        for curves in found.values()
    ]
    for line in gammas.to_lines(choices):
        print(line)
    asked = spec.latency
    print(
        f"{spec.pair.name}, {spec.task.name} ({spec.split}), T = "
        f"{spec.sampling.temperature:g}: n = {spec.num_examples}, "
        f"{asked.num_examples} of them timed x {asked.repeats}; measured latency."
    )
    file = Path(spec.root) / "figures" / name / f"{name}.csv"
    print(os.path.relpath(write(file, gammas.to_csv(choices))))
    return OK
