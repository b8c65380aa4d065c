"""Opening W&B runs in whatever mode the machine allows, and knowing which are there.

A run is written whole, once for each content: a note beside wandb's own files holds the
digest of what was written last, and an offline run that is written anew takes the place
of the old one.
"""

import dataclasses
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from speccascade.tracking.environment import environment

if TYPE_CHECKING:
    import wandb

# wandb reports its own errors and timings to its maker, offline runs included, unless
# the user has asked for it. A mirror that is offline must not reach for the network.
os.environ.setdefault("WANDB_ERROR_REPORTING", "false")

# A cluster node without a network should notice quickly; then it goes offline.
INIT_TIMEOUT_S = 30.0


@runtime_checkable
class Log(Protocol):
    """What every run has; `CurveLog` and `FigureLog` are such."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def config(self) -> Mapping[str, Any]: ...
    @property
    def digest(self) -> str: ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Runs:
    """The runs of one project, written to from one folder.

    Attributes:
        directory: wandb's files go to the folder `wandb` in here.
        project, entity: of W&B; entity None is the user's default.
        tags: put on every run.
    """

    directory: Path
    project: str
    entity: str | None
    tags: tuple[str, ...]

    def write(
        self,
        log: Log,
        job_type: str,
        mode: str,
        fill: "Callable[[wandb.Run], None]",
    ) -> str:
        """Writes one run, in place of an earlier one with its id.

        Args:
            log: its name and configuration.
            job_type: "curve" or "figure".
            mode: "online" or "offline"; without a connection it falls back to offline.
            fill: logs what the run shows.

        Returns:
            The mode that it was written in.
        """
        import wandb

        try:
            self._write_in(log, job_type, mode, fill)
        except wandb.Error:
            if mode != "online":
                raise
            mode = "offline"
            self._write_in(log, job_type, mode, fill)
        note = self._note(log)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(self._note_of(log, mode)) + "\n", encoding="utf-8")
        return mode

    def has(self, log: Log, mode: str) -> bool:
        """Whether the run was written in this mode with the same content."""
        try:
            note = json.loads(self._note(log).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return note == self._note_of(log, mode)

    def _write_in(
        self,
        log: Log,
        job_type: str,
        mode: str,
        fill: "Callable[[wandb.Run], None]",
    ) -> None:
        import wandb

        self.directory.mkdir(parents=True, exist_ok=True)
        # Two offline runs with one id would both be uploaded by `wandb sync`.
        for older in self.directory.glob(f"wandb/offline-run-*-{log.id}"):
            shutil.rmtree(older)
        with wandb.init(
            project=self.project,
            entity=self.entity,
            # The same id without `resume` replaces the run: a replay is idempotent.
            id=log.id,
            name=log.name,
            group=log.group,
            job_type=job_type,
            tags=list(self.tags),
            config=environment() | dict(log.config),
            dir=str(self.directory),
            mode=mode,  # type: ignore[arg-type]
            reinit="create_new",
            settings=wandb.Settings(
                console="off",
                silent=True,
                disable_git=True,
                disable_code=True,
                x_disable_stats=True,
                init_timeout=INIT_TIMEOUT_S,
            ),
        ) as run:
            fill(run)
            run.summary["digest"] = log.digest

    def _note(self, log: Log) -> Path:
        return self.directory / "wandb" / "mirrored" / f"{log.id}.json"

    def _note_of(self, log: Log, mode: str) -> dict[str, str | None]:
        return {
            "digest": log.digest,
            "entity": self.entity,
            "mode": mode,
            "project": self.project,
        }
