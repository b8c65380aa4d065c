"""The paper's figures from its points, alone and with ours beside them."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from speccascade.curves import read_paper
from speccascade.figures import FigureSettings
from speccascade.figures.measured import measure
from speccascade.figures.panels import Cell
from speccascade.figures.paper_beside import draw_beside, draw_normalised, draw_over
from speccascade.figures.paper_compare import compare_table
from speccascade.figures.paper_draw import draw_paper
from speccascade.figures.paper_layout import NAMES, paper_figure
from speccascade.figures.paper_match import match
from speccascade.figures.paper_own_table import own_table
from speccascade.figures.paper_tables import PAPER_TABLES, paper_table
from speccascade.figures.series import to_csv

SETTINGS = FigureSettings(
    pair="ende_docs",
    task="ende_docs",
    split="test",
    temperature=1.0,
    gamma=5,
    batch=32,
    resamples=20,
)
METHODS = ("target", "drafter", "lossless", "lossy", "opt", "token_v3")
# Rows and columns of panels, and curves of each, as the paper has them.
SHAPES = {
    "fig1": ((1, 2), [3, 3]),
    "fig2": ((1, 2), [7, 7]),
    "fig3": ((2, 3), [3] * 6),
    "fig4": ((2, 2), [6] * 4),
    "fig5": ((2, 3), [5] * 5),
    "fig6": ((3, 3), [3] * 9),
    "fig7": ((3, 3), [3] * 9),
    "fig8": ((2, 2), [7, 2, 2]),
    "fig9": ((1, 3), [9] * 3),
    "fig10": ((2, 4), [5] * 8),
    "fig11": ((2, 3), [5] * 6),
}


def cell(made, metric, methods=METHODS, family="T5", **changes):
    settings = replace(SETTINGS, **changes)
    curves = [made.curve(method) for method in methods]
    return Cell(
        family=family,
        measured=measure(curves, metric, settings),
        metric=metric,
        label="BLEU",
        settings=settings,
    )


def of(name):
    found = paper_figure(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_has_the_panels_and_curves_of_the_paper(name):
    places = of(name).places
    rows, columns = SHAPES[name][0]
    assert max(place.row for place in places) == rows - 1
    assert max(place.column for place in places) == columns - 1
    assert len({(place.row, place.column) for place in places}) == len(places)
    assert [len(place.curves) for place in places] == SHAPES[name][1]


def test_repeated_panels_are_those_of_the_figure_where_they_first_stand():
    sources = {name: [one.panel.figure for one in of(name).places] for name in NAMES}
    assert sources["fig3"] == [10, 10, 10, 10, 3, 10]
    assert sources["fig4"] == [9, 4, 4, 4]
    assert sources["fig6"] == [9, 2, 6, 9, 6, 6, 9, 2, 6]
    assert sources["fig7"] == [7, 9, 7] * 3
    assert sources["fig11"] == [11, 11, 11, 11, 10, 11]


@pytest.mark.parametrize("name", ["fig1", "fig8", "fig9"])
def test_what_is_drawn_and_written_is_what_was_published(name):
    figure, layout = draw_paper(of(name)), of(name)
    rows = list(csv.DictReader(io.StringIO(to_csv(figure.series))))
    for place in layout.places:
        here = [row for row in rows if row["panel"] == place.title]
        written = sorted((row["x"], row["y"]) for row in here if row["x"])
        points = [xy for one in place.curves for xy in zip(one.x, one.y, strict=True)]
        assert written == sorted((repr(x), repr(y)) for x, y in points)
        axis = figure.panels[place.title]
        drawn = [xy for line in axis.lines for xy in zip(*line.get_data(), strict=True)]
        assert {(float(x), float(y)) for x, y in drawn} >= set(points)
        levels = [line for line in axis.lines if "/level" in (line.get_gid() or "")]
        assert len(levels) == (place.panel.target_quality is not None)
    assert {row["source"] for row in rows} == {"paper"}


def test_the_caption_names_source_claim_and_anomalies():
    figure = draw_paper(of("fig11"))
    (text,) = [one.get_text() for one in figure.texts if one.get_gid() == "caption"]
    text = text.replace("\n", " ")
    assert text.startswith("Narasimhan et al. (2025), arXiv 2405.19261v2, Fig. 11")
    assert of("fig11").claim in text
    assert "one of the two is a copy" in text


def test_an_experiment_of_another_name_is_no_figure_of_the_paper():
    assert paper_figure("demo") is None


def test_bild_at_two_gammas_is_two_panels_for_ours():
    five, ten = of("fig8_bild").places
    assert (five.gamma, ten.gamma) == (5, 10)
    assert [one.method for one in five.curves] == [one.method for one in ten.curves]


# --- Ours --------------------------------------------------------------------


def test_the_papers_pair_and_data_stand_for_their_own_panel_alone(pair, mean_score):
    ours = cell(pair(), mean_score, pair="t5_small_large", task="xsum")
    found = match(of("fig9"), [ours])
    assert [one.same for one in found] == [False, True, False]
    assert [one.why for one in found] == ["not run yet", "", "not run yet"]
    assert all(one.cell is None for one in match(of("fig4"), [ours])[1:])


def test_a_task_that_ships_stands_in_for_the_tasks_of_its_kind(pair, mean_score):
    docs = cell(pair(), mean_score)
    leads = cell(pair(), mean_score, pair="mini_suite", task="wiki_desc")
    found = match(of("fig9"), [docs, leads])
    assert [one.cell for one in found] == [docs, leads, leads]
    assert not any(one.same for one in found)
    xl = match(of("fig4"), [docs, leads])
    assert [one.why for one in xl] == ["", *["no second, larger target ships"] * 3]


def test_another_temperature_gamma_or_family_stands_for_nothing(pair, mean_score):
    others = {"temperature": 0.5}, {"gamma": 3}, {"family": "Gemma"}, {"family": ""}
    for changes in others:
        (found, *_) = match(of("fig9"), [cell(pair(), mean_score, **changes)])
        assert found.cell is None, changes


def test_at_the_papers_scale_ours_lies_over_the_published_on_one_axis(pair, mean_score):
    ours = cell(pair(), mean_score, pair="t5_small_large", task="wmt14_ende")
    figure = draw_over(of("fig9"), match(of("fig9"), [ours]))
    axis = figure.panels["WMT, Small → Large: BLEU"]
    lines = {line.get_gid(): line for line in axis.lines if line.get_gid()}
    pale = lines["WMT, Small → Large: BLEU/paper/opt"]
    solid = lines["WMT, Small → Large: BLEU/run/opt"]
    assert pale.get_alpha() < solid.get_alpha()
    assert pale.get_zorder() < solid.get_zorder()


def test_at_other_scales_no_axis_has_scores_of_both(pair, mean_score):
    cells = [cell(pair(), mean_score)]
    figure = draw_beside(of("fig9"), match(of("fig9"), cells))
    for axis in figure.panels.values():
        gids = [line.get_gid() or "" for line in axis.lines]
        assert not (
            any("/run/" in g for g in gids) and any("/paper/" in g for g in gids)
        )
    above = figure.panels["WMT, Small → Large: BLEU"].get_position()
    below = figure.panels["WMT, Small → Large: BLEU (ours)"].get_position()
    assert above.x0 == below.x0 and above.y0 > below.y1


def test_ours_have_no_bands_and_the_caption_says_how_wide_they_are(pair, mean_score):
    ours = cell(pair(), mean_score)
    points = [one for line in ours.measured.points.values() for one in line]
    bands = [one.quality[mean_score.name] for one in points]
    width = np.median([(one.high - one.low) / 2 for one in bands])
    assert width > 0
    figure = draw_beside(of("fig9"), match(of("fig9"), [ours]))
    assert not any(axis.collections for axis in figure.panels.values())
    (text,) = [one.get_text() for one in figure.texts if one.get_gid() == "caption"]
    words = f"95 % intervals (not drawn) ± {width:.2g} BLEU"
    assert words in " ".join(text.split())


def test_a_panel_that_nothing_stands_for_says_so(pair, mean_score):
    leads = cell(pair(), mean_score, pair="mini_suite", task="wiki_desc")
    figure = draw_beside(of("fig4"), match(of("fig4"), [leads]))
    axis = figure.panels["WMT, Small → XL: BLEU (ours)"]
    assert [one.get_text() for one in axis.texts] == ["no second, larger target ships"]
    # Nothing of ours stands for the second row: no row lies under it.
    assert "XSum, Small → XL: ROUGE-2 (ours)" not in figure.panels
    rows = {round(one.get_position().y0, 3) for one in figure.panels.values()}
    assert len(rows) == 3


def test_on_the_normalised_axis_the_models_are_0_and_1(pair, mean_score):
    figure = draw_normalised(of("fig9"), match(of("fig9"), [cell(pair(), mean_score)]))
    assert figure is not None
    for source, count in (("run", 1), ("paper", 1)):
        levels = [
            s for s in figure.series if (s.source, s.method) == (source, "target")
        ]
        assert [line.y for line in levels] == [(1.0,)] * count
    (drafter,) = [s for s in figure.series if s.method == "drafter"]
    assert drafter.y == (0.0,)


def test_without_a_common_cost_nothing_is_normalised(pair, mean_score):
    untimed = cell(pair(host=None), mean_score)
    assert draw_normalised(of("fig9"), match(of("fig9"), [untimed])) is None
    figure = draw_beside(of("fig9"), match(of("fig9"), [untimed]))
    axis = figure.panels["WMT, Small → Large: BLEU (ours)"]
    assert axis.get_xlabel() == "Target calls per token"


def test_rejection_rates_serve_gemma_and_rejections_serve_lossy_star(pair, mean_score):
    gemma = cell(pair(), mean_score, family="Gemma", gamma=1)
    assert draw_normalised(of("fig10"), match(of("fig10"), [gemma])) is not None
    star = cell(pair(), mean_score, ("target", "drafter", "lossy"))
    figure = draw_beside(of("fig8_lossy_star"), match(of("fig8_lossy_star"), [star]))
    axis = figure.panels["WMT, Small → Large: BLEU (ours)"]
    assert axis.get_xlabel() == "Rejections per token"


def test_the_comparison_has_ratios_and_orders_and_no_scores(pair, mean_score):
    found = compare_table("fig9", match(of("fig9"), [cell(pair(), mean_score)]))
    assert found.name == "fig9-compare"
    rows = {row[2]: row for row in found.rows}
    assert set(rows) == {
        "SpecDecode [Lossy]",
        "SpecCascade [OPT]",
        "SpecCascade [TokenV3]",
    }
    lossy = rows["SpecDecode [Lossy]"]
    assert lossy[3] == "1.61"
    # 17.27 between 14.393 and 16.46.
    assert float(lossy[5]) == pytest.approx(
        (17.27 - 14.393) / (16.46 - 14.393), abs=0.01
    )
    assert float(lossy[4]) > 1
    order = "SpecCascade [TokenV3] > SpecCascade [OPT] > SpecDecode [Lossy]"
    assert f"best quality, published {order}; ours {order}." in found.notes[-1]


def test_our_table_2_has_the_published_speedups_beside(pair, mean_score):
    cells = [cell(pair(), mean_score, pair="mini_suite", task="wiki_desc")]
    table = own_table(cells, read_paper())
    rows = {row[0]: row for row in table.rows}
    assert rows["SpecCascade [OPT]"][2] == "1.17 / 1.80"
    assert rows["SpecCascade [OPT]"][1].startswith("1.")
    assert rows["Target alone"][1:3] == ["-", "-"]
    assert "wiki_desc: XSum Large, CNNDM Large" in table.notes[1]


# --- Tables ------------------------------------------------------------------


@pytest.mark.parametrize("name", PAPER_TABLES)
def test_a_table_is_whole_in_markdown_and_latex(name):
    table = paper_table(name, read_paper())
    lines = table.markdown().splitlines()
    assert len([one for one in lines if one.startswith("|")]) == len(table.rows) + 2
    assert {line.count("|") for line in lines if line.startswith("|")} == {
        len(table.heads) + 1
    }
    latex = table.latex()
    assert latex.count(r" \\") == len(table.rows) + 1
    assert latex.count("$") % 2 == 0


def test_table_1_says_what_the_rules_say():
    rows = {row[0]: row for row in paper_table("table1", read_paper()).rows}
    assert rows["SpecCascade [OPT]"][1] == (
        r"$\max q < \max p - \alpha D_{\mathrm{TV}}(p, q)$"
    )
    assert rows["TokenCascade [Chow]"][3] == "sequential"
    assert rows["SpecDecode [Lossless]"][1:3] == ["-", "$p(v)$"]


def test_table_2_has_the_recomputed_number_where_it_differs():
    table = paper_table("table2", read_paper())
    rows = {row[0]: row for row in table.rows}
    assert rows["BiLD*"][1:7] == [
        "1.34",
        "1.04",
        "1.38 (1.40)",
        "1.85 (1.81)",
        "1.28",
        "1.84",
    ]
    assert rows["SpecCascade [Token]"][4] == "2.50 (-)"
    assert "32 of 37 speed-ups and 34 of 37 best qualities agree" in table.notes[1]


def test_table_3_has_the_log_rules_and_notes_the_misprint():
    table = paper_table("table3", read_paper())
    names = [row[0] for row in table.rows]
    assert {"SpecCascade [OPTLog]", "SpecCascade [TokenV1]"} <= set(names)
    assert any("q and p exchanged" in note for note in table.notes)


def test_every_claim_is_one_sentence():
    for name in (*NAMES, "fig8_bild", "fig8_lossy_star"):
        claim = of(name).claim
        assert claim.endswith(".") and claim.count(". ") == 0
    assert np.all([of(name).item in NAMES for name in ("fig8_bild", "fig9")])
