"""The paper's numbers as they ship, and our analysis of its curves against its own."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from speccascade.curves import (
    cost_at_matched_quality,
    read_paper,
    recompute_table,
    worth,
)
from speccascade.errors import UserError

PAPER = read_paper()
CELLS = Path(__file__).with_name("paper_cells.csv")


def test_every_distinct_panel_is_there_with_its_curves():
    assert len(PAPER.panels) == 42
    assert sum(len(panel.curves) for panel in PAPER.panels) == 199
    points = [x for panel in PAPER.panels for one in panel.curves for x in one.x]
    assert len(points) == 2189
    assert Counter(panel.family for panel in PAPER.panels) == {"t5": 28, "gemma2": 14}


def test_points_run_from_left_to_right():
    for panel in PAPER.panels:
        for one in panel.curves:
            assert one.x == tuple(sorted(one.x))
            assert len(one.x) == len(one.y)


def test_the_star_of_figure_1_lies_on_its_dotted_line():
    for task, x in (("WMT", 0.1545), ("XSum", 0.2038)):
        panel = PAPER.panel(1, task)
        star = panel.curve("lossless")
        assert star is not None
        assert (star.x, star.y) == ((x,), (panel.target_quality,))


def test_the_settings_of_bild_are_methods_of_their_own():
    found = [
        (one.method, one.gamma)
        for one in PAPER.panel(8, "WMT", gamma=5, temperature=0.0).curves
    ]
    assert found == [("bild", 5)] + [
        (f"bild_original_{alpha}", gamma)
        for gamma in (5, 10)
        for alpha in ("05", "07", "09")
    ]


def test_only_the_lower_panels_of_figure_8_have_no_dotted_line():
    without = [one for one in PAPER.panels if one.target_quality is None]
    assert {(one.figure, one.temperature) for one in without} == {(8, 1.0)}


def test_the_drafter_is_where_lossy_keeps_every_draft():
    anchors = {"WMT": 14.39, "XSum": 8.41, "CNNDM": 8.22}
    for task, quality in anchors.items():
        assert PAPER.panel(9, task).drafter_quality == pytest.approx(quality, abs=0.006)
    assert PAPER.panel(10, "GSM8K").drafter_quality == pytest.approx(0.40, abs=0.005)
    assert PAPER.panel(1, "WMT").drafter_quality is None


def test_a_panel_that_is_not_there_is_one_sentence():
    with pytest.raises(
        UserError, match="no published panels have figure 9, task GSM8K"
    ):
        PAPER.panel(9, "GSM8K")
    with pytest.raises(UserError, match="2 published panels"):
        PAPER.panel(7, "WMT")


def test_anomalies_name_what_they_are_about():
    items = {item for item, _ in PAPER.anomalies}
    assert items < {f"fig{i}" for i in range(1, 12)} | {"table1", "table2", "table3"}
    assert "rejections per emitted token" in PAPER.anomalies_of("fig1")[0]
    assert PAPER.anomalies_of("fig2") == ()


def test_the_copied_panel_is_in_the_data_once():
    tasks = [one.task for one in PAPER.panels if one.figure == 11]
    assert "NaturalQuestions" not in tasks


# --- Table 2, from the curves ------------------------------------------------


def key(one):
    return one.cell.printed, one.cell.target, one.cell.task


def test_the_published_speedups_are_reproduced():
    known = [one for one in recompute_table(PAPER) if one.speedup is not None]
    assert len(known) == 37
    missed = {
        key(one): (one.cell.speedup, round(one.speedup, 2))
        for one in known
        if not one.speedup_agrees
    }
    assert missed == {
        ("BiLD*", "Large", "CNNDM"): (1.38, 1.40),
        ("BiLD*", "XL", "WMT"): (1.85, 1.81),
        ("SpecCascade [Diff]", "Large", "CNNDM"): (1.75, 1.77),
        ("SpecCascade [Diff]", "XL", "XSum"): (1.30, 1.32),
        ("SpecDecode [Lossy]", "XL", "CNNDM"): (2.07, 2.09),
    }


def test_the_published_best_qualities_are_reproduced():
    known = [one for one in recompute_table(PAPER) if one.best_quality is not None]
    assert len(known) == 37
    missed = {
        key(one): (one.cell.best_quality, round(one.best_quality, 2))
        for one in known
        if not one.best_quality_agrees
    }
    assert missed == {
        ("SpecCascade [Chow]", "Large", "WMT"): (17.76, 16.77),
        ("TokenCascade [Chow]", "Large", "XSum"): (13.30, 13.09),
        ("TokenCascade [Chow]", "XL", "CNNDM"): (11.44, 11.24),
    }


def test_every_cell_that_is_missed_or_unknown_says_why():
    for one in recompute_table(PAPER):
        agrees = (one.speedup_agrees, one.best_quality_agrees)
        assert agrees == (True, True) or one.cell.note, key(one)


def test_a_cell_of_the_table_needs_the_tolerance():
    panel = PAPER.panel(4, "XSum")  # tops out at 17.366 of 17.368
    chow = panel.curve("chow").tradeoff
    goal = np.array(panel.target_quality)
    assert 1 / cost_at_matched_quality(chow, goal) == pytest.approx(1.28, abs=0.015)
    assert np.isinf(cost_at_matched_quality(chow, goal, tolerance=0.0))


# --- All panels, against values read off them by another hand -----------------


def cells():
    with CELLS.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("figure", range(2, 12))
def test_the_worth_of_every_curve_is_what_was_read_off_it(figure):
    rows = [row for row in cells() if int(row["figure"]) == figure]
    for row in rows:
        panel = PAPER.panel(
            figure,
            row["task"],
            target=row["target"],
            temperature=float(row["temperature"]),
            gamma=int(row["gamma"]),
        )
        (one,) = [one for one in panel.curves if one.printed == row["method"]]
        first, best = worth(
            one.tradeoff,
            panel.target_quality,
            timed=panel.x_axis == "relative_latency",
            tolerance=0.0,
        )
        # Half a digit of the value, and what the three digits of a point add to it.
        digit = 0.01 if panel.family == "t5" else 0.001
        if row["first_match"]:
            assert first == pytest.approx(float(row["first_match"]), abs=digit), row
        else:
            assert first is None, row
        digit = 0.01 if float(row["best"]) > 1 else 0.001
        assert best == pytest.approx(float(row["best"]), abs=digit), row
    assert rows or figure == 8
