"""What one line of a run directory holds: a decoded row, or one timing of a row.

A line is JSON with sorted keys. A row is named by its coordinates and its example;
everything else about it was decided by the run's key.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from speccascade.store.encoding import (
    decode_number,
    encode_number,
    from_line,
    plain,
    to_line,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """What a point of a curve is named by: the coordinates without the seed.

    Attributes:
      threshold: alpha, may be infinite; None where the method has none.
      temperature: 0 is greedy.
      top_k, top_p, min_p: truncation; 0, 1 and 0 are off.
    """

    threshold: float | None = None
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        # 0, 0.0 and -0.0 name one point; so do numpy's numbers and Python's.
        for name in ("temperature", "top_p", "min_p", "threshold"):
            value = getattr(self, name)
            if value is not None:
                number = float(value) + 0.0
                encode_number(number)  # refuses NaN
                object.__setattr__(self, name, number)
        object.__setattr__(self, "top_k", int(self.top_k))

    @property
    def order(self) -> tuple[float, ...]:
        """Sorts points: those without a threshold first, then by threshold."""
        alpha = self.threshold
        return (
            self.temperature,
            float(self.top_k),
            self.top_p,
            self.min_p,
            0.0 if alpha is None else 1.0,
            0.0 if alpha is None else alpha,
        )

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON holds them."""
        return plain(dataclasses.asdict(self))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Coordinates(Settings):
    """The coordinates of a row within its run: `Settings` and the seed."""

    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "seed", int(self.seed))

    @property
    def order(self) -> tuple[float, ...]:
        """Sorts rows: by point, then by seed."""
        return (*super().order, float(self.seed))

    @property
    def settings(self) -> Settings:
        """The point that the row belongs to."""
        fields = dataclasses.fields(Settings)
        return Settings(**{field.name: getattr(self, field.name) for field in fields})


_COORDINATES = tuple(field.name for field in dataclasses.fields(Coordinates))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """One decoded row.

    Attributes:
      unit: id of the unit that the row was decoded in, `units.Unit.id`.
      unit_size: rows of that unit, dummy rows not counted.
      coordinates: threshold, sampling settings and seed.
      example: id of the example.
      example_sha256: of the example's text when it was decoded.
      prediction, reference: the texts that were scored.
      scores: additive parts of each metric for this row, by the metric's name.
      counters: the engine's counters; `deferred` is None for a rule without r.
    """

    unit: str
    unit_size: int
    coordinates: Coordinates
    example: int
    example_sha256: str
    prediction: str
    reference: str
    scores: Mapping[str, list[float]]
    counters: Mapping[str, int | None]

    @property
    def row(self) -> tuple[Coordinates, int]:
        """What names the row within its run."""
        return self.coordinates, self.example

    @property
    def result(self) -> tuple[Any, ...]:
        """What two copies of a row must agree on, wherever they were decoded."""
        return self.prediction, self.reference, self.scores, self.counters

    def to_line(self) -> str:
        """The line of the record. Raises ValueError on a NaN."""
        return to_line(_flat(self))

    @classmethod
    def from_line(cls, line: str | bytes) -> "Record":
        """The record of a line; ValueError if it is not one."""
        found, coordinates = _parts(cls, line)
        scores, counters = found["scores"], found["counters"]
        _require(isinstance(scores, dict), "scores is not an object")
        _require(isinstance(counters, dict), "counters is not an object")
        for name in ("unit", "example_sha256", "prediction", "reference"):
            _require(isinstance(found[name], str), f"{name} is not a text")
        for name in ("unit_size", "example"):
            _require(_is_int(found[name]), f"{name} is not an integer")
        for name, value in counters.items():
            _require(value is None or _is_int(value), f"{name} is not an integer")
        for name, values in scores.items():
            _require(isinstance(values, list), f"the parts of {name} are not a list")
        found["scores"] = {
            name: [decode_number(value) for value in values]
            for name, values in scores.items()
        }
        return cls(coordinates=coordinates, **found)


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatencyRecord:
    """One timing of a row at batch 1, with the target's timing beside it.

    Attributes:
      coordinates: threshold, sampling settings and seed.
      example: id of the example.
      example_sha256: of the example's text when it was timed.
      repeat: 0, 1, ...
      seconds, target_seconds: wall clock of the method and of the target alone.
      emitted, target_emitted: tokens that each wrote, EOS included.
      host, device: where it was timed; hosts never mix.
      load: one-minute load average of the host when the timing started.
    """

    coordinates: Coordinates
    example: int
    example_sha256: str
    repeat: int
    seconds: float
    target_seconds: float
    emitted: int
    target_emitted: int
    host: str
    device: str
    load: float

    @property
    def row(self) -> tuple[str, str, Coordinates, int, int]:
        """What names the timing; two with one name are copies."""
        return self.host, self.device, self.coordinates, self.example, self.repeat

    def to_line(self) -> str:
        """The line of the record. Raises ValueError on a NaN."""
        return to_line(_flat(self))

    @classmethod
    def from_line(cls, line: str | bytes) -> "LatencyRecord":
        """The record of a line; ValueError if it is not one."""
        found, coordinates = _parts(cls, line)
        for name in ("example", "repeat", "emitted", "target_emitted"):
            _require(_is_int(found[name]), f"{name} is not an integer")
        for name in ("host", "device", "example_sha256"):
            _require(isinstance(found[name], str), f"{name} is not a text")
        for name in ("seconds", "target_seconds", "load"):
            found[name] = decode_number(found[name])
        return cls(coordinates=coordinates, **found)


def _flat(record: Record | LatencyRecord) -> dict[str, Any]:
    """The fields of a record with its coordinates laid open, as JSON holds them."""
    fields = {
        field.name: getattr(record, field.name) for field in dataclasses.fields(record)
    }
    coordinates = fields.pop("coordinates")
    return plain(fields) | coordinates.to_json()


def _parts(
    cls: type[Record] | type[LatencyRecord], line: str | bytes
) -> tuple[dict[str, Any], Coordinates]:
    """The fields of a line but the coordinates, not yet checked, and those."""
    found = from_line(line)
    names = {field.name for field in dataclasses.fields(cls)} - {"coordinates"}
    expected = names | set(_COORDINATES)
    _require(expected == set(found), f"fields {sorted(expected ^ set(found))} differ")
    alpha = found["threshold"]
    for name in ("top_k", "seed"):
        _require(_is_int(found[name]), f"{name} is not an integer")
    coordinates = Coordinates(
        threshold=None if alpha is None else decode_number(alpha),
        temperature=decode_number(found["temperature"]),
        top_k=found["top_k"],
        top_p=decode_number(found["top_p"]),
        min_p=decode_number(found["min_p"]),
        seed=found["seed"],
    )
    return {name: found[name] for name in names}, coordinates


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)
