"""`speccascade bench`: what a call costs on this host, and the engine by that measure.

Names are experiments: what their jobs call is profiled, so that their latency can be
modelled. Without one it is a single method (by default `lossless`) with the overrides
of `run`; `method.gamma=3,5,7` profiles several.
"""

import os
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from speccascade.cli import compose
from speccascade.cli.build import job_spec
from speccascade.cli.guard import OK
from speccascade.cli.reporter import ConsoleReporter
from speccascade.jobs.bench import profile_jobs
from speccascade.jobs.programs import free_compiled_programs
from speccascade.jobs.spec import JobSpec
from speccascade.latency import HostProfile, save_profile

DESCRIPTION = (
    "Times the calls of a pair on this host (drafter, target, verification, prompts; "
    "batch 1 and 8) and lossless speculation against the sum of its calls, and keeps "
    "the component profile that latency is modelled by, one a pair and task. Names are "
    "experiments whose gammas and kinds of method are profiled, together; key=value "
    "are overrides as for `run`, lists included, as method.gamma=3,5."
)

# One-minute load average at which something else had a core to itself all along.
_BUSY = 1.0


def main(arguments: Sequence[str]) -> int:
    """Profiles, prints, saves."""
    words = compose.parse("bench", DESCRIPTION, arguments)
    groups: dict[tuple[str, str], list[JobSpec]] = {}
    for name in words.names or (None,):
        for config in compose.sweep(words, name):
            spec = job_spec(config)
            groups.setdefault((spec.pair.name, spec.task.name), []).append(spec)
    for specs in groups.values():
        _profile(_of_one_kind(specs))
        free_compiled_programs()
    return OK


def _of_one_kind(specs: Sequence[JobSpec]) -> list[JobSpec]:
    """The jobs without truncation where there are any: a profile is of one kind."""
    plain = [spec for spec in specs if not spec.truncates]
    if plain and len(plain) < len(specs):
        cut = {spec.method.name for spec in specs if spec.truncates}
        print(f"not profiled, for they cut distributions: {', '.join(sorted(cut))}")
    return plain or list(specs)


def _profile(specs: Sequence[JobSpec]) -> None:
    spec = specs[0]
    name = f"{spec.pair.name} on {spec.task.name}"
    with ConsoleReporter(f"bench {name}") as report:
        profile = profile_jobs(specs, report)
    print(name)
    _print_components(profile)
    _print_rounds(profile)
    _print_engine(profile)
    path = save_profile(spec.root, spec.pair.name, spec.task.name, profile)
    print(
        f"{profile.host}, {profile.device}, load {profile.load:g} at the start "
        f"(now {os.getloadavg()[0]:.2f}), {profile.date}"
    )
    print(os.path.relpath(path))
    if profile.load >= _BUSY:
        print("This host was busy with other work: repeat on a quiet one.")


def _print_components(profile: HostProfile) -> None:
    widths = sorted(profile.components[0].target_ms)
    table = _table(
        "ms a call",
        ["batch", "prompt", "drafter reads", "target reads", "drafter step"]
        + [f"target, {width}" for width in widths],
    )
    for one in profile.components:
        numbers = (
            one.draft_prefill_ms,
            one.target_prefill_ms,
            one.draft_step_ms,
            *(one.target_ms[width] for width in widths),
        )
        table.add_row(
            str(one.batch), str(one.prompt_length), *(f"{ms:.3f}" for ms in numbers)
        )
    _show(table)
    print("target, K: one call that K tokens a row are fed to; gamma + 1 verifies.\n")


def _print_rounds(profile: HostProfile) -> None:
    table = _table("beyond the calls, batch 1", ["execution", "tokens", "ms a round"])
    for one in profile.rounds:
        table.add_row(one.kind, str(one.width), f"{one.ms:+.3f}")
    _show(table)
    print()


def _print_engine(profile: HostProfile) -> None:
    table = _table(
        "lossless, measured",
        [
            "batch",
            "gamma",
            "tokens/s",
            "target's",
            "speed-up",
            "ideal",
            "tokens/s of ideal",
            "seconds / calls'",
        ],
    )
    for one in profile.engine:
        table.add_row(
            str(one.batch),
            str(one.gamma),
            f"{one.tokens_per_s:.0f}",
            f"{one.target_tokens_per_s:.0f}",
            f"{one.speedup:.2f}",
            f"{one.ideal_speedup:.2f}",
            f"{one.of_ideal:.2f}",
            f"{one.over_components:.2f}",
        )
    _show(table)
    print(
        "ideal: every step at the price of its call, prompts free. seconds / calls': "
        "prompts counted.\n"
    )


def _table(title: str, heads: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, justify="left" if head == "execution" else "right")
    return table


def _show(table: Table) -> None:
    Console(width=120, highlight=False).print(table)
