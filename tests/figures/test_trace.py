"""Traces on a terminal, on a page in a real browser, and as JSON."""

import io
import json

import pytest
from rich.console import Console

from speccascade.figures.trace_page import page
from speccascade.figures.trace_text import print_comparison
from speccascade.traces import Origin
from tests.browser import LAPTOP, PHONE, fits, opened
from tests.figures.traces import WICKED, comparison


def text_of(**options) -> str:
    console = Console(file=io.StringIO(), highlight=False, **options)
    print_comparison(comparison(), console)
    return console.file.getvalue()


def test_text_marks_every_origin_without_colour():
    text = text_of(width=120)
    assert "\x1b" not in text
    for mark in ("↻piece1", "»piece2", "^piece3", "~piece5", "~piece6", "≠Aldrin"):
        assert mark in text
    assert " Buzz" in text and "≠Buzz" not in text
    for origin in Origin:
        assert f"{origin.value}: {origin.meaning}" in text
    assert "asks the target" in text and "p likes </script> 0.75" in text
    assert "Teacher-forced: made up" in text


def test_text_has_colours_on_a_terminal_and_loses_nothing_on_a_narrow_one():
    assert "\x1b[" in text_of(width=120, force_terminal=True, color_system="standard")
    narrow = text_of(width=80)
    assert max(map(len, narrow.splitlines())) <= 80
    assert "…" not in narrow


def test_a_table_has_the_calls_of_every_method():
    lines = text_of(width=120).splitlines()
    rows = {line[:20].strip(): line[20:].split() for line in lines if line[:1].strip()}
    assert rows["target calls"] == ["4", "4"]
    assert rows["tokens/target call"] == ["1.25", "1.25"]
    assert rows["deferred"] == ["–", "–"]


def test_json_has_all_numbers_and_no_infinity():
    found = json.loads(json.dumps(comparison().to_json(), allow_nan=False))
    assert found["traces"][1]["threshold"] == "-inf"
    first = found["traces"][0]["steps"][0]
    assert first["origin"] == "accepted"
    assert first["p"] == {"x": 0.125, "top": 0.75, "top_piece": "</script>"}
    assert found["prompt"] == WICKED


def test_a_page_escapes_what_it_is_given():
    html = page(comparison())
    assert "<script>window" not in html
    assert html.count("</script>") == 1  # its own
    assert "http" not in html


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_a_page_fits_and_shows_the_numbers_of_a_chosen_token(size, tmp_path):
    file = tmp_path / "trace.html"
    file.write_text(page(comparison()), encoding="utf-8")
    with opened(file, size) as view:
        assert fits(view)
        assert view.evaluate("window.broken") is None
        assert view.locator("#prompt").inner_text() == WICKED
        panel, tokens = view.locator("#numbers"), view.locator(".answer .t")
        assert panel.is_hidden()
        tokens.nth(1).click()
        text = panel.inner_text()
        for part in ("piece1", "resampled", "0.25", "the (0.5)", "</script>"):
            assert part in text
        assert "max q 0.1 < max p 0.9: asks the target" in text
        assert fits(view)
        # By keyboard alone: on, on, back, out.
        view.keyboard.press("ArrowRight")
        assert "piece2" in panel.inner_text()
        view.keyboard.press("Tab")
        assert "piece3" in panel.inner_text()
        view.keyboard.press("ArrowLeft")
        assert "piece2" in panel.inner_text()
        view.keyboard.press("Escape")
        assert panel.is_hidden()
        # A token at the page's end is not covered by the panel that it opens.
        tokens.last.click()
        below = tokens.last.bounding_box()
        assert below["y"] + below["height"] <= panel.bounding_box()["y"]
        for detail in view.locator("details").all():
            detail.locator("summary").click()
        assert fits(view)


def test_a_page_is_dark_where_the_reader_wants_it_and_opens_its_tables_for_print(
    tmp_path,
):
    file = tmp_path / "trace.html"
    file.write_text(page(comparison()), encoding="utf-8")
    with opened(file) as view:
        colour = "getComputedStyle(document.body).backgroundColor"
        view.emulate_media(color_scheme="light")
        light = view.evaluate(colour)
        view.emulate_media(color_scheme="dark")
        assert view.evaluate(colour) != light
        view.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert all(view.locator("details").evaluate_all("all => all.map(x => x.open)"))
