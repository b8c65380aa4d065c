"""The quality phase: decodes the units that are not on disk yet, one by one."""

import numpy as np

from speccascade.jobs.loaded import LoadedJob, host_counters
from speccascade.jobs.spec import Reporter
from speccascade.store import PlannedExample, Record, RunDirectory, Unit, plan_units


def planned_units(job: LoadedJob) -> list[Unit]:
    """All units of the job, whether on disk or not."""
    return plan_units(
        [
            PlannedExample(id=one.id, sha256=one.sha256, bucket=job.bucket(one))
            for one in job.examples
        ],
        job.coordinates,
        job.spec.engine.batch_size,
    )


def decode_missing(job: LoadedJob, directory: RunDirectory, report: Reporter) -> int:
    """Decodes, scores and stores every missing unit; returns how many there were.

    A unit is appended whole as soon as it is decoded: whatever ends the process, no
    finished unit is lost, and none is decoded twice.
    """
    missing = directory.missing_units(planned_units(job))
    examples = {one.id: one for one in job.examples}
    what = f"{job.spec.method.name}: batches"
    for number, unit in enumerate(missing):
        report.progress(number, len(missing), what)
        members = [examples[one.id] for one in unit.examples]
        batch = job.batch(members, unit.coordinates, job.spec.engine.batch_size)
        generation = job.decode(job.execution, batch)
        tokens = np.asarray(generation.tokens)
        counters = host_counters(generation)
        records = []
        for row, example in enumerate(members):
            prediction = job.pair.vocabulary.decode(tokens[row].tolist())
            records.append(
                Record(
                    unit=unit.id,
                    unit_size=len(unit),
                    coordinates=unit.coordinates,
                    example=example.id,
                    example_sha256=example.sha256,
                    prediction=prediction,
                    reference=example.reference,
                    scores={
                        metric.name: metric.parts(prediction, example.reference)
                        for metric in job.spec.task.metrics
                    },
                    counters=counters[row],
                )
            )
        directory.append_unit(records)
    if missing:
        report.progress(len(missing), len(missing), what)
    return len(missing)
