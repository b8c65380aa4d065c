"""The component profile of a host: `<root>/<pair>/<task>/profile-*.json`.

One file a host and device. A new profile takes the place of the old one whole: the
speed of a machine drifts, and only what was timed together compares.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speccascade import files
from speccascade.errors import UserError
from speccascade.latency.components import Components


@dataclasses.dataclass(frozen=True, kw_only=True)
class RoundCost:
    """What a round takes beyond its calls, fitted to decodings at batch 1.

    Attributes:
      kind: of the execution.
      width: tokens a row that its target calls take in; 1 where they are steps.
      ms: milliseconds; below 0 where a decoding was faster than its calls one by one.
    """

    kind: str
    width: int
    ms: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class EngineSpeed:
    """Lossless speculation measured against its own ideal, and the target alone.

    The ideal has every call at the price of its component and nothing else. In a batch
    the rows wait for one another, so the calls are those of the row with the most.

    Attributes:
      batch, gamma: what was decoded.
      tokens_per_s, target_tokens_per_s: measured, of lossless and of the target alone.
      ideal_tokens_per_s: emitted / (drafter calls x step + target calls x verification)
      ideal_speedup: emitted x target step / the same denominator.
      over_components: measured seconds / (prompts read + that denominator).
    """

    batch: int
    gamma: int
    tokens_per_s: float
    target_tokens_per_s: float
    ideal_tokens_per_s: float
    ideal_speedup: float
    over_components: float

    @property
    def speedup(self) -> float:
        """Measured, a token: lossless to the target alone."""
        return self.tokens_per_s / self.target_tokens_per_s

    @property
    def of_ideal(self) -> float:
        """The engine's efficiency: measured tokens a second to the ideal ones."""
        return self.tokens_per_s / self.ideal_tokens_per_s


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostProfile:
    """What the calls of a pair cost on one machine.

    Attributes:
      host, device: the machine, as `this_host` names it.
      load: one-minute load average when the timing started.
      date: UTC, ISO 8601.
      pair: identity of the pair (sha256 of its files).
      max_new_tokens: length limit T, which sizes the caches.
      truncate: whether the sampling truncates, which sorts the vocabulary.
      components: by batch and prompt length.
      rounds: by kind and width.
      engine: by batch and gamma.
    """

    host: str
    device: str
    load: float
    date: str
    pair: Mapping[str, str]
    max_new_tokens: int
    truncate: bool
    components: tuple[Components, ...]
    rounds: tuple[RoundCost, ...]
    engine: tuple[EngineSpeed, ...] = ()

    def to_json(self) -> str:
        """The file's text; `from_json` reads it back."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "HostProfile":
        """The profile of a file's text; ValueError, TypeError or KeyError if none."""
        found: dict[str, Any] = json.loads(text)
        found["components"] = tuple(
            Components(
                **one
                | {"target_ms": {int(k): ms for k, ms in one["target_ms"].items()}}
            )
            for one in found["components"]
        )
        found["rounds"] = tuple(RoundCost(**one) for one in found["rounds"])
        found["engine"] = tuple(EngineSpeed(**one) for one in found["engine"])
        return cls(**found)

    def at(self, batch: int, prompt_length: int) -> Components:
        """The components of a shape of batch.

        Raises:
          UserError: it was not profiled.
        """
        for one in self.components:
            if (one.batch, one.prompt_length) == (batch, prompt_length):
                return one
        raise UserError(
            f"The component profile of {self.host} has no batch of {batch} prompts of "
            f"{prompt_length} tokens; run `speccascade bench` for this pair and task."
        )


def profile_path(
    root: str | Path, pair: str, task: str, host: str, device: str
) -> Path:
    """Where a machine's profile of a pair on a task is kept."""
    name = re.sub(r"[^A-Za-z0-9._]+", "-", f"{host} {device}").strip("-")
    return Path(root) / pair / task / f"profile-{name}.json"


def save_profile(root: str | Path, pair: str, task: str, profile: HostProfile) -> Path:
    """Writes the profile in one step and returns its file."""
    path = profile_path(root, pair, task, profile.host, profile.device)
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, profile.to_json().encode())
    return path


def find_profile(
    root: str | Path,
    pair: str,
    task: str,
    identity: Mapping[str, str],
    machine: tuple[str, str],
) -> HostProfile | None:
    """The stored profile of these weights: of `machine`, else the newest one.

    Args:
      root, pair, task: where it is kept.
      identity: of the pair; profiles of other weights do not count.
      machine: host and device.

    Raises:
      UserError: a file cannot be read as a profile.
    """
    found = []
    for path in sorted((Path(root) / pair / task).glob("profile-*.json")):
        try:
            profile = HostProfile.from_json(path.read_text())
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UserError(
                f"{path} cannot be read as a component profile; delete it and run "
                "`speccascade bench` again."
            ) from error
        if dict(profile.pair) == dict(identity):
            found.append(profile)
    here = [one for one in found if (one.host, one.device) == machine]
    return max(here or found, key=lambda one: one.date, default=None)
