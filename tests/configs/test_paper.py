"""The experiments that reproduce the paper ask for its panels, at every scale."""

import pytest
from hydra import compose as hydra_compose

from speccascade.cli import compose
from speccascade.cli.build import job_spec, make
from speccascade.methods import METHODS
from tests.configs.panels import PANELS

# One value an axis that does not decide about panels, as composing takes a while.
ONE = ("method=lossless", "sampling=t1", "method.gamma=5")


def panels(name: str, scale: str) -> list[tuple[str, str]]:
    words = compose.Words(names=(), overrides=(f"scale={scale}", *ONE))
    configs = compose.sweep(words, name)
    return [(make(one, "pair").name, make(one, "task").name) for one in configs]


@pytest.mark.parametrize("name", PANELS)
def test_the_stand_ins_of_a_figure_are_those_of_its_panels(name):
    assert sorted(panels(name, "mini")) == sorted(PANELS[name][1])


@pytest.mark.slow
@pytest.mark.parametrize("name", PANELS)
def test_a_figure_asks_for_the_panels_that_the_paper_shows(name):
    assert sorted(panels(name, "paper")) == sorted(PANELS[name][0])


@pytest.mark.parametrize("name", PANELS)
def test_a_figure_names_methods_that_there_are_and_the_models_alone(name):
    with compose._hydra():
        config = hydra_compose(
            "config", overrides=[f"experiment={name}"], return_hydra_config=True
        )
    methods = config.hydra.sweeper.params.method.split(",")
    assert set(methods) <= set(METHODS)
    assert {"drafter", "target", "lossless"} <= set(methods)
    assert config.name == name


def test_the_scales_differ_in_models_data_and_size_alone():
    words = ("experiment=fig9", "method=opt")
    paper, mini, smoke = (
        compose.one_job(compose.Words(names=(), overrides=(*words, f"scale={scale}")))
        for scale in ("paper", "mini", "smoke")
    )
    assert paper.split == "paper" and mini.split == smoke.split == "test"
    assert paper.num_examples is None
    assert smoke.num_examples < mini.num_examples
    assert (paper.latency.num_examples, paper.latency.repeats) == (500, 3)
    for one in (paper, mini, smoke):
        assert one.method.gamma == 5 and list(one.seeds) == [0]
        assert one.sampling.temperature == 1


def test_scale_smoke_makes_any_experiment_small():
    words = compose.Words(names=(), overrides=("experiment=methods", "scale=smoke"))
    config = compose.one_job(words)
    assert (config.num_examples, config.max_thresholds) == (1, 3)


def test_the_papers_split_is_the_tasks_own():
    def split(task: str, *more: str) -> str:
        overrides = (f"task={task}", "split=paper", *more)
        words = compose.Words(names=(), overrides=overrides)
        return job_spec(compose.one_job(words)).split

    assert split("wmt14_ende") == split("xsum") == "validation"
    assert split("squad2") == split("ende_docs") == "test"


def test_models_that_were_fine_tuned_on_a_task_are_found_by_its_name():
    overrides = ("pair=t5_small_large", "task=xsum", "paths.models=checkpoints")
    job = job_spec(compose.one_job(compose.Words(names=(), overrides=overrides)))
    assert job.pair.drafter.uri == "t5x:checkpoints/t5_1_1_small_xsum"
    assert job.pair.target.uri == "t5x:checkpoints/t5_1_1_large_xsum"
