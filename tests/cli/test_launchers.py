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
from tests.jobs import tiny

ROOT = Path(__file__).parents[2]
METHODS = ("method=chow,token_v3", "max_thresholds=2")


def needs(plugin: str):
    found = importlib.util.find_spec(f"hydra_plugins.hydra_{plugin}")
    return pytest.mark.skipif(found is None, reason=f"hydra_{plugin} is not installed")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Starts `speccascade run -m` of a tiny pair and task: (process, results root)."""
    folder = tmp_path_factory.mktemp("launchers")
    tiny.pair(folder)  # writes the weights
    for group, name, fields in (
        ("pair", "tiny", f"folder: {{_target_: pathlib.Path, _args_: [{folder}]}}"),
        ("task", "Counting", "name: counting"),
    ):
        (folder / group).mkdir()
        target = "pair" if group == "pair" else name
        (folder / group / f"{name.lower()}.yaml").write_text(
            f"_target_: tests.jobs.tiny.{target}\n{fields}\n"
        )
    own = ["--config-dir", str(folder), "pair=tiny", "task=counting"]
    fixed = ["num_examples=12", "latency.num_examples=0", "engine.batch_size=4"]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "SPECCASCADE_CACHE": str(folder / "cache"),
    }

    def start(root, *words):
        command = [sys.executable, "-m", "speccascade", "run", "-m", *own, *fixed]
        process = subprocess.Popen(
            [*command, f"paths.root={root}", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=environment,
        )
        return process, folder / root

    return start


def finished(process: subprocess.Popen, root: Path) -> Path:
    """Waits for the end, which must be good, and returns the results root."""
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 0, out
    return root


@pytest.fixture(scope="module")
def alone(run):
    """The results of one process, one job after the other."""
    return finished(*run("alone", *METHODS))


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
def test_a_launcher_gives_what_one_process_gives(run, alone, launcher):
    beside = finished(*run(launcher, f"launch={launcher}", *METHODS))
    assert set(rows(beside)) == {"chow", "token_v3"}
    assert rows(beside) == rows(alone)
    outcomes = sorted((beside / ".hydra-logs").rglob("outcome.json"))
    assert [json.loads(one.read_text())["error"] for one in outcomes] == [None, None]


@pytest.mark.slow
def test_two_processes_that_share_a_run_never_corrupt_it(run, alone):
    both = [run("shared", *METHODS) for _ in range(2)]
    (shared,) = {finished(*one) for one in both}
    for file in shared.rglob("records-*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            json.loads(line)
    assert rows(shared) == rows(alone)
    for path in alone.rglob("summary.json"):
        there = shared / path.relative_to(alone)
        assert there.read_bytes() == path.read_bytes()


@pytest.mark.slow
@needs("optuna_sweeper")
def test_optuna_searches_the_threshold_of_a_method(run):
    words = ("search=threshold", "method=token_v3", "hydra.sweeper.n_trials=2")
    root = finished(*run("search", *words))
    (found,) = root.rglob("optimization_results.yaml")
    assert "method.thresholds.0" in found.read_text()
    (stored,) = find_runs(root)
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
