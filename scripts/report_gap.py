"""Prints both models' quality and the paired gap: `report_gap.py [key=value ...]`.

Reads what `speccascade run -m experiment=pair_gap` left in the store.
"""

import sys

from speccascade.cli.compose import Words
from speccascade.cli.figures import stored_curves, stored_jobs
from speccascade.curves import paired_difference, resample
from speccascade.curves.bootstrap import band, quality

if __name__ == "__main__":
    words = Words(names=(), overrides=tuple(sys.argv[1:]))
    jobs = stored_jobs(words, "pair_gap")
    for temperature in sorted({job.spec.sampling.temperature for job in jobs}):
        chosen = [one for one in jobs if one.spec.sampling.temperature == temperature]
        found = {curve.method: curve for curve in stored_curves(chosen)}
        resamples = resample(list(found.values()))
        points = {name: curve.points[0] for name, curve in found.items()}
        count = len(points["target"].example_ids)
        print(f"temperature {temperature:g}, n = {count}, seeds {chosen[0].spec.seeds}")
        for metric in chosen[0].spec.task.metrics:
            line = [f"  {metric.name:8}"]
            for name in ("drafter", "target"):
                b = band(quality(points[name], metric, resamples))
                line.append(f"{name} {b.value:.2f} [{b.low:.2f}, {b.high:.2f}]")
            gap = paired_difference(
                points["target"], points["drafter"], metric, resamples
            )
            line.append(f"gap {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]")
            print("  ".join(line))
