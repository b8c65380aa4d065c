"""The quality phase: decodes the units that are not on disk yet.

Units of the same examples differ in threshold or seed alone. They queue for one run of
the engine's loop, in which a finished row takes the next one, and are stored one by one
when it ends.
"""

import itertools
import time
from collections.abc import Iterator, Sequence

import numpy as np

from speccascade.engine import Generation
from speccascade.jobs.loaded import LoadedJob, host_counters
from speccascade.jobs.spec import Reporter
from speccascade.store import PlannedExample, Record, RunDirectory, Unit, plan_units
from speccascade.tasks.base import Example

# Units a queue: a slot then idles only at the queue's own end. More would delay the
# first record and gain little: an eighth of the rows is in the last batch's worth.
QUEUED_UNITS = 8


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

    A unit is appended whole as soon as its queue is decoded: whatever ends the process,
    no stored unit is lost. Only the queue in flight is, at most `QUEUED_UNITS` units,
    and the next start decodes them again.
    """
    missing = directory.missing_units(planned_units(job))
    examples = {one.id: one for one in job.examples}
    size = job.spec.engine.batch_size
    what, done = f"{job.spec.method.name}: batches", 0
    if missing:
        report.progress(0, len(missing), what)
    for units in _queues(missing):
        begun = time.monotonic()
        members = [examples[one.id] for one in units[0].examples]
        places = [unit.coordinates for unit in units]
        generation = job.decode_queue(members, places, size, size * QUEUED_UNITS)
        rows = _records(job, units, members, generation)
        for unit in units:
            directory.append_unit(list(itertools.islice(rows, len(unit))))
        directory.append_spent("decoding", time.monotonic() - begun)
        done += len(units)
        report.progress(done, len(missing), what)
    return len(missing)


def _queues(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    """Units of the same examples together, at most `QUEUED_UNITS` of them."""
    together: dict[tuple[PlannedExample, ...], list[Unit]] = {}
    for unit in units:
        together.setdefault(unit.examples, []).append(unit)
    for same in together.values():
        for start in range(0, len(same), QUEUED_UNITS):
            yield same[start : start + QUEUED_UNITS]


def _records(
    job: LoadedJob,
    units: Sequence[Unit],
    members: Sequence[Example],
    generation: Generation,
) -> Iterator[Record]:
    """One a row, in the order of the queue."""
    tokens = np.asarray(generation.tokens)
    counters = host_counters(generation)
    for row, (unit, example) in enumerate(itertools.product(units, members)):
        ids = tokens[row].tolist()
        prediction = job.spec.task.decode_answer(job.pair.vocabulary, ids)
        yield Record(
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
