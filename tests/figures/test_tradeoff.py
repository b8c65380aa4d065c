"""The figure draws the numbers it was given, and its files hold nothing else."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex

from speccascade.errors import UserError
from speccascade.figures.caption import FigureSettings, caption
from speccascade.figures.files import save
from speccascade.figures.series import Series
from speccascade.figures.style import style_of
from speccascade.figures.tradeoff import draw_series

SETTINGS = FigureSettings(
    pair="mini-t5-ende",
    task="ende_docs",
    split="test",
    examples=100,
    seeds=(0, 1, 2),
    temperature=1.0,
    gamma=5,
    batch=32,
    host="a-host",
    device="cpu",
    latency_examples=20,
    latency_repeats=3,
    published_examples=512,
    published_host="their-host",
)


def line(method, panel="rejection", source="run", points=3, **fields) -> Series:
    """A rising line of `points` points between the two ends."""
    step = np.arange(points)
    x_name = "rejection_rate" if panel == "rejection" else "relative_latency"
    values = {
        "thresholds": tuple(1.0 - step / points),
        "ends": ("drafter", *[None] * (points - 2), "lossless")[:points],
        "x": tuple(0.1 * step + 0.05 * len(method) / 10),
        "y": tuple(12.0 + step),
        "low": tuple(11.0 + step),
        "high": tuple(13.0 + step),
    }
    hosts = {"latency": "a-host", "published latency": "their-host"}
    return Series(
        panel=panel,
        source=source,
        method=method,
        display_name=f"Name of {method}",
        x_name=x_name,
        y_name="bleu",
        examples=100,
        host=hosts.get(panel),
        **(values | fields),
    )


def level(method, quality, panel="rejection", x=None, source="run") -> Series:
    none = {"thresholds": (None,), "ends": (None,), "low": (None,), "high": (None,)}
    return line(method, panel, source, 1, x=(x,), y=(quality,), **none)


METHODS = ("lossy", "bild", "chow", "diff_log", "opt", "token_v1", "my_rule")
SERIES = (
    *(line(m, "rejection") for m in METHODS),
    *(line(m, "rejection", "published", 5) for m in METHODS[:3]),
    *(line(m, "latency") for m in METHODS),
    *(line(m, "published latency", "published", 5) for m in METHODS[:3]),
    level("target", 16.5),
    level("drafter", 12.1),
    level("target", 16.5, "latency", 1.0),
    level("drafter", 12.1, "latency", 0.1),
)


@pytest.fixture(scope="module")
def figure():
    return draw_series(SERIES, SETTINGS, "BLEU")


def lines(axis):
    """Lines of an axis by their gid, panel/source/method."""
    return {artist.get_gid(): artist for artist in axis.lines}


def test_vertices_are_the_points_in_their_order(figure):
    for drawn in SERIES:
        if drawn.x[0] is None:
            continue
        artist = lines(figure.panels[drawn.panel])[
            f"{drawn.panel}/{drawn.source}/{drawn.method}"
        ]
        assert artist.get_xydata().tolist() == np.c_[drawn.x, drawn.y].tolist()


def test_colour_and_marker_are_the_methods_in_every_panel(figure):
    for drawn in SERIES:
        artist = lines(figure.panels[drawn.panel]).get(
            f"{drawn.panel}/{drawn.source}/{drawn.method}"
        )
        if artist is None:
            continue
        style = style_of(drawn.method)
        assert to_hex(artist.get_color()).upper() == style.colour.upper()
        if (drawn.panel, drawn.source) != ("rejection", "published"):
            assert artist.get_marker() == style.marker


def test_shipped_curves_are_pale_lines_behind_the_points_of_this_run(figure):
    drawn = lines(figure.panels["rejection"])
    ours, theirs = drawn["rejection/run/chow"], drawn["rejection/published/chow"]
    assert theirs.get_marker() == "none"
    assert theirs.get_alpha() < 0.5 < ours.get_alpha()
    assert theirs.get_linewidth() < ours.get_linewidth()
    assert theirs.get_zorder() < ours.get_zorder()


def test_bands_are_light_and_pass_through_the_interval(figure):
    bands = figure.panels["latency"].collections
    assert len(bands) == len(METHODS)
    for band in bands:
        assert band.get_alpha() < 0.15
        vertices = band.get_paths()[0].vertices
        assert vertices[:, 1].min() == 11.0 and vertices[:, 1].max() == 15.0
    # None behind the pale lines: this run's only.
    assert len(figure.panels["rejection"].collections) == len(METHODS)


def test_target_is_dashed_drafter_dotted_and_one_is_marked(figure):
    for panel in ("rejection", "latency"):
        drawn = lines(figure.panels[panel])
        target = drawn[f"{panel}/run/target/level"]
        drafter = drawn[f"{panel}/run/drafter/level"]
        assert set(target.get_ydata()) == {16.5}
        assert set(drafter.get_ydata()) == {12.1}
        dash, dot = target._dash_pattern[1], drafter._dash_pattern[1]
        assert dash[0] > 2 * dot[0]
    assert set(lines(figure.panels["latency"])["latency/one"].get_xdata()) == {1.0}
    assert "rejection/one" not in lines(figure.panels["rejection"])


def test_each_end_is_named_once_a_panel(figure):
    for axis in figure.panels.values():
        words = [text.get_text() for text in axis.texts]
        assert words.count("lossless") == words.count("drafter end") == 1


def test_the_legend_names_every_method_once(figure):
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts() if text.get_text()]
    expected = {s.display_name for s in SERIES} | {"shipped curves, n = 512"}
    assert len(names) == len(set(names)) and set(names) == expected


def test_each_latency_panel_names_its_host(figure):
    texts = {
        name: " ".join(t.get_text() for t in axis.texts)
        for name, axis in figure.panels.items()
    }
    assert "a-host" in texts["latency"] and "their-host" not in texts["latency"]
    assert "their-host" in texts["published latency"]


def test_a_panel_that_is_not_there_is_not_pointed_at(figure):
    def words(one):
        return " ".join(t.get_text() for t in one.panels["published latency"].texts)

    assert "not to be compared with (b)" in words(figure)
    untimed = draw_series([s for s in SERIES if s.panel != "latency"], SETTINGS, "BLEU")
    assert "compared" not in words(untimed)


def test_the_caption_says_how_it_was_made(figure):
    (text,) = [t.get_text() for t in figure.texts if t.get_gid() == "caption"]
    words = " ".join(text.split())
    for part in (
        "Pair mini-t5-ende, task ende_docs (test), T = 1, γ = 5",
        "n = 100 sentences × 3 seeds, decoded in batches of 32",
        "gate untempered, bonus law",
        "Bands and thin bars: 95 % bootstrap intervals of quality, rejection rate",
        "Latency: Measured on a-host (cpu), batch 1, 20 sentences, 3 repeats",
        "shipped with the project, n = 512",
        "measured on their-host",
    ):
        assert part in words, part


def test_the_caption_of_a_single_sentence_says_that_it_has_no_spread():
    for examples, expected in ((1, True), (2, False)):
        settings = replace(SETTINGS, examples=examples)
        text = caption(settings, latency=False, published=False)
        assert ("A single sentence has no spread" in text) == expected


def test_nothing_leaves_the_page_or_lies_on_something_else(figure):
    figure.canvas.draw()
    page = figure.bbox
    caption = next(t for t in figure.texts if t.get_gid() == "caption")
    boxes = [axis.get_tightbbox() for axis in figure.panels.values()]
    boxes += [caption.get_window_extent(), figure.legends[0].get_window_extent()]
    for box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1
        assert page.y0 <= box.y0 and box.y1 <= page.y1
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_without_latency_only_the_rejection_panel_is_drawn():
    quality = [s for s in SERIES if s.panel == "rejection" and s.source == "run"]
    figure = draw_series(quality, SETTINGS, "BLEU")
    assert list(figure.panels) == ["rejection"] and len(figure.axes) == 1
    (caption,) = [t.get_text() for t in figure.texts if t.get_gid() == "caption"]
    assert "Latency" not in caption and "shipped" not in caption


def test_a_curve_that_turns_back_has_whiskers_and_no_band():
    turning = line("opt", "latency", x=(0.9, 0.7, 0.8))
    axis = draw_series([turning], SETTINGS, "BLEU").panels["latency"]
    assert not [c for c in axis.collections if isinstance(c, PolyCollection)]
    (whiskers,) = [c for c in axis.collections if isinstance(c, LineCollection)]
    assert [segment[0][0] for segment in whiskers.get_segments()] == [0.9, 0.7, 0.8]


def test_a_single_point_is_a_marker_with_a_whisker():
    figure = draw_series([line("lossless", points=1)], SETTINGS, "BLEU")
    (artist,) = figure.panels["rejection"].lines
    assert artist.get_marker() == "*" and len(artist.get_xdata()) == 1
    (whisker,) = figure.panels["rejection"].collections
    assert whisker.get_segments()[0][:, 1].tolist() == [11.0, 13.0]


def test_the_csv_is_what_was_drawn(figure, tmp_path):
    files = save(figure, tmp_path, "demo")
    assert [file.name for file in files] == ["demo.pdf", "demo.png", "demo.csv"]
    rows = list(csv.DictReader(io.StringIO(files[2].read_text())))
    for panel, axis in figure.panels.items():
        for gid, artist in lines(axis).items():
            if gid.endswith(("/one", "/level", "/whisker")):
                continue
            _, source, method = gid.split("/")
            mine = [
                (float(row["x"]), float(row["y"]))
                for row in rows
                if (row["panel"], row["source"], row["method"])
                == (panel, source, method)
            ]
            assert mine == list(map(tuple, artist.get_xydata().tolist()))
    assert len(rows) == sum(len(s.x) for s in SERIES)
    pale = [r for r in rows if (r["panel"], r["source"]) == ("rejection", "published")]
    assert pale and not any(row["y_low"] or row["y_high"] for row in pale)


def test_infinite_thresholds_are_spelled_in_the_csv(tmp_path):
    ends = replace(line("opt", points=2), thresholds=(float("inf"), float("-inf")))
    file = save(draw_series([ends], SETTINGS, "BLEU"), tmp_path, "ends")[2]
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["threshold"] for row in rows] == ["inf", "-inf"]


def test_two_drawings_are_the_same_bytes_with_fonts_inside(tmp_path):
    few = [s for s in SERIES if s.method in ("target", "chow", "diff_log")]
    for name in ("one", "two"):
        save(draw_series(few, SETTINGS, "BLEU"), tmp_path / name, "demo")
    for end in ("pdf", "png", "csv"):
        one, two = (tmp_path / n / f"demo.{end}" for n in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    pdf = (tmp_path / "one" / "demo.pdf").read_bytes()
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf
    assert b"CreationDate" not in pdf


def test_an_unwritable_folder_is_one_sentence(figure, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write figures to"):
        save(figure, tmp_path / "file" / "folder", "demo")
