"""The quality of both models of a pair, the paired gap, and an answer without a model.

Reads what `speccascade run -m experiment=pair_gap` (or another experiment of `drafter`
and `target`) left in the store.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from speccascade.cli.compose import Words
from speccascade.cli.figures import stored_curves, stored_jobs
from speccascade.curves import Resamples, paired_difference, resample
from speccascade.curves.bootstrap import band, quality
from speccascade.jobs.stored import StoredJob
from speccascade.tasks.metrics import Metric
from speccascade.tasks.mini.suite import MiniTask


def report(words: Words, name: str) -> Iterator[str]:
    """Lines: a heading a pair, task and temperature, and a line a metric below it."""
    jobs = stored_jobs(words, name)
    for setting in dict.fromkeys(map(_setting, jobs)):
        yield from _lines([job for job in jobs if _setting(job) == setting])


def _setting(job: StoredJob) -> tuple[str, str, float]:
    spec = job.spec
    return spec.pair.name, spec.task.name, spec.sampling.temperature


def _lines(jobs: Sequence[StoredJob]) -> Iterator[str]:
    spec = jobs[0].spec
    found = {curve.method: curve for curve in stored_curves(jobs)}
    if found.keys() != {"drafter", "target"}:
        return
    resamples = resample(list(found.values()))
    points = {method: curve.points[0] for method, curve in found.items()}
    ids = points["target"].example_ids
    yield (
        f"{spec.pair.name}, {spec.task.name}, temperature "
        f"{spec.sampling.temperature:g}, n = {len(ids)}, seeds {spec.seeds}"
    )
    for metric in spec.task.metrics:
        cells = [f"  {metric.name:20}"]
        if isinstance(spec.task, MiniTask):
            trivial = trivial_score(spec.task, spec.split, metric, ids.tolist())
            cells.append(f"trivial {trivial:.2f}")
        for method in ("drafter", "target"):
            b = band(quality(points[method], metric, resamples))
            assert b is not None  # quality is always defined
            cells.append(f"{method} {b.value:.2f} [{b.low:.2f}, {b.high:.2f}]")
        yield "  ".join([*cells, _gap(points, metric, resamples)])


def _gap(points: dict, metric: Metric, resamples: Resamples) -> str:
    gap = paired_difference(points["target"], points["drafter"], metric, resamples)
    return f"gap {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]"


def trivial_score(
    task: MiniTask, split: str, metric: Metric, ids: Sequence[int]
) -> float:
    """Score of the answers that need no model, on the given examples."""
    texts = {text.id: text for text in task.texts(split)}
    parts = [
        metric.parts(task.trivial(texts[one].source), texts[one].reference)
        for one in ids
    ]
    return float(metric.combine(np.array(parts).sum(axis=0)))
