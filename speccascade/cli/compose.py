"""Composes what an experiment would run, without running it.

The verbs that read the store (`figures`, `sync`) look only at the run directories of
the jobs composed here, so they take the same overrides as `run`.
"""

import argparse
import dataclasses
import fnmatch
import functools
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from omegaconf import OmegaConf

from speccascade.cli import schemas
from speccascade.cli.config_dir import config_directory
from speccascade.cli.config_type import Config
from speccascade.cli.launch import import_from_here
from speccascade.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Words:
    """The words after a verb that reads the store.

    Attributes:
        names: of experiments, wildcards replaced by what they match.
        overrides: `key=value`, as for `run`.
        config_dir: a further folder of configurations, or None.
        flags: options that were given, without their dashes.
    """

    names: tuple[str, ...]
    overrides: tuple[str, ...]
    config_dir: str | None = None
    flags: frozenset[str] = frozenset()


def parse(
    verb: str,
    description: str,
    arguments: Sequence[str],
    flags: Mapping[str, str] | None = None,
) -> Words:
    """Reads `[NAME ...] [key=value ...] [--config-dir DIR]` and the verb's own flags.

    `flags` are names without dashes, each with its help.
    """
    parser = argparse.ArgumentParser(
        prog=f"speccascade {verb}", description=description
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="NAME or key=value",
        help="experiments, 'fig*' too, and the overrides that `run` was given",
    )
    parser.add_argument("--config-dir", help="a further folder of configurations")
    for flag, text in (flags or {}).items():
        parser.add_argument(f"--{flag}", action="store_true", help=text, dest=flag)
    _jobs.cache_clear()  # files may have changed since an earlier verb
    # Intermixed, for options may stand between the words.
    found = parser.parse_intermixed_args(list(arguments))
    names = [word for word in found.words if "=" not in word]
    return Words(
        names=tuple(matching(names, found.config_dir)),
        overrides=tuple(word for word in found.words if "=" in word),
        config_dir=found.config_dir,
        flags=frozenset(flag for flag in flags or {} if getattr(found, flag)),
    )


def matching(names: Sequence[str], config_dir: str | None = None) -> list[str]:
    """The names, those with a wildcard replaced by the experiments that match.

    Raises:
        UserError: nothing matches.
    """
    found: dict[str, None] = {}
    for name in names:
        if not set(name) & set("*?["):
            found[name] = None
            continue
        there = fnmatch.filter(experiments(config_dir), name)
        if not there:
            raise UserError(f"No experiment matches {name!r}.")
        found |= dict.fromkeys(there)
    return list(found)


def experiments(config_dir: str | None = None) -> list[str]:
    """The names of all experiments, those of `config_dir` included."""
    with _hydra():
        loader = GlobalHydra.instance().config_loader()
        names = loader.get_group_options("experiment", ObjectType.CONFIG)
    if config_dir is not None:
        files = Path(config_dir).glob("experiment/*.yaml")
        names = sorted({*names, *(path.stem for path in files)})
    return names


def begun(words: Words) -> list[str]:
    """The experiments of which a pair has results, by its folder in the results root.

    The others need not be composed, nor their models and data be there.
    """
    return [name for name in experiments(words.config_dir) if _is_begun(words, name)]


def _is_begun(words: Words, name: str) -> bool:
    with _hydra():
        whole, axes = _axes(words, name)
        root = Path(whole.paths.root).expanduser()
        pairs = [[one] for one in axes.pop("pair", [])] or [[]]
        rest = [values[0] for values in axes.values()]
        return any(
            (root / compose("config", overrides=[*rest, *pair]).pair.name).is_dir()
            for pair in pairs
        )


def expanded(arguments: Sequence[str]) -> list[list[str]]:
    """The words of a launch, once for each experiment that they name.

    A list or `glob(...)` of experiments is several sweeps: each has axes of its own.

    Raises:
        UserError: no experiment matches.
    """
    for place, word in enumerate(arguments):
        if not word.startswith("experiment="):
            continue
        with _hydra():
            parser = OverridesParser.create(GlobalHydra.instance().config_loader())
            (override,) = parser.parse_overrides([word])
        if not override.is_sweep_override():
            break
        wanted = override.value()
        if isinstance(wanted, Glob):  # Hydra's own does not look into --config-dir
            names = wanted.filter(experiments(config_dir(arguments)))
            named = [f"experiment={name}" for name in names]
        else:
            named = _values(override)
        if not named:
            raise UserError(f"No experiment matches {word!r}.")
        return [[*arguments[:place], one, *arguments[place + 1 :]] for one in named]
    return [list(arguments)]


def config_dir(arguments: Sequence[str]) -> str | None:
    """The folder that Hydra's option names, in either spelling."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config-dir", "-cd")
    return parser.parse_known_args(list(arguments))[0].config_dir


def one_job(words: Words, config_name: str = "config") -> Config:
    """The configuration of a single job, names left aside."""
    with _hydra():
        return compose(config_name, overrides=_overrides(words))


def sweep(words: Words, experiment: str | None) -> tuple[Config, ...]:
    """The configurations of every job of `run -m experiment=...`, in its order.

    Of `run -m` with the overrides alone where `experiment` is None. What `tasks_of`
    leaves out is not run, and not here.

    Raises:
        UserError: the sweep has axes that are not finite lists.
    """
    return _jobs(words, experiment)


@functools.lru_cache(maxsize=32)
def _jobs(words: Words, experiment: str | None) -> tuple[Config, ...]:
    from speccascade.cli.build import is_asked  # imports JAX, which --help need not

    with _hydra():
        _, axes = _axes(words, experiment)
        # Composing takes a fifth of a second: once for each pair and task to know
        # whether they are asked, and only what is asked for every job.
        decisive = [list(axes).index(key) for key in ("pair", "task") if key in axes]
        asked_of: dict[tuple[str, ...], bool] = {}
        found = []
        for job in itertools.product(*axes.values()):
            panel = tuple(job[index] for index in decisive)
            if not asked_of.get(panel, True):
                continue
            config = compose("config", overrides=list(job))
            if panel not in asked_of:
                asked_of[panel] = is_asked(config)
            if asked_of[panel]:
                found.append(config)
    return tuple(found)


def _axes(words: Words, experiment: str | None) -> tuple[Config, dict[str, list[str]]]:
    """What all jobs share, Hydra's part with it, and the overrides of every axis.

    A fixed override is an axis of one value. To be called with Hydra set up.
    """
    named = [] if experiment is None else [f"experiment={experiment}"]
    parser = OverridesParser.create(GlobalHydra.instance().config_loader())
    asked = parser.parse_overrides([*named, *_overrides(words)])
    fixed = [one.input_line or "" for one in asked if not one.is_sweep_override()]
    whole = compose("config", overrides=fixed, return_hydra_config=True)
    own = whole.hydra.sweeper.get("params")
    listed = {} if own is None else OmegaConf.to_container(own)
    assert isinstance(listed, dict)
    params = parser.parse_overrides([f"{key}={val}" for key, val in listed.items()])
    # As in Hydra, a later axis of the same key takes the place of an earlier one.
    return whole, {one.get_key_element(): _values(one) for one in [*params, *asked]}


def _values(override: Override) -> list[str]:
    key = override.get_key_element()
    if not override.is_sweep_override():
        return [override.input_line or f"{key}={override.get_value_element_as_str()}"]
    if not override.is_discrete_sweep():
        raise UserError(
            f"{override.input_line!r} is not a finite list of values; write key=a,b,c."
        )
    return [f"{key}={value}" for value in override.sweep_string_iterator()]


def _overrides(words: Words) -> list[str]:
    if words.config_dir is None:
        return list(words.overrides)
    folder = Path(words.config_dir).absolute()
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder} of configurations.")
    return [f"hydra.searchpath=[file://{folder}]", *words.overrides]


def _hydra() -> initialize_config_dir:
    if "schema" not in ConfigStore.instance().repo:
        schemas.register()
    import_from_here()
    return initialize_config_dir(str(config_directory()), version_base="1.3")
