"""What reaches W&B, read back from the files of an offline run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from speccascade.errors import UserError
from speccascade.tracking import NoMirror
from speccascade.tracking.curve_log import curve_logs
from tests.tracking.offline import (
    KEY,
    SUMMARY,
    inspected,
    mirror,
    offline_runs,
    point,
)


def test_a_curve_has_one_step_a_threshold_in_ascending_order():
    (log,) = curve_logs(SUMMARY, Path("results/pair/task/opt") / KEY, "demo")
    assert log.name == "pair/task/opt"
    assert log.id.startswith(KEY)
    assert [step["point"] for step in log.steps] == [0, 1, 2]
    assert [step.get("alpha") for step in log.steps] == [None, 0.25, None]
    assert [step["latency/rel"] for step in log.steps] == [0.9, 0.7, 0.4]
    assert [row[0] for row in log.rows] == ["-inf", "0.25", "inf"]
    assert "spec/deferral_rate" not in log.columns


def test_the_summary_is_that_of_the_best_point_under_fixed_names():
    (log,) = curve_logs(SUMMARY, Path("results/pair/task/opt") / KEY, "demo")
    assert log.summary["alpha_of_best"] == "0.25"
    assert log.summary["quality/bleu"] == 22.0
    assert log.summary["latency/rel"] == 0.7
    assert log.summary["spec/rejection_rate"] == 0.25


def test_each_sampling_setting_is_a_curve_with_an_id_of_its_own():
    points = [*SUMMARY["points"], point(0.25, 30.0, temperature=0.0)]
    logs = curve_logs(SUMMARY | {"points": points}, Path("a/p/t/m") / KEY, "demo")
    assert [len(log.steps) for log in logs] == [1, 3]
    assert len({log.id for log in logs}) == 2


def test_ids_depend_on_key_group_and_sampling_and_not_on_the_place():
    here, there = (
        curve_logs(SUMMARY, Path(root) / "p/t/m" / KEY, "demo")[0] for root in "ab"
    )
    assert here.id == there.id
    other = curve_logs(SUMMARY, Path("a/p/t/m") / KEY, "other")[0]
    assert other.id != here.id


def test_two_methods_or_pairs_with_one_key_have_ids_of_their_own():
    ids = {
        curve_logs(SUMMARY, Path("a") / name / KEY, "demo")[0].id
        for name in ("pair/task/opt", "pair/task/mine", "other/task/opt")
    }
    assert len(ids) == 3


def test_the_best_point_is_that_of_the_headline_metric():
    points = [point(0.1, 20.0), point(0.2, 22.0)]
    points[0]["quality"]["chrf"] = 99.0
    for metric, best in (("bleu", "0.2"), ("chrf", "0.1")):
        summary = SUMMARY | {"points": points, "headline": metric}
        (log,) = curve_logs(summary, Path("a/p/t/m") / KEY, "demo")
        assert log.summary["alpha_of_best"] == best


def test_an_offline_run_holds_the_curve(tmp_path, run):
    said = mirror(tmp_path, mode="offline").mirror(run, group="demo")
    assert said.startswith("mirrored to W&B (offline)"), said
    (folder,) = offline_runs(tmp_path)
    (log,) = curve_logs(SUMMARY, run, "demo")
    assert folder.name.endswith(log.id)
    text = "\n".join(json.dumps(record) for record in inspected(folder))
    for expected in ('"pair/task/opt"', '"demo"', "rejection_rate", "step_metric"):
        assert expected in text
    (table,) = folder.glob("files/media/table/points*.table.json")
    found = json.loads(table.read_text())
    assert found["columns"] == list(log.columns)
    assert found["data"] == [list(row) for row in log.rows]


def test_mirroring_again_writes_nothing_until_the_summary_changes(tmp_path, run):
    once = mirror(tmp_path, mode="offline")
    once.mirror(run, group="demo")
    assert "already has" in once.mirror(run, group="demo")
    assert len(offline_runs(tmp_path)) == 1
    changed = SUMMARY | {"points": SUMMARY["points"][:2]}
    (run / "summary.json").write_text(json.dumps(changed))
    assert once.mirror(run, group="demo").startswith("mirrored")


def test_wandb_mode_decides_where_the_configuration_does_not(
    tmp_path, run, monkeypatch
):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert mirror(tmp_path).mirror(run, group="demo") == "W&B is disabled"
    assert not (tmp_path / "results" / "wandb").exists()


def test_a_failure_is_a_sentence_and_never_stops_a_sweep(tmp_path, run):
    (run / "summary.json").write_text("{ torn")
    said = mirror(tmp_path, mode="offline").mirror(run, group="demo")
    assert "not mirrored" in said and "speccascade sync" in said


def test_an_unknown_mode_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(UserError, match="online, offline, disabled"):
        mirror(tmp_path, mode="sideways")


def test_without_a_logger_wandb_is_not_imported():
    code = (
        "import sys; from pathlib import Path; from speccascade.tracking import *; "
        "assert NoMirror().mirror(Path('x'), group='g') == ''; "
        "sys.exit('wandb' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert NoMirror().mirror(Path("x"), group="g") == ""
