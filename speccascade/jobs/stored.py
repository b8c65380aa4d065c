"""What of a job is on disk: which of the points that it asked for are whole.

A run directory holds whatever was ever asked of it, by jobs with other thresholds,
seeds and numbers of examples. A point of a job counts when every row that the job asks
for (example times seed) is there, and its latency when every timing (example times
repeat) is. So all points of one experiment have one n, and a caption can state it.
"""

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speccascade.curves import Curve, curve_from_records
from speccascade.curves.observations import Label
from speccascade.engine import ratios
from speccascade.jobs.costs import Costs
from speccascade.jobs.loaded import LoadedJob, identity_of
from speccascade.jobs.quality import planned_units
from speccascade.jobs.spec import JobSpec
from speccascade.methods import display_name
from speccascade.store import (
    LatencyRecord,
    Record,
    RunDirectory,
    Settings,
    run_key,
    summarise,
)

Machine = tuple[str, str]
Threshold = float | None


@dataclasses.dataclass(frozen=True)
class StoredJob:
    """A job beside what is stored of it. Making one decodes nothing and writes nothing.

    Attributes:
      job: what is asked for.
      run: its run directory; None if nothing was ever run there.
    """

    job: LoadedJob
    run: RunDirectory | None

    @classmethod
    def of(cls, spec: JobSpec) -> "StoredJob":
        """Loads the job's examples and finds its run directory."""
        names = (spec.pair.name, spec.task.name, spec.method.name)
        path = Path(spec.root).joinpath(*names, run_key(identity_of(spec)))
        there = (path / "config.yaml").is_file()
        return cls(LoadedJob.of(spec), RunDirectory.load(path) if there else None)

    @property
    def spec(self) -> JobSpec:
        """The job's description."""
        return self.job.spec

    @functools.cached_property
    def thresholds(self) -> tuple[Threshold, ...]:
        """The thresholds whose every row is there."""
        if self.run is None:
            return ()
        missing = {
            unit.coordinates.threshold
            for unit in self.run.missing_units(planned_units(self.job))
        }
        return tuple(one for one in self.spec.method.thresholds if one not in missing)

    @property
    def is_whole(self) -> bool:
        """Whether every row that the job asks for is there."""
        return len(self.thresholds) == len(self.spec.method.thresholds)

    @functools.cached_property
    def timings(self) -> Mapping[tuple[Machine, Threshold], list[LatencyRecord]]:
        """The timings asked for, of each machine and point that has all of them."""
        asked = self.spec.latency
        if self.run is None or not asked.num_examples:
            return {}
        sampling = self._sampling
        texts = {one.id: one.sha256 for one in self.job.examples[: asked.num_examples]}
        found: dict[tuple[Machine, Threshold], list[LatencyRecord]] = {}
        for one in self.run.latency(texts):
            place = one.coordinates
            if (
                one.repeat < asked.repeats
                and place.seed == self.spec.seeds[0]  # the one that is timed
                and place.threshold in self.thresholds
                and dataclasses.replace(place.settings, threshold=None) == sampling
            ):
                key = ((one.host, one.device), place.threshold)
                found.setdefault(key, []).append(one)
        whole = len(texts) * asked.repeats
        return {key: rows for key, rows in found.items() if len(rows) == whole}

    def is_timed(self, threshold: Threshold, machine: Machine | None) -> bool:
        """Whether a machine took every timing asked of a point; none may be asked."""
        return not self.spec.latency.num_examples or (
            machine is not None and (machine, threshold) in self.timings
        )

    def curve(self, machine: Machine | None) -> Curve:
        """The points that are whole, with the timings of one machine."""
        return curve_from_records(
            self.spec.method.name,
            display_name(self.spec.method.name),
            self.records(),
            [
                timing
                for (where, _), rows in self.timings.items()
                if where == machine
                for timing in rows
            ],
            sampling=self._sampling,
            labels=self._labels(),
            cost=Costs(self.job),
        )

    def summary(self) -> dict[str, Any]:
        """The summary of what this job asked for, whatever else its folder holds."""
        return summarise(
            {} if self.run is None else self.run.identity,
            self.records(),
            [timing for rows in self.timings.values() for timing in rows],
            self.spec.task.metrics,
            ratios,
        )

    def records(self) -> list[Record]:
        """The rows of the points that are whole."""
        if self.run is None:
            return []
        wanted = {
            place
            for place in self.job.coordinates
            if place.threshold in self.thresholds
        }
        texts = {one.id: one.sha256 for one in self.job.examples}
        return [one for one in self.run.records(texts) if one.coordinates in wanted]

    @property
    def _sampling(self) -> Settings:
        return Settings(**dataclasses.asdict(self.spec.sampling))

    def _labels(self) -> dict[float, Label]:
        if self.spec.untouched is not None:
            return {self.spec.untouched: "lossless"}
        rule = self.spec.method.rule_object
        if rule is None:
            return {}
        ends: list[tuple[float | None, Label]] = [(rule.lossless_end, "lossless")]
        if self.spec.method.execution().may_leave_all_to_drafter:
            ends.append((rule.drafter_end, "drafter"))
        return {alpha: label for alpha, label in ends if alpha is not None}


def stored_summary(spec: JobSpec) -> dict[str, Any]:
    """The summary of what a job asked for, from the store."""
    return StoredJob.of(spec).summary()
