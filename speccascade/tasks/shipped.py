"""Evaluation data that come with the project: `data/TASK.SPLIT.jsonl`."""

import importlib.resources
import json
from pathlib import Path
from typing import Any

from speccascade.errors import UserError


def shipped_file(task: str, split: str) -> Path:
    """The file of a task's split inside the installed package."""
    data = importlib.resources.files("speccascade") / "data"
    return Path(str(data / f"{task}.{split}.jsonl"))


def shipped_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of such a file; raises UserError where it is missing."""
    try:
        # Not splitlines(): some text separators that it cuts at may stand in text.
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except OSError as error:
        raise UserError(f"{path} is missing: install speccascade again.") from error
