"""The table of costs: every number with its interval, every point in the CSV."""

import csv
import dataclasses
import io

import numpy as np
import pytest
from rich.console import Console

from speccascade.figures.caption import FigureSettings
from speccascade.figures.cost_table import (
    cost_rows,
    footnotes,
    print_table,
    to_csv,
    to_markdown,
)
from speccascade.figures.measured import measure
from speccascade.figures.rows import rows_of

SETTINGS = FigureSettings(
    pair="mini-t5-ende",
    task="ende_docs",
    split="test",
    examples=40,
    seeds=(0, 1),
    temperature=1.0,
    gamma=5,
    batch=32,
    resamples=50,
)


def with_costs(curve):
    """The curve, its rows costing a million a token and the first one cut off."""
    points = tuple(
        dataclasses.replace(
            point,
            flops=1e6 * (1.0 + place) * np.ones(len(point.examples)),
            at_limit=np.arange(len(point.examples)) == 0,
        )
        for place, point in enumerate(curve.points)
    )
    return dataclasses.replace(curve, points=points)


@pytest.fixture(scope="module")
def measured(pair, mean_score):
    curves = map(with_costs, pair().curves("target", "drafter", "lossless", "opt"))
    return measure(list(curves), mean_score, SETTINGS)


@pytest.fixture(scope="module")
def rows(measured, mean_score):
    return cost_rows(measured, mean_score)


def printed(rows, *, terminal=False):
    stream = io.StringIO()
    console = Console(
        file=stream, width=60, force_terminal=terminal, no_color=True, highlight=False
    )
    print_table(rows, SETTINGS, "BLEU", console)
    return stream.getvalue()


def test_the_operating_point_is_that_of_the_first_table(measured, rows, mean_score):
    first = {row.method: row for row in rows_of(measured, {}, mean_score)}
    chosen = [row for row in rows if row.operating]
    assert [row.method for row in chosen] == list(first)
    for row in chosen:
        one = first[row.method]
        tokens, length = row.costs["tokens_per_target_call"], row.costs["length_ratio"]
        assert one.length_ratio == length.value
        if one.rejection_rate is not None:
            assert one.rejection_rate == row.costs["rejection_rate"].value
        if one.tokens_per_target_call is not None:
            assert one.tokens_per_target_call == tokens.value


def test_markdown_has_an_interval_at_every_number(rows):
    lines = to_markdown(rows, SETTINGS, "BLEU").splitlines()
    (head,) = [one for one in lines if one.startswith("| method")]
    cells = [one.strip() for one in next(s for s in lines if "[OPT]" in s).split("|")]
    assert len(cells) == len(head.split("|"))
    numbers = [one for one in cells[3:-1] if one != "-"]
    assert len(numbers) == 8  # the synthetic rule has no r
    assert all("[" in one and one.endswith("]") for one in numbers)
    assert cells[-2].startswith("0.01 [0.00, ")  # 1 of 80 rows is at the limit


def test_a_file_gets_values_in_plain_lines_of_at_most_100_columns(rows):
    text = printed(rows)
    assert text.isascii() and "…" not in text
    assert max(map(len, text.splitlines())) <= 100
    opt = next(line for line in text.splitlines() if "[OPT]" in line)
    assert "[0." not in opt
    assert text.count("SpecCascade [OPT]") == 1


def test_every_column_is_explained(rows):
    notes = " ".join(footnotes(SETTINGS, "BLEU"))
    (head,) = [
        s for s in to_markdown(rows, SETTINGS, "BLEU").splitlines() if "| alpha" in s
    ]
    for name in [one.strip() for one in head.split("|")][3:-1]:
        assert f"{name}:" in notes or f"{name}," in notes, name
    for kind in ("speculative", "BiLD", "oracle", "token cascades", "sequence"):
        assert kind in notes


def test_the_csv_has_every_point_unrounded_with_its_interval(rows):
    found = list(csv.DictReader(io.StringIO(to_csv(rows))))
    opt = [row for row in found if row["method"] == "opt"]
    assert [row["end"] for row in opt] == ["lossless", "", "", "drafter"]
    assert [row["operating_point"] for row in found].count("true") == 4
    for row, held in zip(found, rows, strict=True):
        for name, band in held.costs.items():
            ends = [row[name + end] for end in ("_low", "", "_high")]
            if band is None:
                assert ends == [""] * 3
            else:
                assert list(map(float, ends)) == [band.low, band.value, band.high]
    target = next(row for row in found if row["method"] == "target")
    assert float(target["relative_flops"]) == float(target["length_ratio"]) == 1.0
    # Each row costs a million times its point's place; the target's costs one million.
    assert [float(row["relative_flops"]) for row in opt] == [1, 2, 3, 4]
