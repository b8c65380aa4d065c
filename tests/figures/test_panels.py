"""Several pairs and tasks share one figure, each in a panel with its own axes."""

from dataclasses import replace

import pytest

from speccascade.figures import FigureSettings
from speccascade.figures.measured import measure
from speccascade.figures.panels import Cell, draw_panels

SETTINGS = FigureSettings(
    pair="mini",
    task="one",
    split="test",
    temperature=1.0,
    gamma=3,
    batch=32,
    resamples=20,
)
METHODS = ("target", "drafter", "lossless", "opt", "token_v3")


def cell(pair, metric, family, task, name=None) -> Cell:
    settings = replace(SETTINGS, pair=name or f"mini_{family}", task=task)
    curves = [pair.curve(method) for method in METHODS]
    return Cell(
        family=family,
        measured=measure(curves, metric, settings),
        metric=metric,
        label="score",
        settings=settings,
    )


@pytest.fixture(scope="module", params=["untimed", "timed"])
def figure(request, pair, mean_score):
    made = pair() if request.param == "timed" else pair(host=None)
    names = [("T5", "sums"), ("T5", "tales"), ("Gemma", "sums"), ("Gemma", "tales")]
    return draw_panels([cell(made, mean_score, *name) for name in names])


def test_there_is_a_panel_a_pair_and_task_in_rows_and_columns(figure):
    assert list(figure.panels) == ["T5/sums", "T5/tales", "Gemma/sums", "Gemma/tales"]
    places = {name: axis.get_position() for name, axis in figure.panels.items()}
    assert places["T5/sums"].y0 == places["T5/tales"].y0 > places["Gemma/sums"].y0
    assert places["T5/sums"].x0 == places["Gemma/sums"].x0 < places["T5/tales"].x0
    assert figure.panels["T5/tales"].get_title(loc="left") == "tales: score"


def test_every_method_stands_in_every_panel(figure):
    for axis in figure.panels.values():
        gids = [line.get_gid() for line in axis.lines]
        drawn = {gid.split("/")[2] for gid in gids if gid and gid.count("/") > 1}
        assert drawn == set(METHODS)


def test_the_axis_is_latency_only_where_every_panel_has_it(pair, mean_score):
    timed = cell(pair(), mean_score, "T5", "sums")
    untimed = cell(pair(host=None), mean_score, "Gemma", "sums")
    label = draw_panels([timed, untimed]).panels["Gemma/sums"].get_xlabel()
    assert label == "Target calls per token"
    assert draw_panels([timed]).panels["T5/sums"].get_xlabel() == "Relative latency"


def test_two_pairs_of_a_family_on_one_task_have_a_row_each(pair, mean_score):
    made = pair()
    names = [("sums", "small"), ("tales", "small"), ("sums", "large")]
    cells = [cell(made, mean_score, "T5", *one) for one in names]
    cells.append(cell(made, mean_score, "Gemma", "sums"))
    panels = draw_panels(cells).panels
    assert list(panels) == ["small/sums", "small/tales", "large/sums", "Gemma/sums"]
    assert len({axis.get_position().bounds for axis in panels.values()}) == 4


def test_a_family_that_is_not_known_is_called_by_its_pair(pair, mean_score):
    cells = [cell(pair(), mean_score, "", "sums", name) for name in ("one", "two")]
    assert list(draw_panels(cells).panels) == ["one/sums", "two/sums"]


def test_the_caption_names_every_pair_and_task(figure):
    (text,) = [one.get_text() for one in figure.texts if one.get_gid() == "caption"]
    text = text.replace("\n", " ")
    assert "Pair mini_T5, mini_Gemma, task sums, tales (test)" in text
