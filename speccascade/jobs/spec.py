"""What one job is: one curve, that is pair x task x method x sampling.

A job lists its thresholds and seeds. Everything here is plain data, made by the command
line from the configuration or by hand; nothing here knows where it came from.
"""

import dataclasses
from typing import Protocol, runtime_checkable

from speccascade.checkpoints.pairs import LookupSpec, PairSpec
from speccascade.errors import UserError, require
from speccascade.jobs.method import MethodSpec
from speccascade.rules import RULES
from speccascade.sampling import (
    TRUNCATIONS,
    check_setting,
    setting_of,
    threshold_of,
)
from speccascade.store import Settings
from speccascade.tasks.base import Task

# What the engine keeps seeds in.
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class SamplingSpec:
    """How logits become distributions, the same for both models.

    Attributes:
        temperature: 0 is greedy.
        top_k: keep the k likeliest tokens; 0 is off.
        top_p: keep the smallest set of at least this probability; 1 is off.
        min_p: keep tokens of at least this share of the highest probability; 0 is off.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            check_setting(field.name, getattr(self, field.name))

    @property
    def truncates(self) -> bool:
        """Whether top-k, top-p or min-p is on."""
        return self.top_k > 0 or self.top_p < 1 or self.min_p > 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatencySpec:
    """The measured phase: batch 1, the method and the target alone interleaved.

    Attributes:
        num_examples: how many of the job's examples are timed; 0 leaves it out.
        repeats: timings of each.
    """

    num_examples: int
    repeats: int

    def __post_init__(self) -> None:
        require(
            self.num_examples >= 0,
            f"latency.num_examples must be >= 0, not {self.num_examples}",
        )
        require(self.repeats >= 1, f"latency.repeats must be >= 1, not {self.repeats}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """How the quality phase is batched.

    Attributes:
        batch_size: rows a unit; part of the run key.
    """

    batch_size: int = 32

    def __post_init__(self) -> None:
        require(
            self.batch_size >= 1,
            f"engine.batch_size must be >= 1, not {self.batch_size}",
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One curve.

    Attributes:
        pair: drafter, target model and vocabulary.
        task: examples and metrics.
        method: rule, execution, thresholds. At temperature 0 a method that sweeps a
            truncation has one threshold, the sampling's own value: all points are one.
        sampling: temperature and truncation.
        seeds: every row is decoded once a seed.
        split: of the task.
        num_examples: the first so many in the task's stored order; None: all.
        engine: batching.
        latency: the measured phase.
        root: results root.
        cache_dir: where tokenised data and compiled programs are kept.
    """

    pair: PairSpec
    task: Task
    method: MethodSpec
    sampling: SamplingSpec
    seeds: tuple[int, ...]
    split: str
    num_examples: int | None
    engine: EngineSpec
    latency: LatencySpec
    root: str
    cache_dir: str

    def __post_init__(self) -> None:
        require(
            self.num_examples is None or self.num_examples >= 1,
            f"num_examples must be >= 1, or null for all, not {self.num_examples}",
        )
        require(bool(self.seeds), "seeds must name at least one seed, as in seeds=[0]")
        wide = [seed for seed in self.seeds if not INT32_MIN <= seed <= INT32_MAX]
        require(
            not wide,
            f"seeds must be 32-bit integers, {INT32_MIN} to {INT32_MAX}, not {wide}",
        )
        require(
            len(set(self.seeds)) == len(self.seeds),
            f"seeds names one seed twice: {list(self.seeds)}",
        )
        require(
            self.num_examples is None or self.latency.num_examples <= self.num_examples,
            f"latency.num_examples = {self.latency.num_examples} exceeds num_examples "
            f"= {self.num_examples}; timed examples are the first of those decoded",
        )
        if isinstance(self.pair.drafter, LookupSpec):
            _check_lookup(self.method)
        if self.sampling.temperature == 0 and self.method.sweeps in TRUNCATIONS:
            one = dataclasses.replace(self.method, thresholds=(self.untouched,))
            object.__setattr__(self, "method", one)

    def sampling_at(self, place: Settings) -> SamplingSpec:
        """What tokens are drawn at: the sampling of `place`, but for a swept value.

        Records keep the job's sampling and the threshold, so that a curve is the
        records of one sampling, whatever its thresholds set.
        """
        fields = dataclasses.fields(SamplingSpec)
        values = {field.name: getattr(place, field.name) for field in fields}
        swept = self.method.sweeps
        if swept != "alpha" and place.threshold is not None:
            values[swept] = setting_of(swept, place.threshold)
        return SamplingSpec(**values)

    @property
    def truncates(self) -> bool:
        """Whether truncation is compiled: for all points of the curve or for none."""
        return self.method.sweeps in TRUNCATIONS or self.sampling.truncates

    @property
    def untouched(self) -> float | None:
        """The threshold that leaves the sampling as it is; None without a swept value.

        There a swept target is the target alone, and swept speculation is `lossless`.
        """
        swept = self.method.sweeps
        if swept == "alpha":
            return None
        return threshold_of(swept, getattr(self.sampling, swept))


def _check_lookup(method: MethodSpec) -> None:
    """Raises UserError for a method that a prompt lookup cannot draft for."""
    require(
        method.kind in ("target", "speculative"),
        f"Method {method.name!r} needs a drafter that is a model, and this pair's is a "
        "prompt lookup; use a speculative method",
    )
    rule = method.rule_object
    if rule is not None and "q" in rule.gates:
        fitting = [name for name, one in RULES.items() if "q" not in one.gates]
        raise UserError(
            f"Rule {rule.name} decides by the drafter's confidence, and a prompt "
            "lookup has none: its q is 1 at the token that it copies. Rules that read "
            f"p alone are {', '.join(fitting)}."
        )


@runtime_checkable
class Reporter(Protocol):
    """Takes what there is to say about a job that runs."""

    def line(self, text: str) -> None:
        """One thing that happened, once."""

    def progress(self, done: int, total: int, what: str) -> None:
        """`done` of `total` units of `what`; called often, shown now and then."""
