"""Cutting the rows of a job into units: what is decoded, written and redone at once.

Rows are grouped by prompt bucket and coordinates and cut, in the stored order of the
examples, into units of at most `batch_size` rows; the engine pads the last with dummy
rows, so that every unit of a bucket has one shape.

A unit's id says all of that and ends in a digest of the members, their texts included.
When the list of examples grows, the last unit of a bucket keeps its index and gets a
new digest: the short unit and the full one live side by side, and a reader, who goes by
rows, counts each row once (`reading.select_rows`).

    examples 0..69, batch 32 -> index 0: 0..31, index 1: 32..63, index 2: 64..69
    examples 0..99           -> the same two, and index 2: 64..95, index 3: 96..99
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence

from speccascade.store.records import Coordinates


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlannedExample:
    """An example that is asked for.

    Attributes:
      id: of the example.
      sha256: of its text as it is now.
      bucket: the padded length of its prompt, from the prompt alone.
    """

    id: int
    sha256: str
    bucket: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unit:
    """Rows that are decoded together.

    Attributes:
      bucket: padded prompt length of every row.
      coordinates: of every row.
      index: place among the units of its bucket and coordinates.
      examples: members, in the stored order; `len(unit)` of them.
    """

    bucket: int
    coordinates: Coordinates
    index: int
    examples: tuple[PlannedExample, ...]

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def id(self) -> str:
        """A readable name; equal for equal units and for them alone."""
        c = self.coordinates
        members = "".join(f"{one.id}:{one.sha256}\n" for one in self.examples)
        digest = hashlib.sha256(members.encode()).hexdigest()[:8]
        alpha = "none" if c.threshold is None else f"{c.threshold!r}"
        return (
            f"bucket={self.bucket},threshold={alpha},temperature={c.temperature!r},"
            f"top_k={c.top_k},top_p={c.top_p!r},min_p={c.min_p!r},seed={c.seed},"
            f"index={self.index},members={digest}"
        )


def plan_units(
    examples: Sequence[PlannedExample],
    coordinates: Iterable[Coordinates],
    batch_size: int,
) -> list[Unit]:
    """The units of a job, by coordinates in the given order, then bucket, then index.

    Args:
      examples: in their stored order.
      coordinates: one for every threshold, sampling setting and seed.
      batch_size: rows of a full unit.

    Raises:
      ValueError: an example or a set of coordinates is named twice, or a batch size
        below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}")
    settings = list(coordinates)
    if len({one.id for one in examples}) != len(examples):
        raise ValueError("an example is named twice")
    if len(set(settings)) != len(settings):
        raise ValueError("coordinates are named twice")
    buckets: dict[int, list[PlannedExample]] = {}
    for one in examples:
        buckets.setdefault(one.bucket, []).append(one)
    return [
        Unit(
            bucket=bucket,
            coordinates=place,
            index=start // batch_size,
            examples=tuple(members[start : start + batch_size]),
        )
        for place in settings
        for bucket, members in sorted(buckets.items())
        for start in range(0, len(members), batch_size)
    ]
