"""Blocks of text of a page, in order: what two structurally identical pages share.

A translation made with gettext keeps the elements of its source, so that the n-th block
of the German page translates the n-th of the English one. Where one page has a block
more (a translator's note, a version behind), nothing tells which, and the page is left
out. Empty blocks are dropped first: the tools that write HTML spread them at will.

Example:
    <h2>Title</h2><dl><dt>Term</dt><dd><p>Text</p></dd></dl>
    ->  [("h2", "Title"), ("dt", "Term"), ("p", "Text")]
"""

from collections.abc import Iterator
from typing import NamedTuple

import lxml.etree
from lxml import html

from speccascade.tasks.rebuild.pairs import one_line

# Headings, paragraphs and captions, terms and table cells. List items and definitions
# are not among them: their text is in paragraphs, and what stands without one is
# navigation. The few headings of the sixth level are untranslated.
HTML_BLOCKS = frozenset({"h1", "h2", "h3", "h4", "h5", "p", "dt", "td"})
# GNOME's Mallard writes every text of a page as a title or a paragraph; what else has
# text (`desc`, `credit`) is for lists of links and for the licence.
MALLARD_BLOCKS = frozenset({"title", "p"})
# A block that holds another one, or a division, is layout and does not count itself.
_LAYOUT = frozenset({"div"})
_TEXT = lxml.etree.XPath("string()")


class Block(NamedTuple):
    """A block's element name, without namespace, and its text on one line."""

    name: str
    text: str


def html_blocks(page: bytes) -> list[Block]:
    """Blocks of a page in HTML or XHTML (UTF-8).

    Raises:
      lxml.etree.LxmlError: there is no page.
    """
    tree = html.fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    return list(_blocks(tree, HTML_BLOCKS))


def mallard_blocks(page: bytes) -> list[Block]:
    """Blocks of a Mallard page.

    Raises:
      lxml.etree.LxmlError: it is not XML.
    """
    return list(_blocks(lxml.etree.fromstring(page), MALLARD_BLOCKS))


def _blocks(tree: lxml.etree._Element, names: frozenset[str]) -> Iterator[Block]:
    for element in tree.iter("*"):  # elements alone, no comments
        name = lxml.etree.QName(element).localname
        if name not in names:
            continue
        inner = {
            lxml.etree.QName(one).localname for one in element.iterdescendants("*")
        }
        text = one_line(str(_TEXT(element)))
        if text and inner.isdisjoint(names | _LAYOUT):
            yield Block(name, text)


def aligned(english: list[Block], german: list[Block]) -> list[tuple[str, str]]:
    """Pairs of texts of two pages' blocks; [] where their structures differ."""
    if [block.name for block in english] != [block.name for block in german]:
        return []
    return [(en.text, de.text) for en, de in zip(english, german, strict=True)]
