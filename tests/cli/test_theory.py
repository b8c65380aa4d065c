"""`speccascade figures theory` needs no store, and says so when a lemma fails."""

import dataclasses

import pytest

from speccascade.cli import theory
from tests.figures.theory_checks import CHECKS

FILES = ["theory.csv", "theory.pdf", "theory.png"]


def test_a_lemma_that_fails_is_named_and_the_status_is_1(cli, monkeypatch):
    broken = dataclasses.replace(CHECKS[0], violation=1e-3)
    monkeypatch.setattr(theory, "check_all", lambda: (broken, *CHECKS[1:]))
    status, _, err = cli("figures", "theory")
    assert status == 1
    assert err == "speccascade: does not hold: Lemma 3.\n"


def test_a_wrong_rule_that_passes_is_named_and_the_status_is_1(cli, monkeypatch):
    blind = dataclasses.replace(CHECKS[2], control_violation=0.0)
    monkeypatch.setattr(theory, "check_all", lambda: (*CHECKS[:2], blind, *CHECKS[3:]))
    status, _, err = cli("figures", "theory")
    assert status == 1
    assert err == "speccascade: holds under a wrong rule too: Lemma 5.\n"


def test_files_go_where_paths_root_says(cli, monkeypatch, tmp_path):
    monkeypatch.setattr(theory, "check_all", lambda: CHECKS)
    status, out, err = cli("figures", "theory", "paths.root=elsewhere")
    assert (status, err) == (0, "")
    folder = tmp_path / "elsewhere" / "figures"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert "elsewhere/figures/theory.png" in out


def test_a_misspelt_option_is_one_sentence(cli):
    status, _, err = cli("figures", "theory", "paths.rooot=x")
    assert status == 2
    assert err.count("\n") == 1 and "paths.rooot" in err


@pytest.mark.slow
def test_the_command_checks_every_lemma(cli, tmp_path):
    status, out, err = cli("figures", "theory")
    assert (status, err) == (0, "")
    for name in ("Lemma 3", "Lemma 4", "Lemma 5", "Lemma 7", "Lemma 8", "App. C.1"):
        assert name in out
    folder = tmp_path / "results" / "figures"
    assert sorted(path.name for path in folder.iterdir()) == FILES
