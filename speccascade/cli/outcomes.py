"""How each job of a launch ended, across processes and launchers.

Hydra runs all jobs of a sweep but tells only of the first that failed. So a job never
fails towards Hydra: it writes `outcome.json` beside its log, and the parent reads those
of its own launch when the sweep is over.
"""

import contextlib
import dataclasses
import json
import logging
import os
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback

from speccascade.cli.config_type import Config
from speccascade.cli.guard import explain

# Launchers hand the environment on to their jobs.
LAUNCH_VARIABLE = "SPECCASCADE_LAUNCH"
FILE_NAME = "outcome.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one job ended.

    Attributes:
        job: its name, `<experiment>/<method>` or the training's.
        launch: id of the launch that it belongs to.
        number: its place in the sweep, from 0.
        error: None if it went well; else one sentence, or a traceback for a defect.
        defect: whether it is speccascade's fault rather than the input's.
    """

    job: str
    launch: str
    number: int = 0
    error: str | None = None
    defect: bool = False


@contextlib.contextmanager
def recorded(
    folder: str | Path, job: str, number: int, *, raises: bool = False
) -> Iterator[None]:
    """Writes how the block ended; its exception ends here, unless `raises`."""
    failure: Exception | None = None
    launch = os.environ.get(LAUNCH_VARIABLE, "")
    outcome = Outcome(job=job, launch=launch, number=number)
    try:
        yield
    except Exception as error:
        failure = error
        sentence = explain(error)
        logging.getLogger("speccascade").exception("the job failed")
        outcome = Outcome(
            job=job,
            launch=launch,
            number=number,
            error=sentence or "".join(traceback.format_exception(error)),
            defect=sentence is None,
        )
    path = Path(folder) / FILE_NAME
    path.write_text(json.dumps(dataclasses.asdict(outcome)) + "\n", encoding="utf-8")
    if raises and failure is not None:
        raise failure


def read(folder: str | Path) -> list[Outcome]:
    """The outcomes recorded in a folder and below it; torn ones are left out."""
    found = []
    for path in sorted(Path(folder).rglob(FILE_NAME)):
        with contextlib.suppress(ValueError, TypeError):
            found.append(Outcome(**json.loads(path.read_text(encoding="utf-8"))))
    return found


def failure_text(outcomes: Sequence[Outcome]) -> str:
    """What is said of the failed ones: one sentence each, equal ones once."""
    failed = sorted((one for one in outcomes if one.error), key=lambda one: one.number)
    reasons: dict[str, list[str]] = {}
    for outcome in failed:
        reasons.setdefault(outcome.error or "", []).append(outcome.job)
    if len(outcomes) == 1:
        return "\n".join(reasons)
    if len(failed) == len(outcomes) and len(reasons) == 1:
        return f"all {len(failed)} jobs failed: {failed[0].error}"
    lines = [
        f"{len(failed)} of {len(outcomes)} jobs failed; the same command tries them "
        "again and redoes nothing else."
    ]
    lines += [f"  {', '.join(jobs)}: {reason}" for reason, jobs in reasons.items()]
    return "\n".join(lines)


class Collector(Callback):
    """Hydra's callback that gathers the outcomes of this launch in the parent."""

    gathered: list[Outcome] = []  # noqa: RUF012 (Hydra makes the instance, we read it)

    def on_run_end(self, config: Config, **_: Any) -> None:
        self._gather(config.hydra.runtime.output_dir)

    def on_multirun_end(self, config: Config, **_: Any) -> None:
        self._gather(config.hydra.sweep.dir)

    def _gather(self, folder: str) -> None:
        launch = os.environ.get(LAUNCH_VARIABLE, "")
        Collector.gathered += [one for one in read(folder) if one.launch == launch]
