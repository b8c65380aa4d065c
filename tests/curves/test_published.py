"""The CSV of curves that ship: what is written is what is drawn."""

import math

import numpy as np
import pytest

from speccascade.curves import (
    Band,
    PublishedPoint,
    Setting,
    estimate_curve,
    read_published,
    resample,
    write_published,
)
from speccascade.errors import UserError


@pytest.fixture
def points(make_point, make_curve, mean, count_ratios):
    values = np.random.default_rng(0).normal(10, 3, (50, 2))
    curve = make_curve(
        make_point(
            values, threshold=-math.inf, label="lossless", seconds=values[:9] / 30
        ),
        make_point(values + 1, threshold=0.1 + 0.2, deferred=False),
        make_point(values + 2, threshold=None),
    )
    found = estimate_curve(curve, [mean], count_ratios, resample([curve]))
    return [
        PublishedPoint(
            method="opt",
            display_name="SpecCascade [OPT]",
            setting=Setting(split="test", temperature=1.0, gamma=2),
            point=one,
            versions="weights ab12, jax 0.10.2",
        )
        for one in found
    ]


def rounded(band):
    if band is None:
        return None
    return Band(**{k: float(f"{v:.6g}") for k, v in vars(band).items()})


def test_points_survive_the_file_to_six_digits(points, tmp_path):
    path = tmp_path / "published.csv"
    write_published(path, points)
    found = read_published(path)
    assert [one.point.threshold for one in found] == [-math.inf, 0.1 + 0.2, None]
    for ours, theirs in zip(found, points, strict=True):
        assert ours.versions == theirs.versions and ours.setting == theirs.setting
        a, b = ours.point, theirs.point
        assert (a.label, a.n, a.seeds) == (b.label, b.n, b.seeds)
        assert a.quality == {k: rounded(v) for k, v in b.quality.items()}
        assert a.ratios == {k: rounded(v) for k, v in b.ratios.items()}
    assert found[1].point.latency is None
    times = found[0].point.latency
    assert (times.n, times.repeats, times.host, times.device) == (9, 2, "a", "cpu")
    assert times.relative_latency == rounded(points[0].point.latency.relative_latency)


def test_writing_what_was_read_gives_the_same_bytes(points, tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    write_published(first, points)
    write_published(second, read_published(first))
    assert first.read_bytes() == second.read_bytes()
    header = first.read_text().splitlines()[0].split(",")
    assert header[:5] == ["method", "display_name", "split", "temperature", "top_k"]
    assert {"quality.mean", "quality.mean_low", "ratio.rejection_rate"} <= set(header)
    assert header[-1] == "versions"


def test_a_file_that_is_no_such_table_is_one_sentence(tmp_path):
    path = tmp_path / "published.csv"
    with pytest.raises(UserError, match="Cannot use"):
        read_published(path)
    path.write_text("method,n\nopt,three\n")
    with pytest.raises(UserError, match="not a table of published curves"):
        read_published(path)
