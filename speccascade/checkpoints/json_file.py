"""JSON objects in files that others wrote."""

import json
from pathlib import Path
from typing import Any

from speccascade.errors import UserError


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
      UserError: the file cannot be read or holds no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no JSON object.")
    return content
