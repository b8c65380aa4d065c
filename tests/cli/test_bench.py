"""`speccascade bench` prints and keeps a profile, and figures are drawn by it."""

import json

import pytest

SMALL = ("num_examples=8", "latency.num_examples=0", "validation_examples=0")


def test_two_tasks_are_refused_in_one_sentence(cli, configs):
    tiny = ("--config-dir", str(configs), "pair=tiny")
    status, _, err = cli("bench", *tiny, *SMALL, "task.max_new_tokens=8,9")
    assert status == 2, err
    assert "2 tasks" in err


@pytest.mark.slow
def test_a_sweep_without_timings_is_drawn_with_modelled_latency(cli, configs, tmp_path):
    tiny = ("--config-dir", str(configs), "pair=tiny", *SMALL)
    methods = "method=target,drafter,lossless,chow"
    (configs / "experiment" / "untimed.yaml").write_text(
        "# @package _global_\n"
        "name: untimed\n"
        "method: {gamma: 2}\n"
        "max_thresholds: 2\n"
        f"hydra: {{sweeper: {{params: {{method: '{methods[7:]}'}}}}}}\n"
    )
    run = ("-m", *tiny, "experiment=untimed")
    assert cli("run", *run)[0] == 0

    # Without a profile there is no latency to draw.
    status, out, _ = cli("figures", "untimed", *tiny)
    assert status == 0 and "No latency was measured" in out

    status, out, _ = cli("bench", "untimed", *tiny)
    assert status == 0
    for words in ("drafter step", "target, 3", "speculative", "speed-up", "profile-"):
        assert words in out
    (path,) = (tmp_path / "results" / "tiny" / "ende_docs").glob("profile-*.json")
    assert {one["batch"] for one in json.loads(path.read_text())["engine"]} == {1, 8}

    status, out, _ = cli("figures", "untimed", *tiny)
    assert status == 0
    assert "untimed: latency is modelled" in out and "Modelled latency on" in out
    csv = tmp_path / "results" / "figures" / "untimed" / "untimed.csv"
    assert "modelled_relative_latency" in csv.read_text()
