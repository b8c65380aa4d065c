"""Curves with modelled latency: the counters of stored rows, priced by a profile.

A sweep with `latency.num_examples: 0` asks for quality and counters only; what its
points cost on a machine follows from that machine's component profile.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from speccascade.curves import Curve, LatencyData, PointData
from speccascade.engine.counters import emitted
from speccascade.errors import UserError
from speccascade.jobs.loaded import identity_of
from speccascade.jobs.spec import JobSpec
from speccascade.jobs.stored import StoredJob
from speccascade.latency import (
    HostProfile,
    find_profile,
    modelled_seconds,
    this_host,
)


def target_width(spec: JobSpec) -> int:
    """K, the tokens that a target call of the job's execution takes in."""
    width = spec.method.execution().slots_fed
    if spec.method.kind == "token_cascade":
        # Its run is cut at the output's length limit; a block is not.
        return min(width, spec.task.max_new_tokens)
    return width


def stored_profile(spec: JobSpec) -> HostProfile | None:
    """The profile of the job's pair on its task: this machine's, else the newest."""
    identity = identity_of(spec)["pair"]
    assert isinstance(identity, dict)
    return find_profile(
        spec.root, spec.pair.name, spec.task.name, identity, this_host()
    )


def modelled_curves(
    jobs: Sequence[StoredJob], curves: Sequence[Curve], profile: HostProfile
) -> list[Curve]:
    """The curves with modelled latency in place of any other.

    Args:
      jobs: of one pair, task and setting.
      curves: of these jobs, the target alone among them.
      profile: of the pair on the task.

    Raises:
      UserError: the target alone is not there, or the profile lacks a price.
    """
    by_name = {job.spec.method.name: job for job in jobs}
    alone = [one for one in curves if by_name[one.method].spec.method.kind == "target"]
    if not alone:
        raise UserError(
            "the target alone is not among the methods, and latency is relative to "
            "it; run method=target too."
        )
    target = _Priced.of(alone[0].points[0], by_name[alone[0].method], profile)
    return [
        dataclasses.replace(
            curve,
            points=tuple(
                dataclasses.replace(
                    point,
                    latency=_latency(
                        _Priced.of(point, by_name[curve.method], profile),
                        target,
                        profile,
                    ),
                )
                for point in curve.points
            ),
        )
        for curve in curves
    ]


@dataclasses.dataclass(frozen=True)
class _Priced:
    """The rows of a point with their seconds and tokens, by example and seed."""

    rows: dict[tuple[int, int], tuple[float, int]]

    @classmethod
    def of(cls, point: PointData, stored: StoredJob, profile: HostProfile) -> "_Priced":
        spec, job = stored.spec, stored.job
        taken_at = (profile.max_new_tokens, profile.truncate)
        if taken_at != (spec.task.max_new_tokens, job.execution.truncate):
            raise UserError(
                f"The component profile of {profile.host} was taken with another "
                "length limit or truncation; run `speccascade bench` with these."
            )
        lengths = {one.id: job.bucket(one) for one in job.examples}
        seconds = modelled_seconds(
            point.counters,
            np.array([lengths[example] for example in point.examples.tolist()]),
            profile,
            kind=spec.method.kind,
            width=target_width(spec),
        )
        known = {name: v for name, v in point.counters.items() if v is not None}
        tokens = [
            emitted({name: int(values[row]) for name, values in known.items()})
            for row in range(len(point.examples))
        ]
        names = zip(point.examples.tolist(), point.seeds.tolist(), strict=True)
        priced = zip(seconds.tolist(), tokens, strict=True)
        return cls(dict(zip(names, priced, strict=True)))


def _latency(own: _Priced, target: _Priced, profile: HostProfile) -> LatencyData | None:
    """None where no row of the point has its counterpart."""
    both = sorted(own.rows.keys() & target.rows.keys())
    if not both:
        return None
    return LatencyData(
        examples=np.array([example for example, _ in both]),
        seeds=np.array([seed for _, seed in both]),
        repeat=np.zeros(len(both), int),
        seconds=np.array([own.rows[row][0] for row in both]),
        target_seconds=np.array([target.rows[row][0] for row in both]),
        emitted=np.array([own.rows[row][1] for row in both]),
        target_emitted=np.array([target.rows[row][1] for row in both]),
        host=profile.host,
        device=profile.device,
        kind="modelled",
    )
