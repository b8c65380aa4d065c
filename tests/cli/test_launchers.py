"""Jobs side by side: each plugin's launcher runs a sweep, and the store is whole."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from speccascade.cli import compose
from speccascade.errors import UserError
from speccascade.jobs.objective import Objective
from speccascade.store import find_runs

ROOT = Path(__file__).parents[2]
CHOW = ("method=chow", "method.thresholds=[-1,0.5,1]")


def needs(plugin: str):
    found = importlib.util.find_spec(f"hydra_plugins.hydra_{plugin}")
    return pytest.mark.skipif(found is None, reason=f"hydra_{plugin} is not installed")


@pytest.fixture
def run(tmp_path, configs):
    """`speccascade run` of the tiny pair in a process of its own."""

    def start(*words, root="results"):
        fixed = ["task=ende_docs", "task.max_new_tokens=4", "num_examples=6"]
        fixed += ["latency.num_examples=0", "engine.batch_size=4", f"paths.root={root}"]
        own = ["--config-dir", str(configs), "pair=tiny"]
        command = [sys.executable, "-m", "speccascade", "run", "-m"]
        return subprocess.Popen(
            [*command, *own, *fixed, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "SPECCASCADE_CACHE": str(tmp_path / "cache"),
            },
        )

    return start


def finished(process) -> str:
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 0, out
    return out


def rows(root: Path) -> dict[str, list[str]]:
    """The rows of every run under `root`, sorted, by method."""
    return {
        run.method: sorted(record.to_line() for record in run.records())
        for run in find_runs(root)
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "launcher",
    [
        pytest.param("joblib", marks=needs("joblib_launcher")),
        pytest.param("submitit_local", marks=needs("submitit_launcher")),
    ],
)
def test_a_launcher_gives_what_one_process_gives(run, tmp_path, launcher):
    words = ["method=chow,token_v3", "max_thresholds=2"]
    alone = finished(run(*words, root="alone"))
    assert "batches decoded" in alone
    finished(run(f"launch={launcher}", *words, root="beside"))
    ours, theirs = rows(tmp_path / "alone"), rows(tmp_path / "beside")
    assert set(ours) == {"chow", "token_v3"}
    assert ours == theirs
    outcomes = sorted((tmp_path / "beside/.hydra-logs").rglob("outcome.json"))
    assert [json.loads(one.read_text())["error"] for one in outcomes] == [None, None]


@pytest.mark.slow
def test_two_processes_that_share_a_run_never_corrupt_it(run, tmp_path):
    finished(run(*CHOW, root="alone"))
    for process in [run(*CHOW, root="shared") for _ in range(2)]:
        finished(process)
    for folder in find_runs(tmp_path / "shared"):
        for file in folder.path.glob("records-*.jsonl"):
            for line in file.read_text(encoding="utf-8").splitlines():
                json.loads(line)
    assert rows(tmp_path / "alone") == rows(tmp_path / "shared")
    ours, theirs = (
        next((tmp_path / root).rglob("summary.json")).read_bytes()
        for root in ("alone", "shared")
    )
    assert ours == theirs


@pytest.mark.slow
@needs("optuna_sweeper")
def test_optuna_searches_the_threshold_of_a_method(run, tmp_path):
    finished(run("search=threshold", "method=token_v3", "hydra.sweeper.n_trials=2"))
    (found,) = (tmp_path / "results").rglob("optimization_results.yaml")
    assert "method.thresholds.0" in found.read_text()
    (stored,) = find_runs(tmp_path / "results")
    assert len({one.coordinates.threshold for one in stored.records()}) == 2


@pytest.mark.parametrize("name", ["joblib", "submitit_local", "submitit_slurm"])
def test_a_launch_option_sets_up_the_plugins_own_launcher(name):
    pytest.importorskip(f"hydra_plugins.hydra_{name.partition('_')[0]}_launcher")
    words = compose.Words(names=(), overrides=(f"launch={name}",))
    assert compose.sweep(words, None)


def test_a_plugin_that_is_not_there_is_said_with_what_brings_it(cli):
    if importlib.util.find_spec("hydra_plugins.hydra_ray_launcher"):
        pytest.skip("Ray's plugin is installed")
    status, _, err = cli("run", "-m", "launch=ray")
    assert status == 2
    assert err.count("\n") == 1 and "pip install 'speccascade[ray]'" in err


def summary(*points):
    return {
        "headline": "bleu",
        "points": [
            {"quality": {"bleu": score}, "ratios": {"rejection_rate": cost}}
            for cost, score in points
        ],
    }


def test_an_objective_is_the_best_score_within_the_budget():
    goal = Objective(cost="rejection_rate", budget=0.5)
    assert goal.value(summary((0.2, 10.0), (0.5, 20.0), (0.6, 30.0))) == 20.0


def test_without_a_point_within_the_budget_an_objective_leads_towards_it():
    goal = Objective(cost="rejection_rate", budget=0.5)
    assert goal.value(summary((0.75, 30.0), (1.0, 10.0))) == -0.25


def test_an_objective_refuses_a_cost_that_is_none_or_that_a_method_lacks():
    with pytest.raises(UserError, match=r"objective\.cost must be one of"):
        Objective(cost="tokens_per_target_call", budget=0.5)
    goal = Objective(cost="rejection_rate", budget=0.5)
    with pytest.raises(UserError, match="has no rejection_rate"):
        goal.value(summary((None, 30.0)))
