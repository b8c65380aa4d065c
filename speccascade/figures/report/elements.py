"""HTML as a tree, where a text is escaped because it is one, whoever wrote it.

The tree is the standard library's; this gives it a short notation and takes out the
characters that no page may hold. What models write comes in as text and stays text.
"""

import re
from xml.etree import ElementTree

__all__ = ["Element", "element", "markup"]

Element = ElementTree.Element
# Control characters and halves of surrogate pairs; a line break and a tab are text.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def element(
    tag: str, /, *content: "Element | str | None", **attributes: object
) -> Element:
    """An element with its content in order; None is left out.

    Args:
      tag: its name.
      content: texts and elements.
      attributes: `class_` is class and `data_method` is data-method; True stands for an
        attribute without a value, None and False for none at all.

    Example:
      element("p", "a < ", element("b", "c"), class_="x")
      ->  <p class="x">a &lt; <b>c</b></p>
    """
    made = Element(tag)
    for key, value in attributes.items():
        if value is not None and value is not False:
            text = "" if value is True else _fit(str(value))
            made.set(key.rstrip("_").replace("_", "-"), text)
    last: Element | None = None
    for one in content:
        if isinstance(one, str):
            if last is None:
                made.text = (made.text or "") + _fit(one)
            else:
                last.tail = (last.tail or "") + _fit(one)
        elif one is not None:
            made.append(one)
            last = one
    return made


def markup(made: Element) -> str:
    """The element as HTML."""
    return ElementTree.tostring(made, encoding="unicode", method="html")


def _fit(text: str) -> str:
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
