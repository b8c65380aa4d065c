"""The latency phase: batch 1, the target alone and every method, example by example.

One pass serves all jobs that are timed together: for every repeat and example the
target is timed once, and with it every threshold of every job, in an order drawn anew
for each example. So a drift of the machine's speed falls on all of them alike, no place
in the order favours one, and relative latencies of two methods share their denominator.
Times include the encoder or prefill of every model used; prompts are tokenised and on
the device before the clock starts.
"""

import dataclasses
import itertools
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence

import jax

from speccascade.engine import Generation
from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.programs import free_compiled_programs
from speccascade.jobs.spec import Reporter
from speccascade.latency import host_lock, this_host, timed
from speccascade.store import Coordinates, LatencyRecord, RunDirectory
from speccascade.tasks.base import Example


@dataclasses.dataclass(frozen=True, eq=False)
class TimedJob:
    """A job and the run directory that its timings go to."""

    job: LoadedJob
    directory: RunDirectory


Missing = list[tuple[TimedJob, Coordinates]]


def time_missing(jobs: Sequence[TimedJob], report: Reporter) -> int:
    """Times what this host has not timed yet; returns the number of new timings."""
    together: dict[object, list[TimedJob]] = {}
    for one in jobs:
        if one.job.spec.latency.num_examples:
            together.setdefault(_target_of(one.job), []).append(one)
    if not together:
        return 0
    with host_lock(lambda: report.line("waiting for other work on this host to end")):
        count = 0
        for group in together.values():
            count += _time_together(group, report)
            free_compiled_programs()
        return count


def _target_of(job: LoadedJob) -> object:
    """What a timing of the target alone depends on: jobs that agree share it."""
    spec = job.spec
    return spec.pair, spec.task, spec.split, spec.sampling, _seed(job)


def _seed(job: LoadedJob) -> int:
    """One seed: latency is about the machine, and repeats speak for its noise."""
    return job.spec.seeds[0]


def _time_together(jobs: Sequence[TimedJob], report: Reporter) -> int:
    """Times jobs that share the target; returns the number of new timings."""
    host, device = this_host()
    passes = list(_passes(jobs, host, device))
    if not passes:
        return 0
    begun = time.monotonic()
    # At the sampling that the jobs share, whatever any of them sweeps.
    target = jobs[0].job.target_alone
    _warm_up(jobs, target, [example for _, example, _ in passes], report)
    total, done = sum(len(missing) for *_, missing in passes), 0
    for repeat, example, missing in passes:
        report.progress(done, total, "timings")
        load = os.getloadavg()[0]
        everything = [(target, target.coordinates[0])]
        everything += [(one.job, place) for one, place in missing]
        # What follows a pause finds the machine rested, what follows another model a
        # cache that is not its own: nothing has a place of its own in the order.
        order = list(range(len(everything)))
        random.Random(f"{example.id} {repeat}").shuffle(order)
        timings = {}
        for number in order:
            job, place = everything[number]
            timings[number] = timed(_decoding(job, example, place))
        alone = timings[0]
        # One pass over an example is stored together, once all of it was timed.
        taken: list[tuple[RunDirectory, LatencyRecord]] = []
        for number, (one, place) in enumerate(missing, start=1):
            timing = timings[number]
            record = LatencyRecord(
                coordinates=place,
                example=example.id,
                example_sha256=example.sha256,
                repeat=repeat,
                seconds=timing.seconds,
                target_seconds=alone.seconds,
                emitted=timing.emitted,
                target_emitted=alone.emitted,
                host=host,
                device=device,
                load=round(load, 2),
            )
            taken.append((one.directory, record))
        seconds, begun = time.monotonic() - begun, time.monotonic()
        for directory, pairs in itertools.groupby(taken, key=lambda pair: pair[0]):
            records = [record for _, record in pairs]
            directory.append_latency(records)
            directory.append_spent("timing", seconds * len(records) / len(taken))
        done += len(missing)
    report.progress(total, total, "timings")
    return total


def _passes(
    jobs: Sequence[TimedJob], host: str, device: str
) -> Iterator[tuple[int, Example, Missing]]:
    """Every repeat and example of which a timing is missing, with what is missing."""
    there = {}
    for one in jobs:
        texts = {example.id: example.sha256 for example in one.job.examples}
        there[one] = {record.row for record in one.directory.latency(texts)}
    longest = max(
        (one.job for one in jobs), key=lambda job: job.spec.latency.num_examples
    )
    count = longest.spec.latency.num_examples
    for repeat in range(max(one.job.spec.latency.repeats for one in jobs)):
        for number, example in enumerate(longest.examples[:count]):
            # By folder: two jobs may share one, as the target does at two gammas.
            missing = {
                (one.directory.path, place): (one, place)
                for one in jobs
                if repeat < one.job.spec.latency.repeats
                and number < one.job.spec.latency.num_examples
                for place in one.job.coordinates
                if place.seed == _seed(one.job)
                and (host, device, place, example.id, repeat) not in there[one]
            }
            if missing:
                yield repeat, example, list(missing.values())


def _decoding(
    job: LoadedJob, example: Example, place: Coordinates
) -> Callable[[], Generation]:
    """The decoding of one example, its arguments on the device already."""
    execution = job.execution
    batch = jax.block_until_ready(job.batch([example], place, 1))
    return lambda: job.decode(execution, batch)


def _warm_up(
    jobs: Sequence[TimedJob],
    target: LoadedJob,
    examples: Sequence[Example],
    report: Reporter,
) -> None:
    """Compiles every program that will be timed, and runs each once more."""
    programs = [target, *(one.job for one in jobs)]
    buckets = {target.bucket(example): example for example in examples}
    for number, job in enumerate(programs):
        report.progress(number, len(programs), "programs compiled for timing")
        for example in buckets.values():
            decode = _decoding(job, example, job.coordinates[0])
            for _ in range(2):
                timed(decode)
