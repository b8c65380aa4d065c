"""Made-up curves whose statistics are known."""

import numpy as np
import pytest

from speccascade.curves import Curve, LatencyData, PointData


class Mean:
    """Mean over rows; parts are (value, 1)."""

    name = "mean"

    def combine(self, parts):
        return parts[..., 0] / parts[..., 1]


def ratios(totals):
    """Stands for `engine.counters.ratios`, with two of its names."""
    decided = totals["accepted"] + totals["resampled"]
    deferred = totals["deferred"]
    return {
        "rejection_rate": totals["resampled"] / decided if decided else None,
        "deferral_rate": None if deferred is None else deferred / decided,
    }


@pytest.fixture
def mean():
    return Mean()


@pytest.fixture
def count_ratios():
    return ratios


@pytest.fixture
def make_point():
    """A point from values[e, s] of e examples and s seeds, and seconds[m, r]."""

    def make(
        values, *, threshold=None, label=None, seconds=None, deferred=True, ids=None
    ):
        values = np.asarray(values, dtype=float)
        if values.ndim == 1:
            values = values[:, None]
        count, seeds = values.shape
        ids = np.arange(count) if ids is None else np.asarray(ids)
        rows = count * seeds
        latency = None
        if seconds is not None:
            seconds = np.asarray(seconds, dtype=float)
            timed, repeats = seconds.shape
            m = timed * repeats
            latency = LatencyData(
                examples=np.repeat(ids[:timed], repeats),
                seeds=np.zeros(m, int),
                repeat=np.tile(np.arange(repeats), timed),
                seconds=seconds.reshape(-1),
                target_seconds=np.ones(m),
                emitted=np.full(m, 10),
                target_emitted=np.full(m, 8),
                host="a",
                device="cpu",
            )
        return PointData(
            threshold=threshold,
            label=label,
            examples=np.repeat(ids, seeds),
            seeds=np.tile(np.arange(seeds), count),
            parts={"mean": np.stack([values.reshape(-1), np.ones(rows)], axis=-1)},
            counters={
                "accepted": np.full(rows, 3),
                "resampled": np.arange(rows) % 2,
                "deferred": np.full(rows, 1) if deferred else None,
            },
            latency=latency,
        )

    return make


@pytest.fixture
def make_curve():
    def make(*points, method="opt"):
        return Curve(method=method, display_name=method.title(), points=points)

    return make
