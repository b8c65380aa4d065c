"""What a path in a configuration means."""

import importlib.resources
from pathlib import Path

PACKAGE_PREFIX = "package:"


def resolve(path: str) -> Path:
    """The file that `path` means: `package:NAME` is NAME inside `speccascade/data`."""
    if path.startswith(PACKAGE_PREFIX):
        data = importlib.resources.files("speccascade") / "data"
        # Installed packages are plain folders: JAX does not run from a zip archive.
        return Path(str(data)) / path.removeprefix(PACKAGE_PREFIX)
    return Path(path).expanduser()
