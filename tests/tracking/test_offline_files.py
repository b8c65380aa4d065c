"""Every number of the store is in the files of one offline run, and of no second."""

import json

import pytest
import yaml

from speccascade.tracking.curve_log import curve_logs
from speccascade.tracking.scatter import scatters
from tests.tracking.offline import SUMMARY, inspected, mirror, offline_runs, point

CSV = (
    "panel,source,host,method,display_name,threshold,end,x_name,x,x_low,x_high,"
    "y_name,y,y_low,y_high,examples\n"
    "rejection,run,,target,Target alone,,,rejection_rate,,,,bleu,21.5,20.0,23.0,8\n"
    "rejection,run,,opt,SpecCascade [OPT],-inf,lossless,rejection_rate,"
    "0.3333333333333333,0.3,0.4,bleu,20.0,19.0,21.0,8\n"
    "rejection,run,,opt,SpecCascade [OPT],0.25,,rejection_rate,"
    "0.1,0.05,0.2,bleu,22.0,21.0,23.5,8\n"
)


@pytest.fixture
def figure(tmp_path):
    """The files of a drawn figure."""
    import matplotlib.pyplot as plt

    made = [tmp_path / f"demo{end}" for end in (".pdf", ".png", ".csv", "-table.md")]
    drawing = plt.figure()
    drawing.savefig(made[0])
    drawing.savefig(made[1])
    plt.close(drawing)
    made[2].write_text(CSV)
    made[3].write_text("| a table |\n")
    return made


def mirror_figure(tmp_path, figure, run, summary=SUMMARY):
    return mirror(tmp_path, mode="offline").mirror_figure(
        figure, [(run, lambda: summary)], name="demo", group="demo"
    )


def records(folder, kind):
    return [one[kind] for one in inspected(folder) if one["type"] == kind]


def history(folder):
    """The logged steps, without what wandb adds and without media."""
    steps = [one["item"] for one in records(folder, "history")]
    plain = [
        {name: value for name, value in one.items() if not name.startswith("_")}
        for one in steps
    ]
    return [one for one in plain if "point" in one]


def configuration(folder):
    (started,) = records(folder, "run")
    return started["config"]["update"]


def flat(folder, name):
    """A nested entry of the configuration, whose keys the reader joins with dots."""
    found = configuration(folder)
    return (
        found[name]
        if name in found
        else {
            key.removeprefix(f"{name}."): value
            for key, value in found.items()
            if key.startswith(f"{name}.")
        }
    )


def artifact(folder):
    """Path in the artifact -> the text of the file."""
    (found,) = [
        one for one in records(folder, "artifact") if one["type"] in ("curve", "figure")
    ]
    paths = {one["path"]: one["local_path"] for one in found["manifest"]["contents"]}
    return found, paths


def test_every_number_of_the_summary_is_in_the_offline_file(tmp_path, run):
    mirror(tmp_path, mode="offline").mirror(run, group="demo")
    (folder,) = offline_runs(tmp_path)
    expected = []
    for index, (one, time) in enumerate(
        zip(SUMMARY["points"], SUMMARY["latency"], strict=True)
    ):
        step = {"point": index, "n": one["n"]}
        if one["threshold"] == 0.25:
            step["alpha"] = 0.25
        for group, name in (
            ("quality", "quality"),
            ("ratios", "spec"),
            ("counters", "counters"),
        ):
            step |= {
                f"{name}/{key}": value
                for key, value in one[group].items()
                if value is not None
            }
        step |= {
            "latency/rel": time["relative_latency"],
            "latency/seconds_per_token": time["seconds_per_token"],
            "latency/length_ratio": time["length_ratio"],
            "latency/n": time["n"],
        }
        expected.append(step)
    assert history(folder) == expected
    assert len(records(folder, "history")) == len(expected) + 1  # the table's step


def test_curves_can_be_grouped_by_flat_keys(tmp_path, run):
    execution = {"kind": "speculative", "rule": "opt", "gamma": 3, "gate": "untempered"}
    identity = {"execution": execution, "task": {"split": "test"}, "batch_size": 4}
    mirror(tmp_path, mode="offline").mirror(
        run, group="demo", summary=lambda: SUMMARY | {"identity": identity}
    )
    (folder,) = offline_runs(tmp_path)
    found = configuration(folder)
    expected = {"pair": "pair", "task": "task", "method": "opt", "rule": "opt"}
    expected |= {"family": "prefix", "execution": "speculative", "gamma": 3}
    expected |= {"temperature": 1.0, "split": "test", "n": 8, "batch_size": 4}
    assert expected.items() <= found.items()
    assert {"jax_version", "speccascade_version"} <= found.keys()


def test_the_artifact_of_a_curve_holds_its_table_summary_and_configuration(
    tmp_path, run
):
    (run / "config.yaml").write_text("identity: {}\n")
    mirror(tmp_path, mode="offline").mirror(run, group="demo")
    (folder,) = offline_runs(tmp_path)
    (log,) = curve_logs(SUMMARY, run, "demo")
    found, paths = artifact(folder)
    assert found["name"] == log.artifact and set(found["aliases"]) == {
        "latest",
        log.digest,
    }
    assert set(paths) == {"points.table.json", "summary.json", "config.yaml"}
    with open(paths["summary.json"]) as file:
        assert json.load(file) == SUMMARY
    with open(paths["points.table.json"]) as file:
        assert json.load(file)["data"] == [list(row) for row in log.rows]
    with open(paths["config.yaml"]) as file:
        assert yaml.safe_load(file) == {"identity": {}}


def test_a_figure_is_a_run_with_its_picture_points_and_files(tmp_path, run, figure):
    said = mirror_figure(tmp_path, figure, run)
    assert said.startswith("demo: figure mirrored to W&B (offline)"), said
    curve, drawn = offline_runs(tmp_path)
    assert "figure" in drawn.name and "figure" not in curve.name
    (table,) = drawn.glob("files/media/table/drawn*.table.json")
    header, *lines = [line.split(",") for line in CSV.splitlines()]
    data = json.loads(table.read_text())
    assert data["columns"] == header
    for row, line in zip(data["data"], lines, strict=True):
        for name, value, text in zip(header, row, line, strict=True):
            if name in ("x", "x_low", "x_high", "y", "y_low", "y_high", "examples"):
                assert value == (float(text) if text else None), name
            else:
                assert value == text
    (picture,) = drawn.glob("files/media/images/figure*.png")
    assert picture.read_bytes() == figure[1].read_bytes()
    found, paths = artifact(drawn)
    assert found["type"] == "figure"
    assert set(paths) == {one.name for one in figure}


def test_the_scatter_has_every_drawn_point_with_its_threshold(tmp_path, run, figure):
    mirror_figure(tmp_path, figure, run)
    (chart,) = offline_runs(tmp_path)[1].glob("files/media/plotly/**/*.plotly.json")
    target, opt = json.loads(chart.read_text())["data"]
    assert target["y"] == [21.5, 21.5]  # a level
    assert opt["x"] == [0.3333333333333333, 0.1] and opt["y"] == [20.0, 22.0]
    assert opt["customdata"] == [["-inf", "lossless"], ["0.25", ""]]
    assert opt["error_y"]["array"] == [1.0, 1.5]


def test_a_figure_names_the_curves_that_it_consumes(tmp_path, run, figure):
    mirror_figure(tmp_path, figure, run)
    (log,) = curve_logs(SUMMARY, run, "demo")
    found = configuration(offline_runs(tmp_path)[1])
    text = json.dumps(found)
    assert all(one in text for one in (log.id, log.artifact, log.digest))
    assert found["method"] == "opt" and found["temperature"] == 1.0


def test_replaying_writes_no_second_run_and_a_change_replaces_the_first(
    tmp_path, run, figure
):
    mirror_figure(tmp_path, figure, run)
    first = offline_runs(tmp_path)
    assert "already has this figure" in mirror_figure(tmp_path, figure, run)
    assert offline_runs(tmp_path) == first
    changed = SUMMARY | {"points": [point("-inf", 20.0), point(0.25, 23.0)]}
    assert "figure mirrored" in mirror_figure(tmp_path, figure, run, changed)
    second = offline_runs(tmp_path)
    assert len(second) == len(first) == 2
    assert [step["quality/bleu"] for step in history(second[0])] == [20.0, 23.0]
    ids = [folder.name.split("-", 3)[-1] for folder in second]
    assert ids == [folder.name.split("-", 3)[-1] for folder in first]


def test_panels_that_share_a_name_have_no_scatter(tmp_path, run, figure):
    mirror(tmp_path, mode="offline").mirror_figure(
        figure, [(run, lambda: SUMMARY)], name="d", group="demo", interactive=False
    )
    assert not list(offline_runs(tmp_path)[1].glob("files/media/plotly/**/*.json"))


def test_shipped_curves_are_pale_beside_those_of_the_run():
    header, _, first, _ = [line.split(",") for line in CSV.splitlines()]
    row = [
        (float(value) if value else None)
        if name[:1] in "xy" and "name" not in name
        else value
        for name, value in zip(header, first, strict=True)
    ]
    shipped = [
        "published" if name == "source" else value
        for name, value in zip(header, row, strict=True)
    ]
    (chart,) = scatters(header, [row, shipped]).values()
    assert [one.opacity for one in chart.data] == [1.0, 0.35]
