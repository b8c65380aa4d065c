"""Answers to one prompt side by side, each with its differences from the target's."""

import difflib
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from speccascade.figures.report.elements import Element, element
from speccascade.figures.report.marker import colours, marker
from speccascade.figures.series import threshold_text
from speccascade.methods import display_name

__all__ = ["Answer", "Asked", "asked", "differences"]

# A word or any other character, with the white space after it; or that at the start.
_PIECES = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one method wrote.

    Attributes:
      method, threshold: who, and at which point.
      text: the answer.
      scores: of this answer alone, by the name of the metric.
    """

    method: str
    threshold: float | None
    text: str
    scores: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One example and what it was answered.

    Attributes:
      id: of the example in its task and split.
      source, reference: as `tasks.base.Example`.
      answers: in the order in which they are shown.
    """

    id: int
    source: str
    reference: str
    answers: Sequence[Answer]


def asked(one: Asked, *, is_open: bool) -> Element:
    """The example, its reference and its answers, folded unless it `is_open`."""
    target = next((a.text for a in one.answers if a.method == "target"), None)
    return element(
        "details",
        element("summary", f"Example {one.id}: ", element("bdi", _start(one.source))),
        _given("source", one.source),
        _given("reference", one.reference),
        element("ol", *(_answer(answer, target) for answer in one.answers)),
        class_="asked",
        open=is_open,
    )


def differences(old: str, new: str) -> list[tuple[str, str]]:
    """`new` as pieces that are "same" as in `old` or "new", and those "gone" from it.

    Blanks between words make no difference, breaks and indents of lines do.

    Example:
      differences("a b c", "a x c")
      ->  [("same", "a "), ("gone", "b "), ("new", "x "), ("same", "c")]
    """
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    keys = (list(map(_word, before)), list(map(_word, after)))
    matcher = difflib.SequenceMatcher(None, *keys, autojunk=False)
    found: list[tuple[str, str]] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            found.append(("same", "".join(after[k:m])))
            continue
        if i < j:
            found.append(("gone", "".join(before[i:j])))
        if k < m:
            found.append(("new", "".join(after[k:m])))
    return found


def _word(piece: str) -> str:
    return piece if "\n" in piece else piece.rstrip()


def _start(text: str) -> str:
    return textwrap.shorten(text, 60, placeholder=" ...")


def _given(name: str, text: str) -> Element:
    return element(
        "p",
        element("span", name, class_="who"),
        element("span", text, class_="text", dir="auto"),
        class_="given",
    )


def _answer(answer: Answer, target: str | None) -> Element:
    at = "" if answer.threshold is None else f" at {threshold_text(answer.threshold)}"
    scores = ", ".join(f"{name} {value:.4g}" for name, value in answer.scores.items())
    if target is None or answer.method == "target":
        pieces: list[Element | str] = [answer.text]
    else:
        tags = {"gone": "del", "new": "ins"}
        pieces = [
            text if kind == "same" else element(tags[kind], text)
            for kind, text in differences(target, answer.text)
        ]
    same = " = target's" if answer.method != "target" and answer.text == target else ""
    return element(
        "li",
        element(
            "span",
            element("span", marker(answer.method), class_="key"),
            f"{display_name(answer.method)}{at}",
            class_="who",
        ),
        element("span", *pieces, class_="text", dir="auto"),
        element("span", scores + same, class_="scores"),
        class_="of-method",
        style=colours(answer.method),
        data_method=answer.method,
    )
