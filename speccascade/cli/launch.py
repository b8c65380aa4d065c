"""Hands a verb's words to Hydra, and says how the jobs ended."""

import logging
import os
import sys
import uuid
from collections.abc import Callable, Sequence

import hydra
from hydra.core.utils import env_override

from speccascade.cli import guard, schemas
from speccascade.cli.config_dir import config_directory
from speccascade.cli.config_type import Config
from speccascade.cli.outcomes import LAUNCH_VARIABLE, Collector, failure_text


def launch(
    verb: str,
    work: Callable[[Config], object],
    config_name: str,
    arguments: Sequence[str],
) -> int:
    """Runs `work` on every configuration that the words after the verb ask for.

    Args:
        verb: of the command, for help texts.
        work: one job; a function of a module, so that other processes can import it.
        config_name: the primary configuration.
        arguments: what follows the verb; Hydra's grammar.

    Returns:
        The exit status: not 0 if any job failed.
    """
    schemas.register()
    import_from_here()
    start = hydra.main(
        version_base="1.3",
        config_path=str(config_directory()),
        config_name=config_name,
    )(work)
    Collector.gathered = []
    # With HYDRA_FULL_ERROR Hydra raises instead of printing and leaving, and `guard`
    # words the errors.
    environment = {"HYDRA_FULL_ERROR": "1", LAUNCH_VARIABLE: uuid.uuid4().hex}
    words, sys.argv = sys.argv, [f"speccascade {verb}", *arguments]
    handlers = list(logging.root.handlers)
    try:
        with env_override(environment):
            start()
    finally:
        sys.argv = words
        for left in set(logging.root.handlers) - set(handlers):  # Hydra's
            left.close()
        logging.root.handlers[:] = handlers
    outcomes = Collector.gathered
    if not any(outcome.error for outcome in outcomes):
        return guard.OK
    print(f"speccascade: {failure_text(outcomes)}", file=sys.stderr)
    defect = any(outcome.defect for outcome in outcomes)
    return guard.DEFECT if defect else guard.BAD_INPUT


def import_from_here() -> None:
    """Lets `_target_` name a module of the current directory, as `python -m` does."""
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
