"""Where the YAML files are: in the installed package, or beside it in a checkout."""

from pathlib import Path

import speccascade
from speccascade.errors import UserError


def config_directory() -> Path:
    """The folder of the configuration groups.

    Raises:
        UserError: there is none, so the installation is broken.
    """
    package = Path(speccascade.__file__).parent
    for folder in (package / "configs", package.parent / "configs"):
        if (folder / "config.yaml").is_file():
            return folder
    raise UserError(
        f"The configuration files are missing from {package / 'configs'}; install "
        "speccascade again."
    )
