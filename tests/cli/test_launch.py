"""Hydra's grammar reaches Hydra; sweeps go on past a failing job."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from speccascade.cli import compose, outcomes
from speccascade.errors import UserError


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that would have been decoded; `jobs.fail` makes some of them fail.

    `jobs.timed` lists the methods of every pass of timings, `jobs.validated` the jobs
    on validation data.
    """

    class Jobs(list):
        fail: dict[str, BaseException]
        timed: list[list[str]]
        validated: list

    ran = Jobs()
    ran.fail, ran.timed, ran.validated = {}, [], []

    def decode_job(spec, report):
        (ran.validated if spec.split == "validation" else ran).append(spec)
        error = ran.fail.get(spec.method.name)
        if error is not None:
            raise error

    def time_jobs(specs, report):
        ran.timed.append([spec.method.name for spec in specs])
        return [SimpleNamespace(path=Path(spec.root)) for spec in specs]

    def check_job(spec):
        if spec.num_examples > 700:
            raise UserError("too many examples")

    monkeypatch.setattr("speccascade.jobs.run.check_job", check_job)
    monkeypatch.setattr("speccascade.jobs.run.decode_job", decode_job)
    monkeypatch.setattr("speccascade.jobs.run.time_jobs", time_jobs)
    return ran


def names(jobs) -> list[str]:
    return [spec.method.name for spec in jobs]


def test_cfg_job_shows_what_would_run_and_runs_nothing(cli, jobs, tmp_path):
    status, out, _ = cli("run", "--cfg", "job", "experiment=demo", "method=opt")
    assert status == 0
    assert "name: demo\n" in out and "rule: opt\n" in out
    assert not jobs
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--info", "defaults", "method=opt"], "| method/opt "),
        (["--help"], "speccascade run: one job (one curve)"),
    ],
)
def test_info_and_help_are_hydras(arguments, expected, tmp_path):
    # A process of its own: `--info` turns on debug logging and leaves it on.
    done = subprocess.run(
        [sys.executable, "-m", "speccascade", "run", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


def test_without_m_one_job_runs(cli, jobs):
    assert cli("run", "experiment=demo", "method=chow")[0] == 0
    assert names(jobs) == ["chow"]
    assert jobs.timed == [["chow"]]


def test_a_sweep_is_decoded_first_and_timed_together(cli, jobs):
    assert cli("run", "-m", "method=chow,opt")[0] == 0
    assert jobs.timed == [["chow", "opt"]]
    assert cli("run", "method=diff")[0] == 0
    assert jobs.timed[1:] == [["diff"]]


def test_a_sweep_over_pairs_and_tasks_runs_what_was_named(cli, jobs):
    words = ["pair=ende_docs,ende_docs_gemma", "method=opt"]
    named = "+tasks_of.ende_docs=[another]"
    assert cli("run", "-m", *words, named)[0] == 0
    assert [spec.pair.name for spec in jobs] == ["ende_docs_gemma"]
    asked = compose.Words(names=(), overrides=(*words, named))
    assert len(compose.sweep(asked, None)) == 1
    jobs.clear()
    assert cli("run", "-m", *words)[0] == 0
    assert len(jobs) == 2


def test_a_sweep_draws_its_figures_in_the_end_where_asked(
    cli, jobs, monkeypatch, tmp_path
):
    drawn: list[list[str]] = []
    monkeypatch.setattr("speccascade.cli.figures.main", lambda w: drawn.append(w) or 0)
    words = ["experiment=demo", "method=opt,diff", "num_examples=20"]
    assert cli("run", "-m", *words)[0] == 0
    assert drawn == []
    assert cli("run", "-m", *words, "draws=true")[0] == 0
    assert drawn == [["demo", "method=opt,diff", "num_examples=20", "draws=true"]]
    (tmp_path / "own").mkdir()
    folder = str(tmp_path / "own")
    drawn.clear()
    assert cli("run", "-m", "-cd", folder, *words, "draws=true")[0] == 0
    asked = ["method=opt,diff", "num_examples=20", "draws=true"]
    assert drawn == [["demo", *asked, "--config-dir", folder]]
    jobs.fail["opt"] = UserError("no")
    assert cli("run", "-m", *words, "draws=true")[0] != 0
    assert len(drawn) == 1  # a sweep with a failed job draws nothing


def test_validation_data_are_decoded_too_where_asked_for_and_never_timed(cli, jobs):
    words = ["method=chow,opt", "num_examples=20", "validation_examples=30"]
    assert cli("run", "-m", *words)[0] == 0
    assert names(jobs) == names(jobs.validated) == ["chow", "opt"]
    assert {spec.num_examples for spec in jobs.validated} == {30}
    assert {spec.latency.num_examples for spec in jobs.validated} == {0}
    assert jobs.timed == [["chow", "opt"]]
    # Reported data are not decoded twice, and nothing is asked for by default.
    jobs.validated.clear()
    assert (
        cli("run", "method=diff", "split=validation", "validation_examples=9")[0] == 0
    )
    assert cli("run", "method=diff")[0] == 0
    assert names(jobs.validated) == ["diff"]


@pytest.mark.parametrize("count", [-1, 800])
def test_what_is_wrong_with_validation_data_is_said_before_anything_runs(
    cli, jobs, count
):
    status, _, err = cli("run", "method=chow", f"validation_examples={count}")
    assert status == 2 and err.count("\n") == 1
    assert not jobs


def test_no_logging_of_hydras_is_left_behind(cli, jobs):
    before = list(logging.root.handlers)
    assert cli("run", "-m", "method=chow,opt")[0] == 0
    assert logging.root.handlers == before


def test_with_m_the_methods_of_the_experiment_run_in_order(cli, jobs):
    assert cli("run", "-m", "experiment=demo_quick")[0] == 0
    assert names(jobs) == ["drafter", "target", "lossless", "chow", "token_v3"]
    assert all(len(spec.method.thresholds) <= 3 for spec in jobs)


def test_the_command_line_takes_the_place_of_the_listed_methods(cli, jobs):
    assert cli("run", "-m", "experiment=demo_quick", "method=opt,chow")[0] == 0
    assert names(jobs) == ["opt", "chow"]


def test_no_folder_has_a_time_stamp_or_looks_like_a_run(cli, jobs, tmp_path):
    cli("run", "-m", "experiment=demo_quick", "method=chow,opt")
    cli("run", "method=chow")
    logs = tmp_path / "results" / ".hydra-logs"
    assert sorted(path.parent.name for path in logs.rglob("outcome.json")) == [
        "0-chow",
        "1-opt",
        "chow",
    ]
    assert not list((tmp_path / "results").glob("*/*/*/*/config.yaml"))


def test_when_one_job_fails_the_others_run_and_the_failure_is_named(
    cli, jobs, tmp_path
):
    jobs.fail = {"target": UserError("The disk is full.")}
    words = ("experiment=demo_quick", "method=drafter,target,chow")
    status, _, err = cli("run", "-m", *words)
    assert status == 2
    assert names(jobs) == ["drafter", "target", "chow"]
    assert jobs.timed == [["drafter", "chow"]]
    assert "1 of 3 jobs failed" in err
    assert "demo_quick/target: The disk is full." in err
    assert "Traceback" not in err
    found = outcomes.read(tmp_path / "results")
    assert [one.job for one in found if one.error] == ["demo_quick/target"]
    assert "demo_quick/target: The disk is full." in cli("status")[1]


def test_one_reason_for_all_is_said_once(cli, jobs):
    error = UserError("The weights are missing.")
    jobs.fail = dict.fromkeys(["chow", "opt"], error)
    status, _, err = cli("run", "-m", "method=chow,opt")
    assert status == 2
    assert err == "speccascade: all 2 jobs failed: The weights are missing.\n"


def test_a_defect_keeps_its_traceback_and_has_another_status(cli, jobs):
    jobs.fail = {"chow": ZeroDivisionError("a defect")}
    status, _, err = cli("run", "-m", "method=chow,opt")
    assert status == 1
    assert "Traceback" in err and "a defect" in err
    assert len(jobs) == 2


def test_ctrl_c_ends_the_sweep_with_one_line_and_130(cli, jobs):
    jobs.fail = {"chow": KeyboardInterrupt()}
    status, _, err = cli("run", "-m", "method=chow,opt")
    assert status == 130
    assert len(jobs) == 1
    assert err.strip().count("\n") == 0 and "Interrupted" in err


def test_an_outcome_of_another_launch_does_not_count(cli, jobs, tmp_path):
    jobs.fail = {"chow": UserError("No.")}
    assert cli("run", "-m", "experiment=demo_quick", "method=chow,opt")[0] == 2
    jobs.fail = {}
    torn = tmp_path / "results/.hydra-logs/sweeps/demo_quick/9-x/outcome.json"
    torn.parent.mkdir()
    torn.write_text(json.dumps({"job": "x"})[:-3])
    assert cli("run", "-m", "experiment=demo_quick", "method=opt")[0] == 0


@pytest.mark.slow
def test_several_experiments_run_one_after_the_other_each_with_its_own_axes(cli, jobs):
    words = ["experiment=fig8_bild,fig1", "scale=mini", "method=opt,lossy"]
    assert cli("run", "-m", *words)[0] == 0
    found = [(one.pair.name, one.method.name, one.method.gamma) for one in jobs]
    assert found == [
        ("ende_docs", "opt", 5),
        ("ende_docs", "lossy", 5),
        ("ende_docs", "opt", 10),
        ("ende_docs", "lossy", 10),
        ("ende_docs", "opt", 5),
        ("ende_docs", "lossy", 5),
        ("mini_suite", "opt", 5),
        ("mini_suite", "lossy", 5),
    ]
    assert len(jobs.timed) == 2


def test_a_wildcard_names_the_experiments_that_match_it():
    assert compose.matching(["demo", "fig8*"]) == [
        "demo",
        "fig8_bild",
        "fig8_lossy_star",
    ]
    with pytest.raises(UserError, match="No experiment matches 'x"):
        compose.matching(["x*y"])


def test_experiments_are_begun_where_one_of_their_pairs_has_results(
    tmp_path, monkeypatch
):
    names = ["demo", "fig1", "fig11"]
    monkeypatch.setattr(compose, "experiments", lambda folder: names)
    root = f"paths.root={tmp_path}"
    plain, mini = (
        compose.Words(names=(), overrides=words)
        for words in ((root,), (root, "scale=mini"))
    )
    assert compose.begun(mini) == []
    (tmp_path / "mini_suite").mkdir()
    assert compose.begun(mini) == ["fig1"]
    (tmp_path / "ende_docs").mkdir()
    assert compose.begun(plain) == ["demo"]


def test_a_glob_of_experiments_sees_those_of_the_users_folder(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "fig1_mine.yaml").touch()
    words = ["experiment=glob(fig1*,exclude=fig1?)", f"--config-dir={tmp_path}"]
    found = [one[0] for one in compose.expanded(words)]
    assert found == ["experiment=fig1", "experiment=fig1_mine"]
    with pytest.raises(UserError, match="No experiment matches 'experiment=glob"):
        compose.expanded(["experiment=glob(x*)"])
