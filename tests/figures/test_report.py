"""The report: one page that shows all, escapes all and asks no network."""

import dataclasses
import re
from html import unescape

import pytest

from speccascade.figures import FigureSettings, style_of
from speccascade.figures.experiment import numbers_of
from speccascade.figures.report import Answer, Asked, Report, Section, page
from speccascade.figures.report.answers import differences
from speccascade.figures.report.elements import element, markup
from speccascade.figures.report.marker import colours, marker
from tests import browser

SETTINGS = FigureSettings(
    pair="tiny",
    task="ende_docs",
    split="test",
    temperature=1.0,
    gamma=3,
    batch=32,
    resamples=50,
)
METHODS = ("target", "drafter", "lossless", "chow", "opt", "token_v3")
# What models may write: ends of elements, quotes, Hebrew, line breaks, controls.
NASTY = "</script><script>throw 1</script> \"quoted\" 'so' & שלום\n  next\x00\x1b[31m"


def answer(method, text, threshold=None):
    return Answer(method=method, threshold=threshold, text=text, scores={"BLEU": 12.5})


@pytest.fixture(scope="module")
def made(mean_score, pair):
    """A report of one whole setting and one of which nothing is there."""

    curves = pair().curves(*METHODS)
    answers = (
        answer("target", "eins zwei drei"),
        answer("drafter", NASTY),
        answer("opt", "eins neu drei", 0.5),
    )
    whole = Section(
        name="tiny, ende_docs: test, T = 1",
        numbers=numbers_of(curves, curves, SETTINGS, metric=mean_score),
        signatures={"BLEU": "nrefs:1|case:mixed"},
        answers=[Asked(id=7, source=NASTY, reference="Eins.", answers=answers)],
        configuration="num_examples: 40\n",
        weights={"target_weights": "abc"},
        missing="",
    )
    empty = dataclasses.replace(
        whole,
        name="tiny, wiki_qa: test, T = 1",
        numbers=None,
        answers=[],
        missing="for rows are missing: opt (4 of 4 points)",
    )
    return Report(
        name="demo",
        command="speccascade run -m experiment=demo 'seeds=[1]'",
        sections=[whole, empty],
        environment={"decoded on": "a-host"},
    )


@pytest.fixture(scope="module")
def file(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "demo.html"
    path.write_text(page(made), encoding="utf-8")
    return path


def test_a_text_is_escaped_wherever_it_stands(made):
    html = page(made)
    assert "<script>throw" not in html and html.count("</script>") == 1
    assert "\x00" not in html and "\x1b" not in html
    assert "&lt;/script&gt;" in html and "שלום\n  next" in html
    tag = element("a", "<b>", None, element("i", "&"), "c", title='"<', hidden=False)
    assert markup(tag) == '<a title="&quot;<">&lt;b&gt;<i>&amp;</i>c</a>'


def test_the_page_holds_all_and_names_what_is_missing(made):
    html = page(made)
    for words in (
        "nrefs:1|case:mixed",
        "num_examples: 40",
        "decoded on",
        "Left out, for rows are missing: opt (4 of 4 points)",
        "speccascade run -m experiment=demo 'seeds=[1]'",
        "SpecCascade [OPT]",
        "Every threshold",
    ):
        assert words in html, words
    links = set(re.findall(r'href="#([^"]+)"', html))
    ids = set(re.findall(r' id="([^"]+)"', html))
    assert links <= ids and {"setting-1-answers", "setting-2", "missing"} <= links
    assert "setting-2-charts" not in ids
    assert not re.search(r"(src|href)=\"(?!#|data:)", html)


def test_of_a_whole_sweep_nothing_is_missing(made):
    html = page(dataclasses.replace(made, sections=made.sections[:1]))
    assert "Nothing: everything that the sweep asks for is there." in html
    assert "speccascade run" not in html


def test_a_trace_has_its_place_and_is_left_out_without_one(made):
    assert 'id="trace"' not in page(made)
    html = page(made, trace='<p class="x">step by step</p>')
    (framed,) = re.findall('srcdoc="([^"]*)"', html)
    assert unescape(framed) == '<p class="x">step by step</p>'
    assert 'href="#trace"' in html


def test_every_point_of_every_axis_says_its_value_interval_and_n(made):
    points = re.findall(r'data-text="([^"]*)"', page(made))
    # Three axes; three methods of one point and three of four.
    assert len(points) == 3 * (3 + 3 * 4)
    opt = [one for one in points if one.startswith("SpecCascade [OPT]")]
    number = r"-?\d+\.\d+"
    for one, axis in zip(opt[::4], ("Rel", "Tar", "Rej"), strict=True):
        lines = one.splitlines()
        assert lines[1] == "threshold 0, lossless end"
        assert re.fullmatch(rf"BLEU {number} \[{number}, {number}\]", lines[2])
        assert lines[3].startswith(axis)
        assert re.search(rf" {number} \[{number}, {number}\]$", lines[3])
        assert lines[4] == "n = 40 x 2 seeds"


def test_colours_and_markers_are_those_of_the_figures():
    assert f"--on-white: {style_of('opt').colour.lower()}" in colours("opt")
    assert colours("target").endswith("--on-black: #eeeeee")
    up, down = (markup(marker(one)) for one in ("diff", "token_v1"))
    # One corner of a triangle points up, which is less on a page, or down.
    assert _heights(up)[0] < _heights(up)[1] == _heights(up)[2]
    assert _heights(down)[0] == _heights(down)[1] < _heights(down)[2]


def _heights(svg: str) -> list[float]:
    corners = set(re.findall(r"(-?[\d.]+) (-?[\d.]+)", svg))
    return sorted(float(y) for _, y in corners)


def test_differences_are_of_words_and_give_the_new_text_back():
    found = differences("def f():\n  return a", "def g():\n    return a")
    assert "".join(text for kind, text in found if kind != "gone") == (
        "def g():\n    return a"
    )
    assert ("gone", "f") in found and ("new", "g") in found
    assert differences("a b", "a  b") == [("same", "a  b")]
    assert differences("", "") == []


@pytest.mark.parametrize("size", [browser.PHONE, browser.LAPTOP])
def test_in_a_browser_it_fits_and_points_tell_their_values(file, size):
    with browser.opened(file, size) as view:
        assert browser.fits(view)
        value = view.locator(".chart[data-axis=latency] .value")
        assert value.is_hidden()
        # Its bars may reach far to one side: the marker is where the point is.
        point = view.locator(
            ".chart[data-axis=latency] .point[data-method=drafter] path"
        )
        point.scroll_into_view_if_needed()
        point.hover(force=True)
        assert value.inner_text().startswith("Drafter alone\nBLEU ")
        view.mouse.move(2, 2)
        assert value.is_hidden()
        plot = view.locator(".chart[data-axis=latency] .plot")
        plot.focus()
        view.keyboard.press("ArrowDown")
        first = value.inner_text()
        for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
            view.keyboard.press(key)
        assert value.inner_text() != first
        box, frame = value.bounding_box(), plot.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0]
        assert abs(box["y"] - frame["y"]) < frame["height"] + 100
        view.keyboard.press("Escape")
        assert value.is_hidden()


def test_the_axis_is_switched_and_the_legend_hides_a_method_everywhere(file):
    with browser.opened(file, browser.PHONE) as view:
        shown = ".chart:visible"
        assert view.locator(shown).get_attribute("data-axis") == "latency"
        view.get_by_label("Rejection rate").first.check()
        assert view.locator(shown).get_attribute("data-axis") == "rejection"
        button = view.locator(".legend button[data-method=opt]")
        button.click()
        assert button.get_attribute("aria-pressed") == "false"
        assert view.locator(f"{shown} .point[data-method=opt]:visible").count() == 0
        assert view.locator("li[data-method=opt]:visible").count() == 0
        assert view.locator("li[data-method=drafter]:visible").count() == 1
        button.click()
        assert view.locator(f"{shown} .point[data-method=opt]:visible").count() == 4
        view.get_by_role("button", name="Hide all").click()
        assert view.locator(f"{shown} .point:visible").count() == 0
        assert browser.fits(view)
        view.emulate_media(media="print")
        assert view.locator(shown).count() == 3


def test_a_tap_tells_a_value_too(file):
    with browser.opened(file, browser.PHONE) as view:
        place = view.locator(".point[data-method=drafter]").first.evaluate(
            "one => { one.scrollIntoView({block: 'center'});"
            " const box = one.querySelector('svg path').getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; }"
        )
        view.evaluate(
            "([x, y]) => document.elementFromPoint(x, y)"
            ".dispatchEvent(new PointerEvent('pointerdown',"
            " {bubbles: true, pointerType: 'touch', clientX: x, clientY: y}))",
            place,
        )
        assert view.locator(".value:visible").inner_text().startswith("Drafter alone")


def test_a_click_on_a_head_sorts_its_table_with_gaps_last(file):
    with browser.opened(file) as view:
        view.locator("thead button", has_text="speed-up").first.click()
        column = "rows => rows.map(row => row.cells[2].textContent)"
        rows = view.locator("table").first.locator("tbody tr")
        numbers = rows.evaluate_all(column)
        known = [float(one.rstrip("~!")) for one in numbers if one != "-"]
        assert len(known) == 3 and known == sorted(known, reverse=True)
        assert numbers[-1] == "-"
        view.locator("thead button", has_text="speed-up").first.click()
        turned = rows.evaluate_all(column)
        assert [one for one in turned if one != "-"] == sorted(
            (one for one in numbers if one != "-"),
            key=lambda one: float(one.rstrip("~!")),
        )
        assert turned[-1] == "-"


def test_what_models_write_is_shown_as_they_wrote_it(file):
    with browser.opened(file) as view:
        card = view.locator("li[data-method=drafter] .text")
        # What is not in the target's answer is marked and stays whole.
        text = card.evaluate(
            "one => [...one.childNodes].filter(n => n.nodeName !== 'DEL')"
            ".map(n => n.textContent).join('')"
        )
        assert text == NASTY.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")
        assert card.get_attribute("dir") == "auto"
        marked = view.locator("li[data-method=opt] .text")
        assert marked.locator("del").inner_text().strip() == "zwei"
        assert marked.locator("ins").inner_text().strip() == "neu"
