"""Curves that look like the real ones: paired sentences, ends that methods share."""

from dataclasses import dataclass

import numpy as np
import pytest

from speccascade.curves import Curve, LatencyData, PointData
from speccascade.methods import display_name

# How far a method's curve rises above the straight line between its ends.
LIFT = {
    "lossy": 3.0,
    "bild": 0.3,
    "chow": 0.8,
    "chow_log": 1.2,
    "diff": 5.0,
    "diff_log": 4.0,
    "opt": 6.5,
    "opt_log": 6.0,
    "token_v1": 17.0,
    "token_v2": 18.0,
    "token_v3": 19.0,
}


@dataclass(frozen=True)
class MeanScore:
    """A corpus metric as simple as can be: the mean of sentence scores."""

    name: str = "bleu"

    def combine(self, parts):
        return parts[..., 0] / parts[..., 1]


@dataclass(frozen=True)
class Pair:
    """A synthetic pair of models on `n` sentences; every curve is a function of it."""

    n: int = 40
    seeds: tuple[int, ...] = (0, 1)
    host: str | None = "a-host"
    timed: int = 12
    target: float = 16.5
    drafter: float = 11.0
    spread: float = 4.0

    def curve(self, method: str, points: int = 4) -> Curve:
        if method in ("target", "drafter", "lossless"):
            share = 0.0 if method == "drafter" else 1.0
            made = (self._point(method, None, None, share),)
        else:
            shares = np.linspace(1, 0, points)
            labels = ["lossless", *[None] * (points - 2), "drafter"]
            made = tuple(
                self._point(method, float(1 - share), label, float(share))
                for share, label in zip(shares, labels, strict=True)
            )
        return Curve(method=method, display_name=display_name(method), points=made)

    def curves(self, *methods: str, points: int = 4) -> list[Curve]:
        return [self.curve(method, points) for method in methods]

    def _point(self, method, threshold, label, share):
        """`share`: how far the point is from the drafter end (0) to lossless (1)."""
        examples = np.tile(np.arange(self.n), len(self.seeds))
        seeds = np.repeat(self.seeds, self.n)
        rng = np.random.default_rng(7)
        sentence = np.tile(rng.normal(0, self.spread, self.n), len(self.seeds))
        own = np.random.default_rng([len(method), int(1000 * share)])
        lift = LIFT.get(method, 0.0) * share * (1 - share)
        mean = self.drafter + share * (self.target - self.drafter) + lift
        scores = mean + sentence + own.normal(0, self.spread / 8, len(examples))
        tokens = 20 + np.tile(rng.integers(0, 9, self.n), len(self.seeds))
        zero = np.zeros_like(tokens)
        counters = dict.fromkeys(
            ("target_calls", "drafter_calls", "drafted", "accepted", "resampled"), zero
        ) | dict.fromkeys(("bonus", "alone", "prefills"), zero)
        counters["deferred"] = None
        if method in ("target", "drafter"):
            counters |= {f"{method}_calls": tokens, "alone": tokens}
            latency = {"target": 1.0, "drafter": 0.09}[method]
        else:
            resampled = np.rint(0.4 * share * tokens).astype(int)
            calls = 1 + resampled + tokens // 9
            counters |= {"accepted": tokens - resampled, "resampled": resampled}
            counters |= {"target_calls": calls, "drafter_calls": 5 * calls}
            latency = 0.3 + 0.42 * share
        return PointData(
            threshold=threshold,
            label=label,
            examples=examples,
            seeds=seeds,
            parts={"bleu": np.stack([scores, np.ones_like(scores)], axis=-1)},
            counters=counters,
            latency=None if self.host is None else self._latency(latency, own),
        )

    def _latency(self, relative, rng):
        m = self.timed
        target = np.linspace(0.3, 0.7, m)
        return LatencyData(
            examples=np.arange(m),
            seeds=np.zeros(m, int),
            repeat=np.zeros(m, int),
            seconds=target * relative * np.exp(rng.normal(0, 0.03, m)),
            target_seconds=target,
            emitted=np.full(m, 25),
            target_emitted=np.full(m, 25),
            host=self.host,
            device="cpu, 2 cores",
        )


@pytest.fixture(scope="session")
def mean_score():
    return MeanScore()


@pytest.fixture(scope="session")
def pair():
    """The class: `pair(n=..., host=...)` makes a synthetic pair."""
    return Pair
