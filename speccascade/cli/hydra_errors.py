"""Hydra's and OmegaConf's errors in one sentence that says what to do."""

import dataclasses
import difflib
import re
from collections.abc import Iterable

from hydra.errors import (
    HydraException,
    InstantiationException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
    ValidationError,
)

# What Hydra calls a plugin's option -> the extra of ours that installs the plugin.
PLUGINS = {
    "hydra/launcher/joblib": "joblib",
    "hydra/launcher/submitit_local": "submitit",
    "hydra/launcher/submitit_slurm": "submitit",
    "hydra/launcher/ray": "ray",
    "hydra/sweeper/optuna": "optuna",
}


def explain(error: BaseException) -> str | None:
    """A sentence for what Hydra or OmegaConf refused; None if neither is at fault."""
    if isinstance(error, MissingConfigException):
        return _missing_option(error)
    if isinstance(error, OverrideParseException):
        return _ungrammatical(error)
    if isinstance(error, InstantiationException):
        return _uninstantiable(error)
    if not isinstance(error, (HydraException, OmegaConfBaseException)):
        return None
    cause = _omegaconf(error)
    if isinstance(cause, (ConfigKeyError, ConfigAttributeError)) and cause.key:
        return _unknown_key(error, cause)
    if isinstance(cause, MissingMandatoryValue):
        return (
            f"The option {cause.full_key!r} has no value; give it one on the command "
            f"line ({cause.full_key}=...) or in its file."
        )
    if isinstance(cause, ValidationError):
        return _sentence(f"{_in_file(str(error))}{cause.full_key}: {_first(cause)}")
    if "Ambiguous value for argument" in str(error):
        return (
            f"{_first(error).removeprefix('Ambiguous value for argument ')} names "
            "several values: add -m to sweep over them, or write a list as [a,b]."
        )
    if cause is not None and cause is not error:
        return _sentence(f"{_first(error)}: {_first(cause)}")
    return _sentence(_joined(error))


def _missing_option(error: MissingConfigException) -> str:
    wanted = error.missing_cfg_file or "?"
    name = str(wanted[0] if isinstance(wanted, (list, tuple)) else wanted)
    group, _, option = name.rpartition("/")
    where = _in_file(str(error))
    if name in PLUGINS:
        return (
            f"Hydra's plugin for {name} is not installed; "
            f"`pip install 'speccascade[{PLUGINS[name]}]'` brings it."
        )
    known = sorted(error.options or ())
    if not known:
        return _sentence(f"{where}Could not find the configuration {name!r}")
    return (
        f"{where}There is no {group} {option!r}{_meant(option, known)}; known are "
        f"{', '.join(known)}."
    )


def _ungrammatical(error: OverrideParseException) -> str:
    return (
        f"Cannot read {error.override!r}; an override is written key=value, with "
        "quotes around what the shell or Hydra would split, as in 'method=glob(*)'."
    )


def _uninstantiable(error: InstantiationException) -> str:
    text = _joined(error).replace(
        ", set env var HYDRA_FULL_ERROR=1 to see chained exception.", ""
    )
    cause = error.__cause__
    reason = f": {_first(cause)}" if cause is not None else ""
    return _sentence(text.replace(" full_key:", ", option") + reason)


def _unknown_key(error: BaseException, cause: OmegaConfBaseException) -> str:
    full = str(cause.full_key or cause.key)
    parent, _, key = full.rpartition(".")
    schema = cause.object_type or cause.ref_type
    known = (
        [f.name for f in dataclasses.fields(schema) if not f.name.startswith("_")]
        if isinstance(schema, type) and dataclasses.is_dataclass(schema)
        else []
    )
    listed = ""
    if known:
        listed = f"; {parent or 'the configuration'} has {', '.join(known)}"
    where = _in_file(str(error))
    return f"{where}There is no option {full!r}{_meant(key, known)}{listed}."


def _omegaconf(error: BaseException) -> OmegaConfBaseException | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OmegaConfBaseException):
        # Of a file, Hydra raises in the handler of the error and without `from`.
        cause = cause.__cause__ or cause.__context__
    return cause


def _meant(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _in_file(text: str) -> str:
    """'In FILE: ' where Hydra says that a file of the user is at fault."""
    found = re.match(r"In '([^']+)'", text)
    return f"In {found[1]}.yaml: " if found and "/" in found[1] else ""


def _first(error: BaseException) -> str:
    """The first line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _joined(error: BaseException) -> str:
    text = re.split(r"\n\s*(?:See https?:|Config search path)", str(error))[0]
    return " ".join(text.split()) or type(error).__name__


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else text + "."
