"""Curves that ship with the project: a CSV of computed points, read back to be drawn.

A user's demo runs on a hundred sentences; beside it stand the same curves at full size,
measured once. One line is one point; its columns name the quality metrics and ratios
that there are, each followed by the ends of its interval (`bleu`, `bleu_low`,
`bleu_high`). An empty cell is "undefined" or "not measured".
"""

import csv
import dataclasses
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from speccascade.curves.bootstrap import Band
from speccascade.curves.observations import Label
from speccascade.curves.points import LatencyEstimate, PointEstimate
from speccascade.errors import UserError
from speccascade.store.files import explained, write_atomically

_TIMES = (
    "relative_latency",
    "seconds_per_token",
    "target_seconds_per_token",
    "length_ratio",
)
_TIMED = ("latency_n", "latency_repeats", "host", "device")
# Prefixes keep a metric and a ratio apart, whatever the user's own task calls them.
_QUALITY, _RATIO = "quality.", "ratio."


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """What curves of one pair and task must share to stand in one figure.

    Attributes:
      split: of the task.
      temperature, top_k, top_p, min_p: of both models.
      gamma: tokens drafted a round.
      gate, bonus: policies of the engine.
    """

    split: str
    temperature: float
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    gamma: int
    gate: str = "untempered"
    bonus: str = "law"

    def __str__(self) -> str:
        cut = ""
        if self.top_k or self.top_p < 1 or self.min_p:
            cut = f", top-k {self.top_k}, top-p {self.top_p:g}, min-p {self.min_p:g}"
        return (
            f"{self.split}, T = {self.temperature:g}{cut}, gamma = {self.gamma}, gate "
            f"{self.gate}, bonus {self.bonus}"
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class PublishedPoint:
    """One point that ships.

    Attributes:
      method, display_name: who.
      setting: under which it was measured.
      point: the numbers, to six digits.
      versions: of what made them, in one line: weights, code, libraries.
    """

    method: str
    display_name: str
    setting: Setting
    point: PointEstimate
    versions: str


def write_published(path: str | Path, points: Iterable[PublishedPoint]) -> None:
    """Writes the CSV in one step, in the order given. Raises UserError if it cannot."""
    rows = [_to_row(one) for one in points]
    # In the order of first appearance, latency and provenance last.
    last = [*_spread(_TIMES), *_TIMED, "versions"]
    found = dict.fromkeys(name for row in rows for name in row)
    columns = [name for name in found if name not in last] + last
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(Path(path), text.getvalue())


def read_published(path: str | Path) -> list[PublishedPoint]:
    """The points of a CSV, in its order.

    Raises:
      UserError: the file cannot be read, or is not such a CSV.
    """
    path = Path(path)
    with explained(path):
        text = path.read_text(encoding="utf-8")
    try:
        return [_from_row(row) for row in csv.DictReader(io.StringIO(text))]
    except (KeyError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} is not a table of published curves ({error!r}); restore the file "
            "that ships with the project."
        ) from error


def _to_row(one: PublishedPoint) -> dict[str, str]:
    point, times = one.point, one.point.latency
    row = {
        "method": one.method,
        "display_name": one.display_name,
        **{name: str(value) for name, value in vars(one.setting).items()},
        "threshold": _exact(point.threshold),
        "label": point.label or "",
        "n": str(point.n),
        "seeds": " ".join(map(str, point.seeds)),
    }
    for prefix, bands in ((_QUALITY, point.quality), (_RATIO, point.ratios)):
        for name, band in bands.items():
            row |= _band_cells(prefix + name, band)
    if times is not None:
        for name in _TIMES:
            row |= _band_cells(name, getattr(times, name))
        row |= {
            "latency_n": str(times.n),
            "latency_repeats": str(times.repeats),
            "host": times.host,
            "device": times.device,
        }
    return row | {"versions": one.versions}


def _from_row(row: Mapping[str, str]) -> PublishedPoint:
    label = row["label"] or None
    if label not in (None, "lossless", "drafter"):
        raise ValueError(f"label {label!r}")
    ends: Label | None = label
    quality = {
        name: band for name, band in _bands(row, _QUALITY).items() if band is not None
    }
    point = PointEstimate(
        threshold=None if row["threshold"] == "" else float(row["threshold"]),
        label=ends,
        n=int(row["n"]),
        seeds=tuple(int(seed) for seed in row["seeds"].split()),
        quality=quality,
        ratios=_bands(row, _RATIO),
        latency=_latency(row),
    )
    return PublishedPoint(
        method=row["method"],
        display_name=row["display_name"],
        setting=Setting(
            split=row["split"],
            temperature=float(row["temperature"]),
            top_k=int(row["top_k"]),
            top_p=float(row["top_p"]),
            min_p=float(row["min_p"]),
            gamma=int(row["gamma"]),
            gate=row["gate"],
            bonus=row["bonus"],
        ),
        point=point,
        versions=row["versions"],
    )


def _latency(row: Mapping[str, str]) -> LatencyEstimate | None:
    found = {name: _band(row, name) for name in _TIMES}
    known = {name: band for name, band in found.items() if band is not None}
    if len(known) < len(found):
        return None
    return LatencyEstimate(
        n=int(row["latency_n"]),
        repeats=int(row["latency_repeats"]),
        host=row["host"],
        device=row["device"],
        kind="measured",  # no other is published
        **known,
    )


def _bands(row: Mapping[str, str], prefix: str) -> dict[str, Band | None]:
    return {
        name.removeprefix(prefix): _band(row, name)
        for name in row
        if name.startswith(prefix) and not name.endswith(("_low", "_high"))
    }


def _band(row: Mapping[str, str], name: str) -> Band | None:
    value, low, high = (row[column] for column in _spread((name,)))
    if value == "":
        return None
    return Band(value=float(value), low=float(low), high=float(high))


def _band_cells(name: str, band: Band | None) -> dict[str, str]:
    numbers = (None,) * 3 if band is None else (band.value, band.low, band.high)
    cells = ("" if number is None else f"{number:.6g}" for number in numbers)
    return dict(zip(_spread((name,)), cells, strict=True))


def _spread(names: Sequence[str]) -> list[str]:
    return [name + end for name in names for end in ("", "_low", "_high")]


def _exact(threshold: float | None) -> str:
    if threshold is None:
        return ""
    if math.isinf(threshold):
        return "inf" if threshold > 0 else "-inf"
    return repr(threshold)
