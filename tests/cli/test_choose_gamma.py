"""The choice of gammas: read from the store, printed and written."""

import csv
import dataclasses

import pytest

from speccascade.cli import choose_gamma, compose
from speccascade.cli.build import job_spec
from speccascade.errors import UserError
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.stored import StoredJob
from tests.jobs.test_stored import CHOW, TARGET, ask, fill

LOSSLESS = MethodSpec(name="lossless", kind="speculative", rule="lossless")


@pytest.fixture
def sweep(monkeypatch):
    """The jobs that the experiment is made of; a list to fill."""
    specs = []
    monkeypatch.setattr(
        choose_gamma,
        "stored_jobs",
        lambda words, name: [StoredJob.of(spec) for spec in specs],
    )
    return specs


def at(method, gamma):
    return dataclasses.replace(method, gamma=gamma)


def test_every_method_gets_the_gamma_at_which_it_is_fastest(tmp_path, sweep, capsys):
    times = {(LOSSLESS, 2): 1.0, (LOSSLESS, 3): 0.5, (CHOW, 2): 0.6, (CHOW, 3): 0.8}
    for gamma in (2, 3):
        sweep.append(fill(ask(tmp_path, at(TARGET, gamma))))
    for (method, gamma), seconds in times.items():
        sweep.append(fill(ask(tmp_path, at(method, gamma)), seconds=seconds))
    assert choose_gamma.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "SpecDecode [Lossless]: gamma 3, relative latency 0.25 [0.25, 0.25]",
        "SpecCascade [Chow]: gamma 2 at threshold -1, relative latency 0.30 "
        "[0.30, 0.30]",
    ]
    assert "n = 8, 2 of them timed x 1; measured latency" in lines[2]
    file = tmp_path / "results/figures/choose_gamma/choose_gamma.csv"
    rows = list(csv.DictReader(file.read_text().splitlines()))
    chosen = {row["method"]: row["gamma"] for row in rows if row["chosen"] == "true"}
    assert chosen == {"lossless": "3", "chow": "2"}
    assert [row["relative_latency"] for row in rows] == ["0.5", "0.25", "0.3", "0.4"]
    assert [row["excess"] for row in rows][:2] == ["0.25", "0.0"]
    assert [row["threshold"] for row in rows] == ["", "", "-1.0", "-1.0"]


def test_equal_gammas_are_said_to_be_so(tmp_path, sweep, capsys):
    sweep.append(fill(ask(tmp_path, TARGET)))
    sweep += [fill(ask(tmp_path, at(LOSSLESS, gamma))) for gamma in (2, 4, 5)]
    choose_gamma.main([])
    said = capsys.readouterr().out.splitlines()[0]
    assert said.endswith("[0.50, 0.50], which n cannot tell from gamma 4, 5")


def test_what_is_missing_is_named(tmp_path, sweep):
    sweep += [fill(ask(tmp_path, TARGET)), ask(tmp_path, at(LOSSLESS, 3))]
    with pytest.raises(UserError, match=r"not complete: .*lossless .*\(1 of 1 points"):
        choose_gamma.main([])
    sweep[1:] = []
    with pytest.raises(UserError, match="needs the method target, and one that reads"):
        choose_gamma.main([])
    with pytest.raises(UserError, match="Name one experiment"):
        choose_gamma.main(["one", "two"])


@pytest.mark.slow
def test_the_shipped_sweep_has_every_method_at_every_gamma_on_validation():
    words = compose.Words(names=(), overrides=())
    jobs = [job_spec(config) for config in compose.sweep(words, "choose_gamma")]
    methods = {job.method.name for job in jobs}
    gammas = {job.method.gamma for job in jobs}
    assert {"target", "lossless", "token_v3"} <= methods
    assert len(jobs) == len(methods) * len(gammas) and len(gammas) == 5
    assert {job.split for job in jobs} == {"validation"}
