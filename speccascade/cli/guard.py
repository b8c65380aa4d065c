"""From an exception to what the person at the terminal reads, and the exit status.

2 and one sentence for what the user can mend; 130 and one line for Ctrl-C; 1 and a
traceback for a defect of speccascade.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterator

from speccascade.errors import UserError

OK, DEFECT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

INTERRUPTED_LINE = (
    "Interrupted. What was finished is kept; the same command goes on from there."
)


def guarded(work: Callable[[], int]) -> int:
    """Runs `work`; what it raises becomes a message on stderr and an exit status."""
    try:
        return work()
    except KeyboardInterrupt:
        print(f"\n{INTERRUPTED_LINE}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has gone, as in `| head`: nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        sentence = explain(error)
        if sentence is None or os.environ.get("SPECCASCADE_TRACEBACK"):
            traceback.print_exc()
            return DEFECT if sentence is None else BAD_INPUT
        print(f"speccascade: {sentence}", file=sys.stderr)
        return BAD_INPUT


def explain(error: BaseException) -> str | None:
    """One sentence for what the user can mend, or None for a defect."""
    for cause in _chain(error):
        if isinstance(cause, UserError):
            return _one_line(str(cause))
    # Hydra is looked at only where it was used: importing it takes a third of a second.
    if "hydra.errors" in sys.modules or "omegaconf.errors" in sys.modules:
        from speccascade.cli import hydra_errors

        sentence = hydra_errors.explain(error)
        if sentence is not None:
            return sentence
    for cause in _chain(error):
        if isinstance(cause, OSError) and cause.filename is not None:
            return _one_line(
                f"Cannot use {cause.filename}: {cause.strerror}. Choose another place "
                "with paths.root=... or paths.cache=..., or make room there."
            )
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, what it was raised from, and so on."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def _one_line(text: str) -> str:
    return " ".join(text.split())
