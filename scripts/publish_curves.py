"""Writes an experiment's curves to the file that ships with the project.

python scripts/publish_curves.py demo_full [key=value ...]
"""

import sys

from speccascade import __version__
from speccascade.checkpoints.pairs import resolve
from speccascade.cli.build import job_spec
from speccascade.cli.compose import Words, sweep
from speccascade.cli.figures import stored_curves
from speccascade.curves import (
    PublishedPoint,
    estimate_curve,
    resample,
    write_published,
)
from speccascade.engine import ratios
from speccascade.jobs.loaded import identity_of

if __name__ == "__main__":
    words = Words(names=(), overrides=tuple(sys.argv[2:]))
    specs = [job_spec(config) for config in sweep(words, sys.argv[1])]
    first = specs[0]
    curves = stored_curves(specs)
    resamples = resample(curves)
    weights = identity_of(first)["pair"]
    versions = (
        f"speccascade {__version__}, gamma {specs[-1].method.gamma}, "
        + ", ".join(
            f"{name} {weights[f'{name}_sha256'][:8]}" for name in ("drafter", "target")
        )
    )
    points = [
        PublishedPoint(
            method=curve.method,
            display_name=curve.display_name,
            temperature=first.sampling.temperature,
            point=point,
            versions=versions,
        )
        for curve in curves
        for point in estimate_curve(curve, first.task.metrics, ratios, resamples)
    ]
    path = resolve(f"package:{first.pair.name}.{first.task.name}.curves.csv")
    write_published(path, points)
    print(f"{len(points)} points of {len(curves)} curves: {path.name}")
