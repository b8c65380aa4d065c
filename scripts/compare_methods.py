"""Prints whether one method's curve is above another's: paired, at equal latency.

    python scripts/compare_methods.py EXPERIMENT ONE:OTHER ... [over=COST] [key=value]

For every figure of the experiment (a pair, a task, a sampling, a gamma): the quality of
ONE less that of OTHER, averaged over the relative latencies that both curves reach, and
its 95 % bootstrap interval over examples; and the paper's two numbers of each (speed-up
at the target's quality, best quality within its time). docs/findings.md holds what it
printed. `over=rejection_rate`, or another ratio of the counters, takes the place of
relative latency where gaps are averaged.
"""

import dataclasses
import sys

import numpy as np

from speccascade.cli import figures
from speccascade.cli.compose import Words
from speccascade.cli.latency import with_latency
from speccascade.curves import (
    Curve,
    Tradeoff,
    best_quality,
    common_span,
    matched_speedup,
    mean_gap,
    resample,
    tradeoff,
)
from speccascade.curves.bootstrap import Resamples, band, point_ratios
from speccascade.engine.counters import ratios
from speccascade.store.summary import Metric


def line(
    curve: Curve, metric: Metric, resamples: Resamples, cost: str | None
) -> Tradeoff:
    """The curve over relative latency, or over a ratio of its counters."""
    found = tradeoff(curve, metric, resamples)
    if cost is None:
        return found
    costs = [point_ratios(one, ratios, resamples)[cost] for one in curve.points]
    return dataclasses.replace(found, latency=np.stack(costs))


def cell(found, digits: int) -> str:
    """A number with its interval; - where there is none."""
    if found is None:
        return "-"
    return f"{found.value:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}]"


if __name__ == "__main__":
    experiment, *words = sys.argv[1:]
    pairs = [word.split(":") for word in words if ":" in word and "=" not in word]
    over = next((word[5:] for word in words if word.startswith("over=")), None)
    overrides = tuple(w for w in words if "=" in w and not w.startswith("over="))
    jobs = figures.stored_jobs(Words(names=(), overrides=overrides), experiment)
    for figure in dict.fromkeys(figures.figure_of(job.spec) for job in jobs):
        pair, task, setting = figure
        here = [job for job in jobs if figures.figure_of(job.spec) == figure]
        found = with_latency(experiment, here, figures.stored_curves(here))
        curves = {one.method: one for one in found}
        metric, resamples = here[0].spec.task.metrics[0], resample(curves.values())
        target = curves["target"].points[0]
        print(
            f"\n{pair}, {task}: temperature {setting.temperature:g}, gamma "
            f"{setting.gamma}, n = {len(target.example_ids)}"
        )
        for name in dict.fromkeys(name for pair in pairs for name in pair):
            if name not in curves:
                continue
            arguments = (curves[name], target, metric, resamples)
            fast, good = matched_speedup(*arguments), best_quality(*arguments)
            print(
                f"  {name:22} speed-up {cell(fast and fast.estimate, 2):20} "
                f"best {cell(good and good.estimate, 2):22} "
                f"less the target's {cell(good and good.difference, 2)}"
            )
        for one, other in pairs:
            if one not in curves or other not in curves:
                continue
            lines = [
                line(curves[name], metric, resamples, over) for name in (one, other)
            ]
            gap, span = mean_gap(*lines), common_span(*lines)
            if gap is None or span is None:
                print(f"  {one} - {other}: no cost in common")
                continue
            low, high = span
            print(
                f"  {one} - {other}: {cell(band(gap), 2)} over {low:.2f} to {high:.2f}"
            )
