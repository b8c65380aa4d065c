"""What `logger=` names: a mirror of curves and figures in Weights & Biases, or none.

Nothing here may stop a sweep: results are on disk before a mirror is asked, and a
failure becomes a sentence in the log. wandb is imported when a run is written.
"""

import dataclasses
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speccascade.errors import UserError
from speccascade.store.summary import summary_text
from speccascade.tracking.runs import Runs

if TYPE_CHECKING:
    import wandb

    from speccascade.tracking.curve_log import CurveLog
    from speccascade.tracking.figure_log import FigureLog

MODES = ("online", "offline", "disabled")
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

    def mirror_figure(
        self,
        files: Sequence[Path],
        curves: Sequence[tuple[Path, Summary]],
        *,
        name: str,
        group: str,
        interactive: bool = True,
    ) -> str:
        """Does nothing and has nothing to say."""
        return ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WandbMirror:
    """`logger=wandb`: one run a curve, and one run a figure.

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
        return _said(lambda: self._mirror(Path(directory), group, summary))

    def mirror_figure(
        self,
        files: Sequence[Path],
        curves: Sequence[tuple[Path, Summary]],
        *,
        name: str,
        group: str,
        interactive: bool = True,
    ) -> str:
        """Mirrors a drawn figure, and before it the curves that it consumes.

        Args:
            files: of the figure, NAME.pdf, NAME.png and NAME.csv among them.
            curves: the run directory of each, and the summary of what it draws of it.
            name: the experiment, with the setting where it has several figures.
            group: the experiment.
            interactive: False where two panels have one name in the CSV.

        Returns:
            As `mirror`.
        """
        return _said(
            lambda: self._mirror_figure(files, curves, name, group, interactive)
        )

    def _mirror(self, directory: Path, group: str, summary: Summary | None) -> str:
        mode = self._mode()
        if mode == "disabled":
            return "W&B is disabled"
        logs = _curves(directory, group, summary)
        if not logs:
            return "nothing to mirror to W&B yet: there is no summary"
        written = [log for log in logs if not self._runs.has(log, mode)]
        for log in written:
            mode = self._write_curve(log, directory, mode)
        if not written:
            return f"W&B ({mode}) already has this curve"
        ids = ", ".join(log.id for log in written)
        return f"mirrored to W&B ({mode}) as {ids}"

    def _mirror_figure(
        self,
        files: Sequence[Path],
        curves: Sequence[tuple[Path, Summary]],
        name: str,
        group: str,
        interactive: bool,
    ) -> str:
        from speccascade.tracking.figure_log import figure_log

        mode = self._mode()
        if mode == "disabled":
            return "W&B is disabled"
        consumed: list[CurveLog] = []
        for directory, summary in curves:
            for log in _curves(directory, group, summary):
                if not self._runs.has(log, mode):
                    mode = self._write_curve(log, directory, mode)
                consumed.append(log)
        log = figure_log(
            files, consumed, name=name, group=group, interactive=interactive
        )
        if self._runs.has(log, mode):
            return f"{name}: W&B ({mode}) already has this figure"
        mode = self._runs.write(log, "figure", mode, lambda run: _log_figure(run, log))
        return f"{name}: figure mirrored to W&B ({mode}) as {log.id}"

    @property
    def _runs(self) -> Runs:
        return Runs(
            directory=Path(self.directory),
            project=self.project,
            entity=self.entity,
            tags=self.tags,
        )

    def _write_curve(self, log: "CurveLog", directory: Path, mode: str) -> str:
        return self._runs.write(
            log, "curve", mode, lambda run: _log_curve(run, log, directory)
        )

    def _mode(self) -> str:
        asked = self.mode or os.environ.get("WANDB_MODE")
        if asked:
            return {"dryrun": "offline", "run": "online"}.get(asked, asked)
        import wandb

        return "online" if wandb.login(prompt=False, verify=False) else "offline"


def _said(work: Callable[[], str]) -> str:
    """What `work` says, or what went wrong with it."""
    try:
        return work()
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return (
            f"not mirrored to W&B ({reason}); the results are safe, and "
            "`speccascade sync` tries again"
        )


def _curves(directory: Path, group: str, summary: Summary | None) -> "list[CurveLog]":
    # It looks at the figures' styles, and these import Matplotlib.
    from speccascade.tracking.curve_log import curve_logs

    path = directory / "summary.json"
    if summary is not None:
        # Infinities become texts, as they are in the file.
        found = json.loads(summary_text(summary()))
    elif path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
    else:
        return []
    return curve_logs(found, directory, group)


def _log_curve(run: "wandb.Run", log: "CurveLog", directory: Path) -> None:
    import wandb

    run.define_metric("alpha", hidden=True)
    for name in sorted({name for step in log.steps for name in step}):
        if "/" in name:
            # Without `step_sync=False` wandb makes up an alpha for infinite thresholds:
            # that of the step before, or 0.
            run.define_metric(
                name, step_metric="alpha", step_sync=False, summary="none"
            )
    for step in log.steps:
        run.log(dict(step))
    table = wandb.Table(columns=list(log.columns), data=_cells(log.rows))
    run.log({"points": table})
    run.summary.update(dict(log.summary))
    artifact = wandb.Artifact(
        log.artifact, "curve", metadata={"name": log.name, "digest": log.digest}
    )
    artifact.add(
        wandb.Table(columns=list(log.columns), data=_cells(log.rows)), "points"
    )
    with artifact.new_file("summary.json", encoding="utf-8") as file:
        file.write(summary_text(log.source))
    config = directory / "config.yaml"
    if config.is_file():
        artifact.add_file(str(config))
    run.log_artifact(artifact, aliases=["latest", log.digest])


def _log_figure(run: "wandb.Run", log: "FigureLog") -> None:
    import wandb

    from speccascade.tracking.scatter import scatters

    # Offline, wandb refuses to say what a run consumes; `config.curves` says it.
    if not run.offline:
        for curve in log.curves:
            run.use_artifact(f"{curve.artifact}:{curve.digest}", type="curve")
    shown: dict[str, Any] = {
        "figure": wandb.Image(str(log.picture)),
        "drawn": wandb.Table(columns=list(log.columns), data=_cells(log.rows)),
    }
    if log.interactive:
        for panel, chart in scatters(log.columns, log.rows).items():
            shown[f"scatter/{panel.replace(' ', '_')}"] = wandb.Plotly(chart)
    run.log(shown)
    run.summary["num_curves"] = len(log.curves)
    artifact = wandb.Artifact(log.artifact, "figure", metadata={"digest": log.digest})
    for file in log.files:
        artifact.add_file(str(file))
    run.log_artifact(artifact, aliases=["latest", log.digest])


def _cells(rows: Any) -> list[list[Any]]:
    return [list(row) for row in rows]
