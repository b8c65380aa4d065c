"""Scores of whole corpora that a task brings: the metric functions of a seqio Task.

They see all predictions of a corpus at once, so they come after the quality phase, from
its records, for every threshold and seed:

    corpus_scores.json    [{"threshold": 0.3, …, "seed": 0, "n": 100,
                            "scores": {"accuracy": 41.0}}, …]

The file lies beside summary.json, is as derived, and has what this job asked for.
"""

import json

from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.spec import Reporter
from speccascade.store import Coordinates, RunDirectory
from speccascade.store.encoding import plain
from speccascade.store.files import write_atomically

CORPUS_SCORES = "corpus_scores.json"


def write_corpus_scores(
    job: LoadedJob, directory: RunDirectory, report: Reporter
) -> None:
    """Computes, reports and writes them; nothing where the task has none."""
    score = job.spec.task.corpus_scores(job.spec.split)
    if score is None:
        return
    asked = {one.id: one.sha256 for one in job.examples}
    predictions: dict[Coordinates, dict[int, str]] = {}
    for record in directory.records(asked):
        place = predictions.setdefault(record.coordinates, {})
        place[record.example] = record.prediction
    found = []
    for place in job.coordinates:
        scores = score(predictions[place])
        found.append(plain({**place.to_json(), "n": len(asked), "scores": scores}))
        said = ", ".join(f"{name} {value:.4g}" for name, value in scores.items())
        report.line(
            f"{job.spec.method.name}, threshold {place.threshold}, seed {place.seed}: "
            f"{said or 'the Task has no metric functions of predictions'}"
        )
    text = json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False)
    write_atomically(directory.path / CORPUS_SCORES, f"{text}\n")
