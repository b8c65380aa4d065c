"""The figure of the theory draws the checks' points, and its CSV holds the same."""

import csv
import io

import numpy as np
import pytest
from rich.console import Console

from speccascade.figures.files import save_with
from speccascade.figures.theory import draw_theory, theory_csv
from speccascade.figures.theory_table import print_theory
from speccascade.theory import Misprint
from tests.figures.theory_checks import CHECKS


@pytest.fixture(scope="module")
def figure():
    return draw_theory(CHECKS)


def test_every_point_of_every_check_is_drawn_in_its_panel(figure):
    panels = [["Lemma 3"], ["Lemma 4"], ["Lemma 5"], ["Lemma 7", "Lemma 7, our half"]]
    panels += [["Lemma 8"], ["engine's calls"]]
    assert len(figure.axes) == 6
    for axis, names in zip(figure.axes, panels, strict=True):
        drawn = [np.stack(line.get_data()) for line in axis.lines]
        for one in CHECKS:
            for expected in one.points if one.name in names else ():
                wanted = np.stack([expected.x, expected.y])
                assert any(np.array_equal(wanted, found) for found in drawn), one.name


def test_a_label_stands_once_in_a_legend(figure):
    for axis in figure.axes:
        words = [text.get_text() for text in axis.get_legend().get_texts()]
        assert words and len(words) == len(set(words))


def test_the_caption_says_how_near_the_bounds_are(figure):
    caption = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    for number in (
        "1,234 tries",
        "0.9800 of its bound",
        "0.40 of the",
        "0.80 of ours",
        "is 1.5",
    ):
        assert number in caption


def test_the_csv_holds_every_point_bit_for_bit():
    rows = list(csv.DictReader(io.StringIO(theory_csv(CHECKS))))
    assert len(rows) == sum(len(one.x) for each in CHECKS for one in each.points)
    last = CHECKS[-1].points[-1]
    found = [(float(row["y_low"]), float(row["y_high"])) for row in rows[-3:]]
    assert last.low is not None and last.high is not None
    assert found == list(zip(last.low, last.high, strict=True))


def test_the_same_checks_give_the_same_bytes(figure, tmp_path):
    for name in ("first", "second"):
        save_with(theory_csv(CHECKS), draw_theory(CHECKS), tmp_path / name, "theory")
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert files == ["theory.csv", "theory.pdf", "theory.png"]
    for file in files:
        first, second = (tmp_path / name / file for name in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


def test_the_table_gives_violation_tightness_and_the_wrong_rule():
    misprint = Misprint(
        place="App. Z", printed="1 = 2", failing=0.25, largest=1.0, corrected=0.0
    )
    out = io.StringIO()
    print_theory(CHECKS, [misprint], Console(file=out, width=120))
    text = out.getvalue()
    for words in (
        "1,234",
        "1.5 s.e.",
        "99 s.e.",
        "0.9800",
        "App. Z",
        "25.0 %",
        "Lemma 3: a <= b",
    ):
        assert words in text
