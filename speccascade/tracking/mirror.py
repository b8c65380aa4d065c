"""Writing curves to Weights & Biases, in whatever mode the machine allows.

Nothing here may stop a sweep: results are on disk before a mirror is asked, and a
failure becomes a sentence in the log. wandb is imported when a curve is written.
"""

import dataclasses
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from speccascade.errors import UserError
from speccascade.store.summary import summary_text
from speccascade.tracking.curve_log import CurveLog, curve_logs

# wandb reports its own errors and timings to its maker, offline runs included, unless
# the user has asked for it. A mirror that is offline must not reach for the network.
os.environ.setdefault("WANDB_ERROR_REPORTING", "false")


MODES = ("online", "offline", "disabled")
# A cluster node without a network should notice quickly; then it goes offline.
INIT_TIMEOUT_S = 30.0
# Gives what is shown, in the form of summary.json; called only if it is needed.
Summary = Callable[[], Mapping[str, Any]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoMirror:
    """`logger=none`: nothing is mirrored, and wandb is never imported."""

    def mirror(
        self, directory: Path, *, group: str, summary: Summary | None = None
    ) -> str:
        """Does nothing and has nothing to say."""
        return ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WandbMirror:
    """`logger=wandb`: one run a curve.

    Attributes:
        project, entity: of W&B; entity None is the user's default.
        mode: "online", "offline" or "disabled"; None: what WANDB_MODE says, else
            online if a key is known, else offline.
        directory: wandb's files go to the folder `wandb` in here.
        tags: put on every run.
    """

    directory: str
    project: str = "speccascade"
    entity: str | None = None
    mode: str | None = None
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.mode is not None and self.mode not in MODES:
            raise UserError(
                f"logger.mode must be one of {', '.join(MODES)} or null, not "
                f"{self.mode!r}."
            )

    def mirror(
        self, directory: Path, *, group: str, summary: Summary | None = None
    ) -> str:
        """Mirrors every curve of a run directory that is not mirrored yet.

        Args:
            directory: the run directory.
            group: the experiment.
            summary: of what the experiment asked for; None takes summary.json, that
                is all that was ever asked of this run directory.

        Returns:
            A sentence on what was done, or on what went wrong; never raises.
        """
        try:
            return self._mirror(Path(directory), group, summary)
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            return (
                f"not mirrored to W&B ({reason}); the results are safe, and "
                "`speccascade sync` tries again"
            )

    def _mirror(self, directory: Path, group: str, summary: Summary | None) -> str:
        mode = self._mode()
        if mode == "disabled":
            return "W&B is disabled"
        path = directory / "summary.json"
        if summary is not None:
            # Infinities become texts, as they are in the file.
            found = json.loads(summary_text(summary()))
        elif path.is_file():
            found = json.loads(path.read_text(encoding="utf-8"))
        else:
            return "nothing to mirror to W&B yet: there is no summary"
        logs = curve_logs(found, directory, group)
        written = [log for log in logs if not self._is_mirrored(log, mode)]
        for log in written:
            mode = self._write(log, mode)
            self._mark(log, mode)
        if not written:
            return f"W&B ({mode}) already has this curve"
        ids = ", ".join(log.id for log in written)
        return f"mirrored to W&B ({mode}) as {ids}"

    def _mode(self) -> str:
        asked = self.mode or os.environ.get("WANDB_MODE")
        if asked:
            return {"dryrun": "offline", "run": "online"}.get(asked, asked)
        import wandb

        return "online" if wandb.login(prompt=False, verify=False) else "offline"

    def _write(self, log: CurveLog, mode: str) -> str:
        """Writes one run; falls back to offline. Returns the mode it was written in."""
        import wandb

        try:
            self._write_in(log, mode)
        except wandb.Error:
            if mode != "online":
                raise
            self._write_in(log, "offline")
            return "offline"
        return mode

    def _write_in(self, log: CurveLog, mode: str) -> None:
        import wandb

        folder = Path(self.directory)
        folder.mkdir(parents=True, exist_ok=True)
        with wandb.init(
            project=self.project,
            entity=self.entity,
            # The same id without `resume` replaces the run: a replay is idempotent.
            id=log.id,
            name=log.name,
            group=log.group,
            job_type="curve",
            tags=list(self.tags),
            config=dict(log.config),
            dir=str(folder),
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
            run.define_metric("alpha", hidden=True)
            for name in sorted({name for step in log.steps for name in step}):
                if "/" in name:
                    run.define_metric(name, step_metric="alpha", summary="none")
            for step in log.steps:
                run.log(dict(step))
            table = wandb.Table(columns=list(log.columns), data=_cells(log.rows))
            run.log({"points": table})
            run.summary.update({**log.summary, "digest": log.digest})

    def _marker(self, log: CurveLog) -> Path:
        return Path(self.directory) / "wandb" / "mirrored" / f"{log.id}.json"

    def _is_mirrored(self, log: CurveLog, mode: str) -> bool:
        try:
            marker = json.loads(self._marker(log).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return marker == self._mark_of(log, mode)

    def _mark(self, log: CurveLog, mode: str) -> None:
        path = self._marker(log)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self._mark_of(log, mode)) + "\n", encoding="utf-8")

    def _mark_of(self, log: CurveLog, mode: str) -> dict[str, str | None]:
        return {
            "digest": log.digest,
            "entity": self.entity,
            "mode": mode,
            "project": self.project,
        }


def _cells(rows: Any) -> list[list[Any]]:
    return [list(row) for row in rows]
