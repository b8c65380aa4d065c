"""Writes an experiment's curves to the file that ships with the project.

No verb of the command: it is for whoever releases, through scripts/publish_curves.py.
"""

from collections.abc import Sequence

from speccascade import __version__
from speccascade.cli import compose
from speccascade.cli.figures import (
    published_path,
    setting_of,
    stored_curves,
    stored_jobs,
    unfinished,
)
from speccascade.cli.guard import OK
from speccascade.curves import (
    PublishedPoint,
    estimate_curve,
    resample,
    write_published,
)
from speccascade.engine import ratios
from speccascade.errors import UserError
from speccascade.jobs.loaded import identity_of
from speccascade.jobs.spec import JobSpec

DESCRIPTION = "Writes the curves of one experiment to the file that ships."


def main(arguments: Sequence[str]) -> int:
    """Publishes one experiment, whole or not at all."""
    words = compose.parse("publish", DESCRIPTION, arguments)
    if len(words.names) != 1:
        raise UserError("Name one experiment, such as demo_full.")
    (name,) = words.names
    jobs = stored_jobs(words, name)
    if lacking := unfinished(jobs):
        raise UserError(f"{name} is not complete and cannot be published: {lacking}.")
    first = jobs[0].spec
    if len({(job.spec.pair.name, job.spec.task.name) for job in jobs}) > 1:
        raise UserError(f"{name} has several pairs or tasks; publish one of them.")
    points = []
    for setting in dict.fromkeys(setting_of(job.spec) for job in jobs):
        here = [job for job in jobs if setting_of(job.spec) == setting]
        curves = stored_curves(here)
        resamples = resample(curves)
        points += [
            PublishedPoint(
                method=curve.method,
                display_name=curve.display_name,
                setting=setting,
                point=point,
                versions=_versions(here[0].spec),
            )
            for curve in curves
            for point in estimate_curve(curve, first.task.metrics, ratios, resamples)
        ]
    path = published_path(first)
    write_published(path, points)
    print(f"{len(points)} points of {len(jobs)} curves: {path.name}")
    return OK


def _versions(spec: JobSpec) -> str:
    weights = identity_of(spec)["pair"]
    assert isinstance(weights, dict)
    digests = [f"{one} {weights[f'{one}_sha256'][:8]}" for one in ("drafter", "target")]
    return ", ".join([f"speccascade {__version__}", *digests])
