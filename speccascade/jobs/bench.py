"""A component profile of this host, and the engine against its own ideal.

Under the host's lock, at the shapes that the jobs decode, at batch 1 and then at 8:

1. every component in a loop of its own, for each prompt bucket;
2. right after it, for the machine's speed drifts, decodings of the target and of
   `lossless` at every gamma; at batch 1 also of the drafter and of one method of every
   other kind. What those take beyond their calls is a round's constant.
"""

import dataclasses
import datetime
import itertools
import os
from collections.abc import Sequence
from pathlib import Path

from speccascade.engine import Execution, PairParams
from speccascade.errors import UserError
from speccascade.jobs.decodings import Decoded, Program, batches_of, decode
from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.modelled import target_width
from speccascade.jobs.programs import keep_compiled_programs
from speccascade.jobs.spec import JobSpec, Reporter
from speccascade.latency import (
    Components,
    EngineSpeed,
    HostProfile,
    RoundCost,
    component_seconds,
    fitted_round_ms,
    host_lock,
    profile_components,
    rounds_of,
    this_host,
)
from speccascade.rules import get_rule
from speccascade.tasks.base import Example

BATCHES = (1, 8)


def profile_jobs(
    specs: Sequence[JobSpec], report: Reporter, *, repeats: int = 15
) -> HostProfile:
    """Profiles what the jobs call.

    Args:
      specs: of one pair, task and kind of truncation; the first one's temperature, seed
        and examples are decoded.
      report: hears of progress.
      repeats: timings of each component.

    Raises:
      UserError: the jobs have several pairs, tasks or kinds of truncation.
    """
    keep_compiled_programs(Path(specs[0].cache_dir) / "compiled")
    jobs = [LoadedJob.of(spec) for spec in specs]
    _check_one(jobs)
    first, programs = jobs[0], _programs(jobs)
    host, device = this_host()
    with host_lock(lambda: report.line("waiting for other work on this host to end")):
        profile = HostProfile(
            host=host,
            device=device,
            load=round(os.getloadavg()[0], 2),
            date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            pair=first.pair.identity,
            max_new_tokens=first.spec.task.max_new_tokens,
            truncate=first.execution.truncate,
            components=(),
            rounds=(),
        )
        for batch in BATCHES:
            made = _components(jobs, programs, batch, report, repeats)
            profile = dataclasses.replace(profile, components=profile.components + made)
            decoded, together = programs, batches_of(first, batch)
            if batch > 1:
                decoded = [one for one in programs if _is_compared(one)]
            found = decode(decoded, together, batch, report)
            if batch == 1:
                rounds = _rounds(decoded, found, profile)
                profile = dataclasses.replace(profile, rounds=rounds)
            engine = _engine(decoded, found, profile, batch)
            profile = dataclasses.replace(profile, engine=profile.engine + engine)
    return profile


def _check_one(jobs: Sequence[LoadedJob]) -> None:
    for what, found in (
        ("pairs", {job.spec.pair for job in jobs}),
        ("tasks", {job.spec.task for job in jobs}),
        ("kinds of truncation", {job.execution.truncate for job in jobs}),
    ):
        if len(found) > 1:
            raise UserError(
                f"A component profile is of one pair on one task, and these jobs have "
                f"{len(found)} {what}; choose one on the command line."
            )


def _programs(jobs: Sequence[LoadedJob]) -> list[Program]:
    """The target, the drafter, `lossless` at every gamma, one of each other kind."""
    first = jobs[0]
    own = first.spec.method
    blocks = [job for job in jobs if job.spec.method.kind in ("speculative", "bild")]
    gammas = sorted({job.spec.method.gamma for job in blocks} or {own.gamma})
    truncate = first.execution.truncate
    single = (
        Execution(kind="target", truncate=truncate),
        Execution(kind="drafter", truncate=truncate),
    )
    lossless = (
        Execution(
            kind="speculative",
            rule=get_rule("lossless"),
            gamma=gamma,
            bonus=first.execution.bonus,
            truncate=truncate,
        )
        for gamma in gammas
    )
    place = dataclasses.replace(first.coordinates[0], threshold=None)
    programs = [
        Program(first, execution, execution.slots_fed, place)
        for execution in (*single, *lossless)
    ]
    there = {(one.execution.kind, one.width) for one in programs}
    for job in jobs:
        name = (job.spec.method.kind, target_width(job.spec))
        if name not in there:
            there.add(name)
            places = job.coordinates
            middle = places[len(places) // 2]  # of its thresholds
            programs.append(Program(job, job.execution, name[1], middle))
    return programs


def _is_compared(program: Program) -> bool:
    """Whether the engine's efficiency is of it: the target and `lossless`."""
    return program.execution.kind == "target" or _gamma(program) is not None


def _gamma(program: Program) -> int | None:
    """Of `lossless`; None of any other program."""
    execution = program.execution
    is_lossless = execution.rule is not None and execution.rule.name == "lossless"
    return execution.gamma if is_lossless else None


def _components(
    jobs: Sequence[LoadedJob],
    programs: Sequence[Program],
    batch: int,
    report: Reporter,
    repeats: int,
) -> tuple[Components, ...]:
    """One of every prompt bucket that a job has an example in."""
    first, pair = jobs[0], jobs[0].pair
    by_bucket: dict[int, list[Example]] = {}
    for job in jobs:
        for example in job.examples:
            by_bucket.setdefault(job.bucket(example), []).append(example)
    widths = sorted({1, *(one.width for one in programs)})
    what, found = f"components at batch {batch}: prompt lengths", []
    report.progress(0, len(by_bucket), what)
    for _, same in sorted(by_bucket.items()):
        examples = list(itertools.islice(itertools.cycle(same), batch))
        place = dataclasses.replace(first.coordinates[0], threshold=None)
        prompts, rows = first.batch(examples, place, batch)
        found.append(
            profile_components(
                pair.drafter,
                pair.target,
                PairParams(drafter=pair.drafter_params, target=pair.target_params),
                prompts,
                rows,
                widths=widths,
                decode_slots=first.spec.task.max_new_tokens,
                truncate=first.execution.truncate,
                mask=pair.mask,
                repeats=repeats,
            )
        )
        report.progress(len(found), len(by_bucket), what)
    return tuple(found)


def _rounds(
    programs: Sequence[Program], found: Sequence[Decoded], profile: HostProfile
) -> tuple[RoundCost, ...]:
    costs = []
    for one, decoded in zip(programs, found, strict=True):
        kind, width = one.execution.kind, one.width
        calls = component_seconds(
            decoded.counters, decoded.lengths, profile, kind=kind, width=width
        )
        rounds = rounds_of(kind, decoded.counters)
        ms = fitted_round_ms(decoded.seconds, calls, rounds)
        costs.append(RoundCost(kind=kind, width=width, ms=ms))
    return tuple(costs)


def _engine(
    programs: Sequence[Program],
    found: Sequence[Decoded],
    profile: HostProfile,
    batch: int,
) -> tuple[EngineSpeed, ...]:
    """`lossless` at every gamma against the sum of its calls."""
    target = found[0]  # the first of the programs
    speeds = []
    for one, decoded in zip(programs, found, strict=True):
        gamma = _gamma(one)
        if gamma is None:
            continue
        everything = component_seconds(
            decoded.counters,
            decoded.lengths,
            profile,
            kind="speculative",
            width=gamma + 1,
            batch=batch,
        ).sum()
        prices = [profile.at(batch, length) for length in decoded.lengths.tolist()]
        reading = 1e-3 * sum(
            one.draft_prefill_ms + one.target_prefill_ms for one in prices
        )
        steps = 1e-3 * sum(
            one.target_ms[1] * tokens
            for one, tokens in zip(prices, decoded.longest.tolist(), strict=True)
        )
        tokens, seconds = decoded.emitted.sum(), decoded.seconds.sum()
        speeds.append(
            EngineSpeed(
                batch=batch,
                gamma=gamma,
                tokens_per_s=float(tokens / seconds),
                target_tokens_per_s=float(target.emitted.sum() / target.seconds.sum()),
                ideal_tokens_per_s=float(tokens / (everything - reading)),
                ideal_speedup=float(steps / (everything - reading)),
                over_components=float(seconds / everything),
            )
        )
    return tuple(speeds)
