"""What counts as run: the rows that a job asks for, not the folder that it shares."""

import dataclasses

import pytest
from omegaconf import OmegaConf

from speccascade.cli import figures, publish, sync
from speccascade.cli.compose import Words
from speccascade.curves import Setting, read_published
from speccascade.errors import UserError
from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.quality import planned_units
from speccascade.jobs.run import run_directory_of
from speccascade.jobs.spec import LatencySpec
from speccascade.jobs.stored import StoredJob
from speccascade.models import T5
from speccascade.store import LatencyRecord, Record
from tests.jobs import tiny

CHOW = MethodSpec(
    name="chow", kind="speculative", rule="chow", thresholds=(-1.0, 0.5, 1.0)
)
TARGET = MethodSpec(name="target", kind="target")
COUNTERS = dict.fromkeys(("accepted", "resampled", "target_calls", "drafter_calls"), 3)
COUNTERS |= dict.fromkeys(("drafted", "bonus", "alone", "deferred", "prefills"), 1)


def fill(spec, thresholds=None, repeats=None, host="h", seconds=1.0, counters=COUNTERS):
    """Writes the rows and timings that a job asks for, or some of them."""
    job = LoadedJob.of(spec)
    with run_directory_of(spec) as run:
        for unit in planned_units(job):
            if thresholds is not None and unit.coordinates.threshold not in thresholds:
                continue
            run.append_unit(
                [
                    Record(
                        unit=unit.id,
                        unit_size=len(unit),
                        coordinates=unit.coordinates,
                        example=one.id,
                        example_sha256=one.sha256,
                        prediction="1 2",
                        reference="1 2",
                        scores={
                            metric.name: metric.parts("1 2", "1 2")
                            for metric in spec.task.metrics
                        },
                        counters=counters,
                    )
                    for one in unit.examples
                ]
            )
        run.append_latency(
            [
                LatencyRecord(
                    coordinates=place,
                    example=one.id,
                    example_sha256=one.sha256,
                    repeat=repeat,
                    seconds=seconds,
                    target_seconds=2.0,
                    emitted=4,
                    target_emitted=4,
                    host=host,
                    device="cpu",
                    load=0.0,
                )
                for place in job.coordinates
                if place.seed == spec.seeds[0]
                for one in job.examples[: spec.latency.num_examples]
                for repeat in range(
                    spec.latency.repeats if repeats is None else repeats
                )
            ]
        )
    return spec


def ask(folder, method=CHOW, n=8, seeds=(0,), timed=2, repeats=1):
    return tiny.job(
        folder,
        method=method,
        num_examples=n,
        seeds=seeds,
        latency=LatencySpec(num_examples=timed, repeats=repeats),
    )


def test_a_shared_folder_does_not_make_a_larger_job_whole(tmp_path):
    small = fill(ask(tmp_path))
    large = ask(tmp_path, n=20)
    assert run_directory_of(small).path == run_directory_of(large).path
    assert StoredJob.of(small).is_whole
    assert StoredJob.of(large).thresholds == ()
    assert StoredJob.of(ask(tmp_path, seeds=(0, 1))).thresholds == ()


def test_looking_at_a_job_makes_no_folder(tmp_path):
    assert StoredJob.of(ask(tmp_path)).run is None
    assert not (tmp_path / "results").exists()


def test_a_curve_has_the_whole_points_alone_each_of_one_size(tmp_path):
    fill(ask(tmp_path))
    fill(ask(tmp_path, n=20, seeds=(0, 1)), thresholds=(0.5,))
    job = StoredJob.of(ask(tmp_path, n=20, seeds=(0, 1)))
    curve = job.curve(None)
    assert [point.threshold for point in curve.points] == [0.5]
    assert len(curve.points[0].examples) == 40
    # The smaller job still sees its own rows and no others.
    small = StoredJob.of(ask(tmp_path)).curve(None)
    assert [len(point.examples) for point in small.points] == [8, 8, 8]


def test_latency_counts_where_every_timing_that_was_asked_for_is_there(tmp_path):
    fill(ask(tmp_path, timed=2, repeats=2), repeats=1)
    here = ("h", "cpu")
    assert not StoredJob.of(ask(tmp_path, repeats=2)).is_timed(0.5, here)
    once = StoredJob.of(ask(tmp_path, repeats=1))
    assert once.is_timed(0.5, here) and not once.is_timed(0.5, ("other", "cpu"))
    assert all(point.latency is not None for point in once.curve(here).points)
    fewer = StoredJob.of(ask(tmp_path, timed=1)).curve(here)
    assert [len(point.latency.seconds) for point in fewer.points] == [1, 1, 1]
    assert StoredJob.of(ask(tmp_path, timed=0)).is_timed(0.5, None)


def test_rows_of_a_curve_carry_their_flops_and_whether_they_are_at_the_limit(tmp_path):
    spec = ask(tmp_path, timed=0)
    point = StoredJob.of(fill(spec)).curve(None).points[0]
    model = T5(config=tiny.CONFIG)
    # `COUNTERS`: 3 calls of each model, the target's gamma + 1 = 6 tokens wide, and one
    # prompt, read by the drafter. Slots: 6 tokens and a block begun at their end.
    for example, flops in zip(point.examples, point.flops, strict=True):
        prompt = 3 if example % 3 else 6
        calls = model.score_flops(6, 12, prompt) + model.score_flops(1, 12, prompt)
        assert flops == 3 * calls + model.prefill_flops(prompt)
    assert not point.at_limit.any()  # 8 tokens are said to be emitted, the limit is 6
    short = {name: value if value == 1 else 2 for name, value in COUNTERS.items()}
    fill(ask(tmp_path, TARGET, timed=0), counters=short)
    assert StoredJob.of(ask(tmp_path, TARGET)).curve(None).points[0].at_limit.all()


def test_the_summary_of_a_job_holds_what_it_asked_for(tmp_path):
    fill(ask(tmp_path, n=20, seeds=(0, 1)))
    two = dataclasses.replace(CHOW, thresholds=(-1.0, 1.0))
    found = StoredJob.of(ask(tmp_path, method=two)).summary()
    assert [point["threshold"] for point in found["points"]] == [-1.0, 1.0]
    assert {(point["n"], *point["seeds"]) for point in found["points"]} == {(8, 0)}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "speculative"}, True),
        ({"kind": "speculative", "bonus": "target"}, False),
        ({"kind": "token_cascade"}, False),
        ({"kind": "token_cascade", "cap": None}, True),
        ({"kind": "oracle_cascade"}, True),
        ({"kind": "sequence_cascade"}, True),
        ({"kind": "bild"}, False),
    ],
)
def test_an_end_is_called_the_drafters_only_where_the_drafter_writes_it_all(
    tmp_path, fields, named
):
    method = dataclasses.replace(CHOW, thresholds=(-1.0, 1.0), **fields)
    curve = StoredJob.of(fill(ask(tmp_path, method=method))).curve(None)
    labels = [point.label for point in curve.points]
    assert labels == ["lossless", "drafter" if named else None]


@pytest.fixture
def experiments(tmp_path, monkeypatch):
    """Experiments made of job specs: `experiments[name] = [spec, ...]`."""
    made = {}

    def config(name):
        return OmegaConf.create(
            {
                "name": name,
                "validation_examples": 0,
                "paths": {"root": str(tmp_path / "results")},
                "logger": {"_target_": "speccascade.tracking.NoMirror"},
            }
        )

    monkeypatch.setattr(figures.compose, "begun", lambda words: sorted(made))
    monkeypatch.setattr(
        figures,
        "stored_jobs",
        lambda words, name: [StoredJob.of(spec) for spec in made[name]],
    )
    monkeypatch.setattr(
        figures.compose,
        "sweep",
        lambda words, name: [config(name or "run")] * len(made.get(name, [None])),
    )
    return made


def test_figures_without_a_name_passes_over_what_is_not_complete(
    tmp_path, experiments, capsys
):
    experiments["demo"] = [fill(ask(tmp_path, one)) for one in (TARGET, CHOW)]
    experiments["demo_full"] = [ask(tmp_path, one, n=20) for one in (TARGET, CHOW)]
    experiments["pair_gap"] = [ask(tmp_path, TARGET)]
    assert figures.main([]) == 0
    said = capsys.readouterr().out
    assert "not complete, so not drawn: demo_full; run `speccascade run -m" in said
    assert (tmp_path / "results/figures/demo/demo.pdf").is_file()
    assert not (tmp_path / "results/figures/demo_full").exists()
    assert not (tmp_path / "results/figures/pair_gap").exists()


def test_a_partly_finished_sweep_is_drawn_and_says_what_is_left_out(
    tmp_path, experiments, capsys
):
    opt = dataclasses.replace(CHOW, name="opt", rule="opt", thresholds=(-1.0, 1.0))
    whole = ask(tmp_path, TARGET)
    experiments["demo"] = [
        fill(whole),
        fill(ask(tmp_path), thresholds=(-1.0, 1.0)),
        ask(tmp_path, opt),
    ]
    assert figures.main(["demo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (said,) = [line for line in lines if line.startswith("demo: left out")]
    assert "chow (1 of 3 points), opt (2 of 2 points)" in said
    assert "run `speccascade run -m experiment=demo`" in said
    with pytest.raises(UserError, match="No experiment is complete yet"):
        figures.main([])


def test_points_without_all_timings_are_named_and_leave_the_latency_panel(
    tmp_path, experiments, capsys
):
    experiments["demo"] = [
        fill(ask(tmp_path, TARGET, repeats=2)),
        fill(ask(tmp_path, repeats=2), repeats=1),
    ]
    jobs = [StoredJob.of(spec) for spec in experiments["demo"]]
    assert "timings are missing: chow (3 of 3 points)" in figures.unfinished(jobs)
    curves = {one.method: one for one in figures.stored_curves(jobs)}
    assert all(point.latency is None for point in curves["chow"].points)
    assert curves["target"].points[0].latency is not None


def test_sync_mirrors_an_experiment_whose_rows_are_there_and_no_other(
    tmp_path, experiments, monkeypatch, capsys
):
    mirrored = []

    class Mirror:
        def mirror(self, directory, *, group, summary=None):
            found = None if summary is None else summary()
            mirrored.append((group, found and [p["n"] for p in found["points"]]))
            return "done"

    monkeypatch.setattr("speccascade.cli.build.make", lambda config, group: Mirror())
    experiments["demo"] = [fill(ask(tmp_path))]
    experiments["demo_full"] = [ask(tmp_path, n=20)]
    assert sync.main([]) == 0
    assert mirrored == [("demo", [8, 8, 8])]
    opt = dataclasses.replace(CHOW, name="opt", rule="opt", thresholds=(-1.0,))
    fill(ask(tmp_path, opt))
    mirrored.clear()
    sync.main([])
    assert mirrored == [("demo", [8, 8, 8]), ("run", None)]


def test_the_command_repeats_the_overrides_that_were_given():
    words = Words(names=(), overrides=("seeds=[1]",), config_dir="mine")
    command = figures.command_for(words, "demo")
    assert command.endswith("experiment=demo 'seeds=[1]' --config-dir mine")


def test_settings_that_differ_in_anything_have_files_of_their_own():
    one = Setting(split="test", temperature=1.0, gamma=3)
    others = [
        dataclasses.replace(one, **{name: value})
        for name, value in (
            ("split", "validation"),
            ("temperature", 0.5),
            ("top_k", 10),
            ("top_p", 0.9),
            ("min_p", 0.1),
            ("gamma", 5),
            ("gate", "tempered"),
            ("bonus", "target"),
        )
    ]
    assert len(others) == len(dataclasses.fields(Setting))
    assert len({figures.words_of(each) for each in [one, *others]}) == 1 + len(others)


def test_only_a_complete_experiment_is_published(tmp_path, experiments, monkeypatch):
    path = tmp_path / "curves.csv"
    monkeypatch.setattr(publish, "stored_jobs", figures.stored_jobs)
    monkeypatch.setattr(publish, "published_path", lambda spec: path)
    experiments["demo"] = [
        fill(ask(tmp_path, TARGET)),
        fill(ask(tmp_path), thresholds=(-1.0, 1.0)),
    ]
    with pytest.raises(UserError, match=r"not complete.*chow \(1 of 3 points\)"):
        publish.main(["demo"])
    assert not path.exists()
    fill(ask(tmp_path))
    assert publish.main(["demo"]) == 0
    found = read_published(path)
    assert len(found) == 4 and all(one.point.latency for one in found)
    assert {one.setting for one in found} == {figures.setting_of(ask(tmp_path))}


def test_shipped_curves_of_another_setting_are_named(
    tmp_path, experiments, monkeypatch, capsys
):
    path = tmp_path / "curves.csv"
    monkeypatch.setattr(publish, "stored_jobs", figures.stored_jobs)
    for module in (publish, figures):
        monkeypatch.setattr(module, "published_path", lambda spec: path)
    experiments["demo"] = [fill(ask(tmp_path, one)) for one in (TARGET, CHOW)]
    publish.main(["demo"])
    assert figures._published(ask(tmp_path), "demo")
    capsys.readouterr()
    other = ask(tmp_path, dataclasses.replace(CHOW, gamma=3))
    assert figures._published(other, "demo") == []
    said = capsys.readouterr().out
    assert "no pale lines; curves ship for test, T = 1, gamma = 5" in said
