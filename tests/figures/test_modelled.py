"""A figure of modelled latency says so wherever it says latency."""

import dataclasses
import io

import pytest
from rich.console import Console

from speccascade.curves import PublishedPoint, estimate_curve, resample
from speccascade.engine.counters import ratios
from speccascade.errors import UserError
from speccascade.figures import FigureSettings, draw_tradeoff, make
from speccascade.figures.caption import caption
from speccascade.figures.measured import filled, measure
from speccascade.figures.series import to_csv

SETTINGS = FigureSettings(
    pair="p", task="t", split="test", temperature=1.0, gamma=5, batch=32, resamples=20
)


def modelled(curve):
    """The curve with its seconds marked as modelled."""
    points = [
        dataclasses.replace(
            point, latency=dataclasses.replace(point.latency, kind="modelled")
        )
        for point in curve.points
    ]
    return dataclasses.replace(curve, points=tuple(points))


@pytest.fixture
def curves(pair):
    return [modelled(one) for one in pair().curves("lossless", "chow", "opt")]


@pytest.fixture
def figure(curves, pair, mean_score):
    shipped = [
        PublishedPoint(
            method=curve.method,
            display_name=curve.display_name,
            setting=SETTINGS.setting,
            point=point,
            versions="",
        )
        for curve in pair().curves("chow")
        for point in estimate_curve(curve, [mean_score], ratios, resample([curve]))
    ]
    return draw_tradeoff(curves, None, None, mean_score, shipped, settings=SETTINGS)


def test_the_panel_of_this_run_is_modelled_and_that_of_shipped_curves_is_not(figure):
    here, theirs = (figure.panels[name] for name in ("latency", "published latency"))
    assert "Modelled latency of this run" in here.get_title(loc="left")
    assert here.get_xlabel().startswith("Modelled relative latency")
    assert "Measured latency as shipped" in theirs.get_title(loc="left")
    assert theirs.get_xlabel().startswith("Relative latency")


def test_the_csv_names_modelled_latency_by_another_name(figure):
    names = {
        (line.source, line.x_name)
        for line in figure.series
        if line.panel != "rejection"
    }
    assert names == {
        ("run", "modelled_relative_latency"),
        ("published", "relative_latency"),
    }
    assert "modelled_relative_latency" in to_csv(figure.series)


def test_the_caption_says_that_no_clock_ran(curves, mean_score):
    measured = measure(curves, mean_score, SETTINGS)
    text = caption(
        filled(SETTINGS, measured, []),
        latency=True,
        published=True,
        published_latency=True,
    )
    assert "Modelled by counters and the component profile on a-host" in text
    assert "no clock" in text and "modelled likewise" in text
    assert "Their latency was measured" in text


def test_the_table_says_it_below(curves, mean_score, tmp_path):
    console = Console(record=True, width=100, file=io.StringIO())
    make(
        "x", curves, None, None, SETTINGS, tmp_path, metric=mean_score, console=console
    )
    assert "Modelled latency on a-host" in console.export_text()


def test_measured_and_modelled_curves_are_not_drawn_together(pair, curves, mean_score):
    with pytest.raises(UserError, match="never mix"):
        measure([*curves, pair().curve("diff")], mean_score, SETTINGS)
