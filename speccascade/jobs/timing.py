"""The latency phase: batch 1, the method and the target alone, example by example.

For every repeat and example the target is timed once, and right after it every
threshold of the job: drifts of the machine's speed fall on both. Times include the
encoder or prefill of every model used, and exclude tokenisation.
"""

import os
from collections.abc import Callable

from speccascade.engine import Execution, Generation
from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.spec import Reporter
from speccascade.latency import host_lock, this_host, timed
from speccascade.store import Coordinates, LatencyRecord, RunDirectory
from speccascade.tasks.base import Example


def time_missing(job: LoadedJob, directory: RunDirectory, report: Reporter) -> int:
    """Times what this host has not timed yet; returns the number of new timings."""
    asked = job.spec.latency
    host, device = this_host()
    examples = job.examples[: asked.num_examples]
    # One seed: latency is about the machine, and repeats speak for its noise.
    coordinates = [c for c in job.coordinates if c.seed == job.spec.seeds[0]]
    done = {record.row for record in directory.latency()}
    missing = [
        (repeat, example, pending)
        for repeat in range(asked.repeats)
        for example in examples
        if (
            pending := [
                c
                for c in coordinates
                if (host, device, c, example.id, repeat) not in done
            ]
        )
    ]
    if not missing:
        return 0
    target = Execution(kind="target", truncate=job.execution.truncate)

    def decoding(
        execution: Execution, example: Example, place: Coordinates
    ) -> Callable[[], Generation]:
        return lambda: job.decode(execution, [example], place, 1)

    what = f"{job.spec.method.name}: timings"
    with host_lock(lambda: report.line("waiting for another process to finish timing")):
        for bucket in {job.bucket(example) for _, example, _ in missing}:
            warm = next(one for one in examples if job.bucket(one) == bucket)
            for execution in (target, job.execution):
                for _ in range(2):
                    timed(decoding(execution, warm, coordinates[0]))
        for number, (repeat, example, pending) in enumerate(missing):
            report.progress(number, len(missing), what)
            load = os.getloadavg()[0]
            alone = timed(decoding(target, example, pending[0]))
            records = []
            for place in pending:
                timing = timed(decoding(job.execution, example, place))
                records.append(
                    LatencyRecord(
                        coordinates=place,
                        example=example.id,
                        repeat=repeat,
                        seconds=timing.seconds,
                        target_seconds=alone.seconds,
                        emitted=timing.emitted,
                        target_emitted=alone.emitted,
                        host=host,
                        device=device,
                        load=round(load, 2),
                    )
                )
            directory.append_latency(records)
    report.progress(len(missing), len(missing), what)
    return sum(len(pending) for _, _, pending in missing)
