"""Many methods are drawn by family, each with the same references."""

from dataclasses import replace

import numpy as np
import pytest

from speccascade.curves import Curve
from speccascade.figures import FigureSettings, draw_tradeoff
from speccascade.figures.experiment import MOST_IN_A_PANEL
from speccascade.figures.families import COUNTED, FAMILIES, REFERENCES
from speccascade.figures.style import STYLES, style_of

SETTINGS = FigureSettings(
    pair="mini-t5-ende",
    task="ende_docs",
    split="test",
    temperature=1.0,
    gamma=5,
    batch=32,
    resamples=20,
)
EVERYONE = [name for name in STYLES if name not in REFERENCES]


def draw(pair, metric, methods=EVERYONE):
    # A method of the user's own has a family too.
    own = replace(pair.curve("opt"), method="my_rule", display_name="My rule")
    curves: list[Curve] = [*pair.curves("lossless", *methods), own]
    return draw_tradeoff(
        curves, pair.curve("target"), pair.curve("drafter"), metric, settings=SETTINGS
    )


@pytest.fixture(scope="module", params=["untimed", "timed"])
def figure(request, pair, mean_score):
    made = pair() if request.param == "timed" else pair(host=None)
    return draw(made, mean_score)


def methods_in(axis):
    """Who has a line with points there, or is a level."""
    gids = [artist.get_gid() for artist in axis.lines]
    return {gid.split("/")[2] for gid in gids if gid and not gid.endswith("/whisker")}


def test_few_methods_share_a_panel_and_many_do_not(pair, mean_score):
    few = draw(pair(), mean_score, EVERYONE[: MOST_IN_A_PANEL - 1])
    assert list(few.panels) == ["rejection", "latency"]
    many = draw(pair(), mean_score, EVERYONE[:MOST_IN_A_PANEL])
    assert all(name.startswith(("calls/", "latency/")) for name in many.panels)


def test_each_method_stands_in_its_familys_panels_with_the_references(figure):
    seen = set()
    for name, axis in figure.panels.items():
        title = name.split("/")[1]
        here = methods_in(axis)
        assert here >= set(REFERENCES)
        own = here - set(REFERENCES)
        assert own and {FAMILIES[style_of(one).family] for one in own} == {title}
        seen |= own
    assert seen == {*EVERYONE, "my_rule"}


def test_the_legend_beside_a_family_names_its_methods_once(figure):
    named = [
        text.get_text()
        for axis in figure.panels.values()
        if axis.get_legend() is not None
        for text in axis.get_legend().get_texts()
    ]
    drawn = {s.display_name for s in figure.series if s.method not in REFERENCES}
    assert len(named) == len(set(named)) and set(named) == drawn
    (key,) = figure.legends
    assert len(key.get_texts()) == 3


def test_vertices_are_the_points_in_their_order(figure):
    for drawn in figure.series:
        if drawn.method in REFERENCES:
            continue
        title = FAMILIES[style_of(drawn.method).family]
        axis = figure.panels[f"{drawn.panel}/{title}"]
        (artist,) = [
            one
            for one in axis.lines
            if one.get_gid() == f"{drawn.panel}/run/{drawn.method}"
        ]
        assert artist.get_xydata().tolist() == np.c_[drawn.x, drawn.y].tolist()
        left, right = axis.get_xlim()
        assert left < min(drawn.x) and max(drawn.x) < right
        if drawn.panel == "calls":
            assert drawn.x_name == COUNTED


def test_quality_has_one_range_in_all_panels(figure):
    assert len({axis.get_ylim() for axis in figure.panels.values()}) == 1


def test_the_caption_says_what_is_counted(figure):
    (text,) = [t.get_text() for t in figure.texts if t.get_gid() == "caption"]
    words = " ".join(text.split())
    assert "Target calls per token: calls of the target model per emitted" in words
    assert "ejection rate" not in words


def test_nothing_leaves_the_page_or_lies_on_something_else(figure):
    figure.canvas.draw()
    page = figure.bbox
    caption = next(t for t in figure.texts if t.get_gid() == "caption")
    legends = [axis.get_legend() for axis in figure.panels.values()]
    boxes = [axis.get_tightbbox(bbox_extra_artists=[]) for axis in figure.axes]
    boxes += [one.get_window_extent() for one in [*legends, *figure.legends] if one]
    boxes.append(caption.get_window_extent())
    for box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1
        assert page.y0 <= box.y0 and box.y1 <= page.y1
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
