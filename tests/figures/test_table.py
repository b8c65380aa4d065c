"""The table fits its page, says what n cannot tell, and is the same in every format."""

import csv
import dataclasses
import io
from dataclasses import replace

import pytest
from rich.console import Console

from speccascade.figures.caption import FigureSettings
from speccascade.figures.table import (
    Estimate,
    Row,
    footnotes,
    print_table,
    to_csv,
    to_markdown,
)
from speccascade.methods import METHODS

SETTINGS = FigureSettings(
    pair="mini-t5-ende",
    task="ende_docs",
    split="test",
    examples=100,
    seeds=(0, 1, 2),
    temperature=1.0,
    gamma=5,
    batch=32,
    host="a-host",
    device="cpu",
    latency_examples=20,
    latency_repeats=3,
)

TOKEN = Row(
    method="token_v1",
    display_name="SpecCascade [TokenV1]",
    points=12,
    speedup=Estimate(value=2.0171),
    speedup_chosen=Estimate(value=1.518, low=0.923, high=1.811, unsure=True),
    quality=Estimate(value=22.031),
    quality_chosen=Estimate(value=21.117, low=18.22, high=23.91),
    rejection_rate=0.3123,
    tokens_per_target_call=3.2,
    length_ratio=1.018,
)
CHOW = Row(
    method="chow",
    display_name="SpecCascade [Chow]",
    points=1,
    speedup=None,
    speedup_chosen=None,
    quality=Estimate(value=16.5, unsure=True),
    quality_chosen=None,
    rejection_rate=None,
    tokens_per_target_call=None,
    length_ratio=None,
)


def printed(rows, *, terminal, settings=SETTINGS, width=100):
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        no_color=True,
        highlight=False,
    )
    print_table(rows, settings, "BLEU", console)
    return stream.getvalue()


@pytest.mark.parametrize("width", [60, 100, 200])
def test_a_file_gets_plain_ascii_lines_of_at_most_100_columns(width):
    text = printed([TOKEN, CHOW], terminal=False, width=width)
    assert text.isascii() and "\x1b" not in text and "…" not in text
    assert max(map(len, text.splitlines())) <= 100
    row = next(line for line in text.splitlines() if "TokenV1" in line)
    assert " ".join(row.split()) == (
        "SpecCascade [TokenV1] 12 2.02 1.52 [0.92, 1.81]~ 22.03 21.1 [18.2, 23.9] "
        "0.31 3.20 1.02"
    )


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("name", [n for n, m in METHODS.items() if m.sweeps != "alpha"])
def test_a_name_with_a_word_in_brackets_is_printed_whole(name, terminal):
    row = replace(TOKEN, display_name=METHODS[name].display_name)
    text = printed([row, CHOW], terminal=terminal)
    assert row.display_name in text and "…" not in text


def test_a_terminal_gets_a_rule_under_the_head():
    lines = printed([TOKEN], terminal=True).splitlines()
    assert any("──" in line for line in lines)


def test_what_is_not_known_is_a_dash():
    text = printed([CHOW], terminal=False)
    row = next(line for line in text.splitlines() if "Chow" in line)
    assert " ".join(row.split()) == "SpecCascade [Chow] 1 - - 16.50~ - - - -"
    assert "no validation curves were given" in text


def test_a_dash_where_no_threshold_qualified_is_not_called_missing_data():
    settings = dataclasses.replace(SETTINGS, validation_examples=40)
    notes = " ".join(footnotes([CHOW], settings, "BLEU"))
    assert "chosen on validation data (40 sentences), reported on test" in notes
    assert "- where none qualified" in notes and "were given" not in notes


def test_what_n_cannot_tell_is_marked_and_said_in_words():
    notes = " ".join(footnotes([CHOW], SETTINGS, "BLEU"))
    assert "~ n = 100 sentences x 3 seeds cannot tell this from the target" in notes
    sure = replace(CHOW, quality=Estimate(value=16.5))
    assert "cannot tell" not in " ".join(footnotes([sure], SETTINGS, "BLEU"))


def test_a_speed_up_that_lost_the_targets_quality_is_marked():
    lost = replace(
        TOKEN, speedup_chosen=Estimate(value=1.5, low=1.2, high=1.8, lost=True)
    )
    assert "1.50 [1.20, 1.80]!" in printed([lost], terminal=False)
    assert "! not at the target's BLEU" in " ".join(footnotes([lost], SETTINGS, "BLEU"))


def test_without_a_latency_phase_the_notes_say_so():
    silent = replace(SETTINGS, host=None, latency_examples=0)
    assert "No latency was measured" in footnotes([CHOW], silent, "BLEU")[0]


def test_the_csv_holds_every_number_unrounded():
    token, chow = csv.DictReader(io.StringIO(to_csv([TOKEN, CHOW])))
    assert float(token["speedup"]) == TOKEN.speedup.value
    assert float(token["speedup_chosen_low"]) == TOKEN.speedup_chosen.low
    assert token["speedup_chosen_unsure"] == "true"
    assert float(token["length_ratio"]) == TOKEN.length_ratio
    assert chow["speedup"] == chow["rejection_rate"] == ""


def test_markdown_has_the_cells_of_the_printed_table():
    lines = to_markdown([TOKEN, CHOW], SETTINGS, "BLEU").splitlines()
    assert lines[0].startswith("| method | pts | speed-up |")
    assert lines[1].count("|") == lines[0].count("|") == lines[2].count("|")
    assert r"| 1.52 [0.92, 1.81]\~ | 22.03 |" in lines[2]
