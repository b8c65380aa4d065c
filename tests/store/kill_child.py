"""Processes of a small job, which the test may kill between any two steps.

A launcher that has imported everything reads lines `MODE ROOT` and forks a process for
each, whose end it reports; starting an interpreter twenty times would take minutes.
With the mode `steps`, the process announces each step on stdout and waits for a line on
stdin before it takes it. Writes are cut into short pieces, so that a kill can fall
within a unit and within a line.
"""

import os
import sys
import traceback
import zlib

from speccascade.store import (
    Coordinates,
    LatencyRecord,
    PlannedExample,
    Record,
    RunDirectory,
    plan_units,
    summarise,
)

PIECE = 611
EXAMPLES = [
    PlannedExample(id=7 * i, sha256=f"{i:064x}", bucket=40 if i % 3 else 80)
    for i in range(21)
]
COORDINATES = [
    Coordinates(threshold=alpha, seed=seed)
    for alpha in (float("-inf"), 0.25, float("inf"))
    for seed in (0, 1)
]
PLAN = plan_units(EXAMPLES, COORDINATES, batch_size=4)


class Mean:
    name = "mean"

    def combine(self, parts):
        return parts[..., 0] / parts[..., 1]


def ratios(totals):
    return {"rejection_rate": totals["resampled"] / totals["decided"]}


def announce(name):
    print(name, flush=True)
    sys.stdin.readline()


def decode(unit, step):
    records = []
    for one in unit.examples:
        step("decode")
        name = f"{unit.coordinates} {one.id}"
        noise = zlib.crc32(name.encode())
        records.append(
            Record(
                unit=unit.id,
                unit_size=len(unit),
                coordinates=unit.coordinates,
                example=one.id,
                example_sha256=one.sha256,
                prediction=f"Größe {noise} " + "ö" * (noise % 300),
                reference="Größe",
                scores={"mean": [noise / 7, 1.0]},
                counters={"resampled": noise % 5, "decided": 9, "deferred": None},
            )
        )
    return records


def announce_calls():
    """Makes a step of every call that changes the disk."""
    write = os.write

    def write_a_piece(descriptor, data):
        announce("write")
        return write(descriptor, bytes(data[:PIECE]))

    def announced(name):
        call = getattr(os, name)

        def announce_and_call(*arguments):
            announce(name)
            return call(*arguments)

        return announce_and_call

    os.write = write_a_piece
    os.fsync = announced("fsync")
    os.replace = announced("replace")


def job(root, step):
    run = RunDirectory.open(root, "pair", "task", "opt", {"gamma": 5})
    for unit in run.missing_units(PLAN):
        run.append_unit(decode(unit, step))
    timed = {one.row for one in run.latency()}
    for example in (0, 7, 14):
        place = COORDINATES[0]
        record = LatencyRecord(
            coordinates=place,
            example=example,
            example_sha256=f"a{example}",
            repeat=0,
            seconds=1.0,
            target_seconds=2.0,
            emitted=5,
            target_emitted=6,
            host="host",
            device="cpu",
            load=0.5,
        )
        if record.row not in timed:
            run.append_latency([record])
    run.write_summary(
        summarise(run.identity, run.records(), run.latency(), [Mean()], ratios)
    )


def main():
    assert "jax" not in sys.modules
    for line in sys.stdin:
        mode, root = line.split()
        pid = os.fork()
        if not pid:
            code = 1
            try:
                sys.stdin.readline()  # the launcher's line with the pid comes first
                if mode == "steps":
                    announce_calls()
                job(root, announce if mode == "steps" else str)
                code = 0
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(code)
        print(pid, flush=True)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(f"exit {code}", flush=True)


if __name__ == "__main__":
    main()
