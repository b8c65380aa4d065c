"""From a composed configuration to the objects that it describes."""

import dataclasses
import inspect
import os
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from speccascade.checkpoints.pairs import PairSpec
from speccascade.cli.config_type import Config
from speccascade.errors import UserError
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.spec import EngineSpec, JobSpec, LatencySpec, SamplingSpec
from speccascade.tasks.base import Task

PAPER = "paper"  # a split: the one that the paper reports a task on


def job_spec(config: Config) -> JobSpec:
    """The job that a configuration asks for.

    Raises:
        UserError: something is out of its range or not what its group should be.
    """
    method = make(config, "method", MethodSpec)
    pair, task = make(config, "pair", PairSpec), make(config, "task", Task)
    return JobSpec(
        pair=pair.for_task(task.name),
        task=task.in_form(pair.form),
        method=_thinned(method, config.max_thresholds),
        sampling=make(config, "sampling", SamplingSpec),
        seeds=tuple(config.seeds),
        split=task.paper_split if config.split == PAPER else config.split,
        num_examples=config.num_examples,
        engine=make(config, "engine", EngineSpec),
        latency=make(config, "latency", LatencySpec),
        root=os.path.expanduser(config.paths.root),
        cache_dir=os.path.expanduser(config.paths.cache),
    )


def is_asked(config: Config) -> bool:
    """Whether a sweep over pairs and tasks has a job here, by `tasks_of`.

    Raises:
        UserError: as `job_spec`.
    """
    if not config.tasks_of:
        return True
    pair, task = make(config, "pair", PairSpec).name, make(config, "task", Task).name
    return task in config.tasks_of.get(pair, [task])


def validation_spec(config: Config) -> JobSpec | None:
    """The same curve on validation data, untimed: there thresholds are chosen.

    None where the configuration asks for none, or reports validation data itself.

    Raises:
        UserError: as `job_spec`.
    """
    count = config.validation_examples
    if count < 0:
        raise UserError(f"validation_examples must be >= 0, not {count}.")
    if count == 0:
        return None
    spec = job_spec(config)
    if spec.split == "validation":
        return None
    return dataclasses.replace(
        spec,
        split="validation",
        num_examples=count,
        latency=LatencySpec(num_examples=0, repeats=1),
    )


def make(config: Config, group: str, kind: type | None = None) -> Any:
    """The object that `config.group` describes by its `_target_`.

    Lists arrive as tuples, since most objects here are hashable.

    Raises:
        UserError: no `_target_`, a field that the target does not take, or an object
            that is not of `kind`.
    """
    node = config[group]
    if not isinstance(node, DictConfig) or node.get("_target_") is None:
        raise UserError(
            f"The group {group!r} needs a `_target_`, the import path of its maker; "
            "`speccascade run --help` lists the files that ship."
        )
    for name, value in node.items():
        if isinstance(value, DictConfig) and "_target_" not in value:
            raise UserError(
                f"{group}.{name} is a mapping without a `_target_`, the import path of "
                "what it describes; give that, or a name."
            )
    partial = instantiate(node, _partial_=True, _convert_="all")
    fields = {name: _frozen(value) for name, value in partial.keywords.items()}
    try:
        inspect.signature(partial.func).bind(*partial.args, **fields)
    except TypeError as error:
        raise UserError(f"{group} ({node._target_}): {error}.") from error
    made = partial.func(*partial.args, **fields)
    if kind is not None and not isinstance(made, kind):
        raise UserError(
            f"{group} ({node._target_}) gives a {type(made).__name__}, not a "
            f"{kind.__module__}.{kind.__qualname__}."
        )
    return made


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _thinned(method: MethodSpec, limit: int | None) -> MethodSpec:
    """The method with at most `limit` thresholds, both ends of its grid among them."""
    count = len(method.thresholds)
    if limit is None or limit >= count:
        return method
    if limit < 2:
        raise UserError(f"max_thresholds must be 2 or more, not {limit}.")
    kept = [round(step * (count - 1) / (limit - 1)) for step in range(limit)]
    thresholds = tuple(method.thresholds[index] for index in kept)
    return dataclasses.replace(method, thresholds=thresholds)
