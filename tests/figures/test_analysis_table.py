"""Whole curves against one another, on synthetic curves whose order is known."""

import csv
import io

import pytest

from speccascade.figures import FigureSettings
from speccascade.figures.analysis_table import analysis_rows, to_csv, to_markdown
from speccascade.figures.measured import measure

SETTINGS = FigureSettings(
    pair="p", task="t", split="test", temperature=1.0, gamma=5, batch=8, resamples=200
)
METHODS = ("target", "drafter", "lossless", "lossy", "chow", "opt", "token_v3")


@pytest.fixture(scope="module")
def rows(pair, mean_score):
    curves = pair().curves(*METHODS)
    return analysis_rows(measure(curves, mean_score, SETTINGS), mean_score)


def test_there_is_a_row_a_method_in_the_order_of_the_legend(rows):
    names = [row.method for row in rows]
    assert names == ["lossless", "lossy", "chow", "opt", "token_v3"]


def test_the_method_that_lies_highest_recovers_most(rows):
    found = {row.method: row.recovered.value for row in rows}
    assert found["token_v3"] > found["opt"] > found["lossy"] > found["chow"]


def test_a_clear_lead_is_significant_and_the_baseline_is_not_compared(rows):
    found = {row.method: row for row in rows}
    assert found["token_v3"].area.low > 0
    assert found["token_v3"].gap.p_value == pytest.approx(2 / 201)
    assert found["chow"].area.value < 0
    assert found["lossy"].area is None and found["lossy"].gap is None
    # One point reaches no span of latencies.
    assert found["lossless"].area is None


def test_the_front_is_the_best_methods(rows):
    assert {row.method: row.on_front for row in rows}["token_v3"] >= 2


def test_curves_without_latency_or_models_alone_have_no_rows(pair, mean_score):
    untimed = measure(pair(host=None).curves(*METHODS), mean_score, SETTINGS)
    assert analysis_rows(untimed, mean_score) == []
    alone = measure(pair().curves("lossy", "opt"), mean_score, SETTINGS)
    assert analysis_rows(alone, mean_score) == []


def test_markdown_and_csv_have_every_row(rows):
    text = to_markdown(rows, "BLEU")
    assert text.count("\n| SpecCascade") == 3
    assert "not corrected for the number of methods" in text
    written = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert [float(row["apgr"]) for row in written] == [
        row.recovered.value for row in rows
    ]
    assert written[1]["p_value"] == ""
