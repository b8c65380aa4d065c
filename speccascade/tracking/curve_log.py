"""From the summary of a run directory to what a W&B run of each curve will show.

Pure: no wandb, no clock, no random numbers, so equal summaries give equal logs.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from speccascade.figures.style import style_of
from speccascade.methods import display_name

SAMPLING = ("temperature", "top_k", "top_p", "min_p")
# Long enough that two curves of one project never meet.
_ID_LENGTH = 12


@dataclasses.dataclass(frozen=True, kw_only=True)
class CurveLog:
    """One curve as W&B is told of it.

    Attributes:
        id: of the W&B run; the same whenever the same curve is mirrored.
        name: `<pair>/<task>/<method>`.
        group: the experiment.
        config: what runs are filtered and grouped by, flat; the whole identity of the
            run directory under `identity`.
        steps: one mapping a threshold, ascending; `alpha` is left out where it is
            infinite or there is none, since W&B's axes have no such place.
        summary: of the point that is best by the headline metric, under fixed names.
        columns, rows: the table of points; infinite thresholds are spelt out.
        source: the summary, of this curve alone.
        digest: of all the above; equal digests need no second mirroring.
    """

    id: str
    name: str
    group: str
    config: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    summary: Mapping[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    source: Mapping[str, Any]
    digest: str

    @property
    def artifact(self) -> str:
        """The name of the artifact that a figure consumes."""
        return f"curve-{self.id}"


def curve_logs(
    summary: Mapping[str, Any], directory: Path, group: str
) -> list[CurveLog]:
    """One log for each sampling setting in the summary of `directory`."""
    settings = sorted({_sampling(point) for point in summary["points"]})
    return [_curve_log(summary, setting, directory, group) for setting in settings]


def _curve_log(
    summary: Mapping[str, Any], setting: tuple, directory: Path, group: str
) -> CurveLog:
    pair, task, method, key = directory.absolute().parts[-4:]
    points = [point for point in summary["points"] if _sampling(point) == setting]
    points.sort(key=lambda point: _order(point["threshold"]))
    timings = [time for time in summary["latency"] if _sampling(time) == setting]
    thresholds = [point["threshold"] for point in points]
    values = [_values(point, timings) for point in points]
    columns = ["alpha", *sorted({name for one in values for name in one})]
    rows = [
        [_spelt(threshold), *(one.get(name) for name in columns[1:])]
        for threshold, one in zip(thresholds, values, strict=True)
    ]
    steps = [
        {"point": index} | _finite(threshold) | one
        for index, (threshold, one) in enumerate(zip(thresholds, values, strict=True))
    ]
    sampling = dict(zip(SAMPLING, setting, strict=True))
    source = {**summary, "points": points, "latency": timings}
    config = {
        "pair": pair,
        "task": task,
        "method": method,
        "key": key,
        **_facets(method, summary["identity"]),
        **sampling,
        "n": max(point["n"] for point in points),
        "seeds": sorted({seed for point in points for seed in point["seeds"]}),
        "hosts": sorted({time["host"] for time in timings}),
        "devices": sorted({time["device"] for time in timings}),
        "identity": dict(summary["identity"]),
    }
    name = "/".join((pair, task, method))
    return CurveLog(
        id=f"{key}-{digest_of([name, group, sampling])}",
        name=name,
        group=group,
        config=config,
        steps=steps,
        summary=_headline(thresholds, values, summary["headline"]),
        columns=columns,
        rows=rows,
        source=source,
        digest=digest_of([name, group, config, steps, rows, source]),
    )


def _facets(method: str, identity: Mapping[str, Any]) -> dict[str, Any]:
    """What of an identity one groups curves by, under plain names."""
    execution, task = identity.get("execution", {}), identity.get("task", {})
    return {
        "display_name": display_name(method),
        "family": style_of(method).family,
        "execution": execution.get("kind"),
        "rule": execution.get("rule"),
        "gamma": execution.get("gamma"),
        "gate": execution.get("gate"),
        "bonus": execution.get("bonus"),
        "split": task.get("split"),
        "batch_size": identity.get("batch_size"),
        "results_version": identity.get("results_version"),
    }


def _values(
    point: Mapping[str, Any], timings: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The numbers of one threshold under the names that W&B shows."""
    found = {"n": point["n"]}
    found |= {f"quality/{name}": value for name, value in point["quality"].items()}
    found |= {f"spec/{name}": value for name, value in point["ratios"].items()}
    found |= {f"counters/{name}": value for name, value in point["counters"].items()}
    here = [time for time in timings if time["threshold"] == point["threshold"]]
    # Hosts never mix, and a curve has one place a number: the host with most examples.
    if here:
        most = max(here, key=lambda time: time["n"])
        found |= {
            "latency/rel": most["relative_latency"],
            "latency/seconds_per_token": most["seconds_per_token"],
            "latency/length_ratio": most["length_ratio"],
            "latency/n": most["n"],
        }
    return {name: value for name, value in found.items() if value is not None}


def _headline(
    thresholds: Sequence[Any], values: Sequence[Mapping[str, Any]], metric: str
) -> dict[str, Any]:
    scores = [one[f"quality/{metric}"] for one in values]
    best = scores.index(max(scores))
    named = ("quality/", "latency/", "spec/")
    return {
        "num_points": len(values),
        "n": values[best]["n"],
        "alpha_of_best": _spelt(thresholds[best]),
        **{
            name: value
            for name, value in values[best].items()
            if name.startswith(named)
        },
    }


def _sampling(entry: Mapping[str, Any]) -> tuple:
    return tuple(entry[name] for name in SAMPLING)


def _number(threshold: Any) -> float | None:
    """Stored infinities are the strings 'inf' and '-inf'."""
    return None if threshold is None else float(threshold)


def _order(threshold: Any) -> float:
    number = _number(threshold)
    return -math.inf if number is None else number


def _finite(threshold: Any) -> dict[str, float]:
    number = _number(threshold)
    return {} if number is None or math.isinf(number) else {"alpha": number}


def _spelt(threshold: Any) -> str:
    number = _number(threshold)
    return "none" if number is None else f"{number:g}"


def digest_of(content: Any) -> str:
    """The first hex digits of the SHA-256 of plain JSON values."""
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_LENGTH]
