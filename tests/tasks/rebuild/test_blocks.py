"""From pages in HTML and Mallard to blocks of text, and their alignment."""

import pytest

from speccascade.tasks.rebuild.blocks import (
    Block,
    aligned,
    html_blocks,
    mallard_blocks,
)

MALLARD = """<page xmlns="http://projectmallard.org/1.0/">
<info><desc>For lists of links.</desc></info>
<title>Lock the <gui>screen</gui></title>
<!-- <p>Not a paragraph.</p> -->
<steps><item><p>Press the
 key.<!-- which? --></p></item><item><p> </p></item><item>Bare</item></steps>
</page>"""


def test_headings_paragraphs_terms_and_cells_are_blocks_in_page_order():
    page = """<html><head><title>Not on the page</title></head><body>
<h2 class="title"><a name="x"></a>1.2.&#160;Überschrift</h2>
<dl><dt>Term</dt><dd><p>Its <em>long</em>
 text.</p></dd><dd>Bare</dd></dl><ul><li>Navigation</li></ul>
<table><tr><th>Head</th><td>Cell</td></tr></table><h6>Deep</h6></body></html>"""
    assert html_blocks(page.encode()) == [
        Block("h2", "1.2. Überschrift"),
        Block("dt", "Term"),
        Block("p", "Its long text."),
        Block("td", "Cell"),
    ]


def test_the_example_of_the_module_docstring():
    page = b"<h2>Title</h2><dl><dt>Term</dt><dd><p>Text</p></dd></dl>"
    assert html_blocks(page) == [("h2", "Title"), ("dt", "Term"), ("p", "Text")]


def test_pages_in_xhtml_are_read_like_those_in_html():
    page = """<?xml version="1.0" encoding="UTF-8"?>
<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Ä<br /></p></body></html>"""
    assert html_blocks(page.encode()) == [Block("p", "Ä")]


@pytest.mark.parametrize(
    ("cell", "blocks"),
    [
        ("<p>A note</p>", [Block("p", "A note")]),
        ('<div class="para">A note</div>', []),  # of a box around code
    ],
)
def test_a_cell_that_holds_other_blocks_is_layout(cell, blocks):
    page = f"<table><tr><td>{cell}</td></tr></table>"
    assert html_blocks(page.encode()) == blocks


def test_mallard_pages_consist_of_titles_and_paragraphs():
    assert mallard_blocks(MALLARD.encode()) == [
        Block("title", "Lock the screen"),
        Block("p", "Press the key."),
    ]


def test_empty_blocks_do_not_make_two_pages_differ():
    english = html_blocks(b"<h1>Open</h1><p>Click twice.</p><p> </p><p>Done.</p>")
    german = html_blocks(b"<p></p><h1>Auf</h1><p>Klick, klick.</p><p>Fertig.</p>")
    assert aligned(english, german) == [
        ("Open", "Auf"),
        ("Click twice.", "Klick, klick."),
        ("Done.", "Fertig."),
    ]


@pytest.mark.parametrize(
    "german",
    [
        b"<h1>Auf</h1><p>Klick.</p><p>Anmerkung</p>",  # one block more
        b"<h1>Auf</h1>",  # one block less
        b"<p>Klick.</p><h1>Auf</h1>",  # as many, in another order
    ],
)
def test_pages_of_different_structure_give_nothing(german):
    english = html_blocks(b"<h1>Open</h1><p>Click.</p>")
    assert aligned(english, html_blocks(german)) == []
