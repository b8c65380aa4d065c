"""A table that is sorted by a click on a head, and scrolls within itself on a phone."""

import math
from collections.abc import Sequence

from speccascade.figures.report.elements import Element, element

__all__ = ["table"]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Element:
    """The cells as a table; the first column names the row, the others are numbers.

    A cell sorts by the number that it begins with, one without any comes last, and the
    first column sorts by its text.
    """
    head = [
        element("th", element("button", name, type="button"), scope="col")
        for name in heads
    ]
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(
                element("td", cell.strip(), data_value=_number(cell))
                for cell in row[1:]
            ),
        )
        for row in rows
    ]
    whole = element(
        "table",
        element("thead", element("tr", *head)),
        element("tbody", *body),
        class_="sortable",
    )
    return element("div", whole, class_="wide")


def _number(cell: str) -> str | None:
    """The number that a cell such as "1.2 [1, 2]~" begins with, as scripts read it."""
    try:
        value = float(cell.split()[0].rstrip("~!"))
    except ValueError:
        return None
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)
