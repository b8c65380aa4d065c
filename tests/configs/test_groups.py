"""Every option of every group composes, and becomes what it should be."""

import dataclasses
import functools
import math
from pathlib import Path

import hydra
import pytest

from speccascade.checkpoints.pairs import (
    CheckpointSpec,
    LookupSpec,
    ModelSpec,
    PairSpec,
)
from speccascade.cli import compose, schemas
from speccascade.cli.build import job_spec, make
from speccascade.cli.config_dir import config_directory
from speccascade.jobs import spec
from speccascade.jobs.method import MethodSpec
from speccascade.methods import METHODS
from speccascade.models import GemmaConfig, T5Config
from speccascade.rules import ALIASES, RULES
from speccascade.store import Settings
from speccascade.tracking import NoMirror, WandbMirror
from speccascade.training.loop import TrainingSettings
from tests.configs.panels import PANELS

CONFIGS = config_directory()
# What the ends of a grid are called, where they are not as under speculation.
ENDS = {
    "sequence_cascade": ("# target only", "# drafter only"),
    "token_cascade": ("# target only", "# drafter only, but for the cap"),
    "bild": ("# target only", "# keeps every draft"),
}
# Experiments of many jobs; each takes a fifth of a second to compose.
LARGE = {"choose_gamma", "methods", "mini_suite", "mini_suite_gap"}
GROUPS = ("pair", "task", "method", "sampling", "engine", "logger", "paths")
FILES = sorted(CONFIGS.rglob("*.yaml"))
FILES = [file for file in FILES if file.parent.name != "local"]


def options(group: str) -> list[str]:
    return sorted(file.stem for file in (CONFIGS / group).glob("*.yaml"))


@functools.cache
def composed(*overrides: str):
    """A single job's configuration; composing takes a fifth of a second."""
    return compose.one_job(compose.Words(names=(), overrides=overrides))


@pytest.mark.parametrize(
    "choice", [f"{group}={name}" for group in GROUPS for name in options(group)]
)
def test_every_option_composes_and_becomes_a_job(choice):
    needed = {"task=seqio": ("task.name=mine", "task.module=mine")}
    config = composed(choice, *needed.get(choice, ()))
    job = job_spec(config)
    assert isinstance(job, spec.JobSpec)
    assert isinstance(make(config, "logger"), (NoMirror, WandbMirror))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in LARGE else ())
        for name in sorted({*options("experiment")} - {*PANELS})
    ],
)
def test_every_experiment_lists_methods_that_become_jobs(name):
    words = compose.Words(names=(), overrides=())
    jobs = [job_spec(config) for config in compose.sweep(words, name)]
    assert jobs
    assert all(job.method.name in METHODS for job in jobs)


@pytest.mark.parametrize(
    "name",
    ["wmt14_ende", "wmt22", "multi30k", "xsum", "cnn_dailymail", "scitldr"],
)
def test_a_task_file_says_what_its_class_says(name):
    """Both state the limits: the file to be overridden, the class with the reasons."""
    task = job_spec(composed(f"task={name}")).task
    assert task.name == name
    assert task == type(task)(data=task.data, tfds_data=task.tfds_data)


def test_the_demo_of_the_second_pair_differs_in_pair_and_cost_alone():
    words = compose.Words(names=(), overrides=())
    first, second = (
        [job_spec(config) for config in compose.sweep(words, name)]
        for name in ("demo", "demo_gemma")
    )
    assert [job.method.name for job in second] == [job.method.name for job in first]
    for one, other in zip(first, second, strict=True):
        assert other.pair.name == "ende_docs_gemma"
        assert (other.num_examples, other.sampling) == (one.num_examples, one.sampling)
        assert set(other.method.thresholds) <= set(one.method.thresholds)
        assert other.latency.num_examples == 0


def test_the_demo_is_what_the_readme_says():
    words = compose.Words(names=(), overrides=())
    jobs = [job_spec(config) for config in compose.sweep(words, "demo")]
    assert len(jobs) == 11
    for job in jobs:
        assert job.sampling == spec.SamplingSpec(temperature=1.0)
        assert (job.split, job.num_examples, job.seeds) == ("test", 100, (0,))
        assert job.latency == spec.LatencySpec(num_examples=20, repeats=1)


@pytest.mark.parametrize("name", options("method"))
def test_a_method_file_agrees_with_the_table_of_methods(name):
    method = job_spec(composed(f"method={name}")).method
    row = METHODS[name]
    rule = None if method.rule_object is None else method.rule_object.name
    found = (method.name, method.kind, rule, method.sweeps, method.score)
    assert found == (name, row.kind, row.rule, row.sweeps, row.score)


def test_the_variants_of_a_rule_differ_from_it():
    for name, plain in (
        ("token_v3_redraw", "token_v3"),
        ("lossy_star_grid", "lossy_star"),
    ):
        method = job_spec(composed(f"method={name}")).method
        assert method.rule_object != RULES[plain]
        assert (
            method.thresholds == job_spec(composed(f"method={plain}")).method.thresholds
        )


@pytest.mark.parametrize("alias", options("method/blog"))
def test_a_name_of_the_blog_is_the_method_itself(alias):
    named = job_spec(composed(f"method=blog/{alias}")).method
    assert named == job_spec(composed(f"method={ALIASES[alias]}")).method


def test_every_method_of_the_table_has_a_file():
    assert set(options("method")) == set(METHODS)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, method in METHODS.items()
        if method.rule not in (None, "lossless")
        and not name.startswith("bild_original_")  # have bild_original's
    ],
)
def test_a_grid_has_seven_thresholds_and_labelled_ends(name):
    rule = RULES[METHODS[name].rule]
    thresholds = job_spec(composed(f"method={name}")).method.thresholds
    assert len(thresholds) >= 7
    assert thresholds[0] == rule.lossless_end
    assert thresholds[-1] == rule.drafter_end
    lines = (CONFIGS / "method" / f"{name}.yaml").read_text().splitlines()
    listed = [line for line in lines if line.startswith("  - ") and "/" not in line]
    low, high = ENDS.get(METHODS[name].kind, ("# lossless", "# drafter only"))
    assert low in listed[0]
    assert high in listed[-1]


@pytest.mark.parametrize(
    ("name", "adaptive"), [("chow", "rule"), ("lossless", "confidence")]
)
def test_an_adaptive_method_is_the_plain_one_but_for_its_length(name, adaptive):
    plain, found = (
        job_spec(composed(f"method={one}")).method for one in (name, f"{name}_adaptive")
    )
    assert (plain.adaptive, found.adaptive) == ("never", adaptive)
    assert found == dataclasses.replace(plain, name=found.name, adaptive=adaptive)


@pytest.mark.parametrize("name", [n for n, m in METHODS.items() if m.sweeps != "alpha"])
def test_a_grid_of_sampling_values_ends_at_the_sampling_itself(name):
    job = job_spec(composed(f"method={name}"))
    thresholds = job.method.thresholds
    untouched = thresholds[0 if name.endswith("min_p") else -1]
    places = {one: Settings(threshold=one) for one in thresholds}
    assert job.sampling_at(places[untouched]) == job.sampling == spec.SamplingSpec()
    assert len(thresholds) >= 6
    assert all(
        job.sampling_at(places[one]) != job.sampling
        for one in set(thresholds) - {untouched}
    )
    lines = (CONFIGS / "method" / f"{name}.yaml").read_text().splitlines()
    listed = [line for line in lines if line.startswith("  - ") and "/" not in line]
    plain = "the target alone" if METHODS[name].kind == "target" else "lossless"
    assert plain in listed[thresholds.index(untouched)]


@pytest.mark.slow
def test_every_option_of_a_wildcard_is_a_method():
    words = compose.Words(names=(), overrides=("method=glob(*)",))
    jobs = compose.sweep(words, "demo")
    assert {job.method.name for job in jobs} == set(METHODS)


def test_max_thresholds_keeps_both_ends():
    job = job_spec(composed("method=opt", "max_thresholds=3"))
    assert len(job.method.thresholds) == 3
    assert job.method.thresholds[0] == -math.inf
    assert job.method.thresholds[-1] == math.inf


@pytest.mark.parametrize("name", options("training"))
def test_every_training_composes(name):
    words = compose.Words(names=(), overrides=(f"training={name}",))
    training = compose.one_job(words, "train").training
    if training.cut is None:
        assert isinstance(make(training, "model"), T5Config | GemmaConfig)
    else:
        assert training.model is None and training.cut.layers
    assert isinstance(make(training, "settings"), TrainingSettings)
    assert training.output == f"results/training/{name}/{name}.safetensors"


@pytest.mark.parametrize(
    "name", ["ende_docs", "ende_docs_gemma", "mini_suite", "mini_suite_gemma"]
)
def test_a_training_has_the_shapes_of_the_shipped_pair(name):
    pair = job_spec(composed(f"pair={name}")).pair
    for role, model in (("drafter", pair.drafter), ("target", pair.target)):
        words = compose.Words(names=(), overrides=(f"training={name}_{role}",))
        trained = make(compose.one_job(words, "train").training, "model")
        assert trained == model.config


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        (schemas.T5, T5Config),
        (schemas.Gemma, GemmaConfig),
        (schemas.T5Model, ModelSpec),
        (schemas.GemmaModel, ModelSpec),
        (schemas.Checkpoint, CheckpointSpec),
        (schemas.Lookup, LookupSpec),
        (schemas.Pair, PairSpec),
        (schemas.Method, MethodSpec),
        (schemas.Sampling, spec.SamplingSpec),
        (schemas.Engine, spec.EngineSpec),
        (schemas.Latency, spec.LatencySpec),
        (schemas.Wandb, WandbMirror),
        (schemas.TrainingSettings, TrainingSettings),
    ],
)
def test_a_schema_has_the_fields_of_what_it_becomes(schema, kind):
    names = {field.name for field in dataclasses.fields(schema)} - {"_target_"}
    assert names == {field.name for field in dataclasses.fields(kind)}
    assert schema()._target_.endswith(f".{kind.__name__}")


@pytest.mark.parametrize(
    "file", FILES, ids=[str(file.relative_to(CONFIGS)) for file in FILES]
)
def test_a_file_opens_by_saying_what_it_is_what_it_costs_and_how_to_run_it(file: Path):
    text = file.read_text(encoding="utf-8")
    opening = text.split("defaults:")[0].split("_target_")[0]
    assert opening.startswith("# ")
    for word in ("# Paper: ", "# Cost: ", "# Command: "):
        assert word in opening, word
    for banned in ("/home/", "/tmp", "/root", "../"):
        assert banned not in text


@pytest.mark.parametrize("config_name", ["config", "train"])
def test_a_tilde_in_the_root_is_the_home_folder_for_hydras_logs_too(config_name):
    schemas.register()
    with hydra.initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = hydra.compose(
            config_name, overrides=["paths.root='~/here'"], return_hydra_config=True
        )
    assert Path(config.hydra.sweep.dir).is_relative_to(Path.home() / "here")
