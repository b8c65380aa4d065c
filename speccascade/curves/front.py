"""The Pareto front over methods: the points that no other point beats."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from speccascade.curves.operating import Tradeoff

__all__ = ["FrontPoint", "pareto_front"]


@dataclass(frozen=True, kw_only=True)
class FrontPoint:
    """One point of the front.

    Attributes:
      method: whose it is.
      index: its place in that method's curve.
      latency, quality: where it lies.
    """

    method: str
    index: int
    latency: float
    quality: float


def pareto_front(curves: Mapping[str, Tradeoff]) -> tuple[FrontPoint, ...]:
    """Points such that none is as fast and better, or as good and faster.

    Args:
      curves: by method; of a curve with resamples the estimates, its column 0. Points
        without latency (NaN) are left out.

    Returns:
      From the fastest to the best. Of points that are equal, that of the first method.

    Example:
        >>> a = Tradeoff(latency=np.array([0.5, 0.9]), quality=np.array([1.0, 2.0]))
        >>> b = Tradeoff(latency=np.array([0.6, 0.9]), quality=np.array([0.9, 2.1]))
        >>> [(one.method, one.latency) for one in pareto_front({"a": a, "b": b})]
        [('a', 0.5), ('b', 0.9)]
    """
    points = [
        FrontPoint(method=method, index=i, latency=float(x), quality=float(y))
        for method, curve in curves.items()
        for i, (x, y) in enumerate(
            zip(_estimates(curve.latency), _estimates(curve.quality), strict=True)
        )
        if not np.isnan(x)
    ]
    front: list[FrontPoint] = []
    for point in sorted(points, key=lambda one: (one.latency, -one.quality)):
        if not front or point.quality > front[-1].quality:
            front.append(point)
    return tuple(front)


def _estimates(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)[:, 0]
