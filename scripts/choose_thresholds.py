"""Prints a threshold grid for every rule, from its switches on validation data.

    python scripts/choose_thresholds.py [key=value ...]

The overrides are those of `speccascade run` (pair, task, sampling, num_examples). The
grids in configs/method are its output for the shipped pair.
"""

import sys

from speccascade.cli.build import job_spec
from speccascade.cli.compose import Words, one_job
from speccascade.curves.grid import threshold_grid
from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.switches import switches
from speccascade.rules import RULES

_NOTES = {"lossless": "lossless", "drafter": "drafter only"}
SHARES_KEPT = [1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6]

if __name__ == "__main__":
    words = Words(
        names=(), overrides=("split=validation", "method=target", *sys.argv[1:])
    )
    job = LoadedJob.of(job_spec(one_job(words)))
    rules = {name: rule for name, rule in RULES.items() if rule.drafter_end is not None}
    for name, values in switches(job, rules).items():
        rule = rules[name]
        grid = threshold_grid(
            values,
            lossless=rule.lossless_end,
            drafter=rule.drafter_end,
            quantiles=SHARES_KEPT,
        )
        print(f"# {name}: {len(values)} slots\nthresholds:")
        for point in grid:
            alpha = {float("inf"): ".inf", float("-inf"): "-.inf"}.get(
                point.threshold, point.threshold
            )
            note = _NOTES.get(point.label, f"keeps {point.kept:.0%} of the slots")
            print(f"  - {alpha}  # {note}")
