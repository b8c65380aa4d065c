"""Progress: a live bar on a terminal, a plain line every few seconds elsewhere.

Every line also goes to the job's log file. Under a launcher that runs several jobs at
once, bars of several processes would overwrite one another, so plain lines it is.
"""

import logging
import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

# Slurm logs and CI stay readable, and nobody waits long for a sign of life.
SECONDS_BETWEEN_LINES = 10.0
_log = logging.getLogger("speccascade")


class ConsoleReporter:
    """A `jobs.spec.Reporter`; a context manager, so that the bar is taken down."""

    def __init__(
        self,
        label: str,
        *,
        live: bool | None = None,
        seconds: float = SECONDS_BETWEEN_LINES,
    ) -> None:
        """A reporter to stderr.

        Args:
            label: put before every line, as "demo".
            live: whether to draw a bar; by default, whether stderr is a terminal.
            seconds: least time between two plain lines of progress.
        """
        self._label = label
        # Not stdout, which holds results.
        self._stream = sys.stderr
        self._seconds = seconds
        self._last = float("-inf")
        self._bars: dict[str, TaskID] = {}
        self._progress: Progress | None = None
        if self._stream.isatty() if live is None else live:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(file=self._stream),
                transient=True,
            )

    def __enter__(self) -> "ConsoleReporter":
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def line(self, text: str) -> None:
        """Says `text` once, on the screen and in the log."""
        text = f"{self._label}: {text}"
        _log.info(text)
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self._stream, flush=True)

    def progress(self, done: int, total: int, what: str) -> None:
        """Moves the bar of `what`, or says so if the last plain line is long past."""
        if self._progress is not None:
            if what not in self._bars:
                description = f"{self._label} {what}"
                self._bars[what] = self._progress.add_task(description, total=total)
            self._progress.update(self._bars[what], completed=done, total=total)
            return
        now = time.monotonic()
        if done >= total or now - self._last >= self._seconds:
            self._last = now
            self.line(f"{what} {done}/{total}")
