"""Debian packages: fetched with apt-get, unpacked with dpkg-deb, read in memory.

Nothing on the system is changed and no root is needed: the package index goes to a
folder of its own, and packages are downloaded, not installed.
"""

import io
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from speccascade.errors import UserError


def _run(command: list[str], folder: Path) -> None:
    if shutil.which(command[0]) is None:
        raise UserError(
            f"The corpus is rebuilt with {command[0]}, which is not here: run the "
            "rebuild on Debian 12 (bookworm)."
        )
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise UserError(f"{' '.join(command[:2])} failed: {lines[-1]}")


class Packages:
    """A folder of downloaded packages, and the package index in `lists/` beside them.

    What is there is not fetched again, so an interrupted rebuild goes on.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.lists = self.folder / "lists"
        self.folder.mkdir(parents=True, exist_ok=True)

    def index(self) -> Path:
        """Folder of the package index, with English and German descriptions."""
        if not list(self.lists.glob("*_i18n_Translation-de")):
            (self.lists / "partial").mkdir(parents=True, exist_ok=True)
            self._apt("update")
        return self.lists

    def package(self, name: str) -> Path:
        """The .deb file of a package."""
        found = sorted(self.folder.glob(f"{name}_*.deb"))
        if not found:
            self.index()
            self._apt("download", name)
            found = sorted(self.folder.glob(f"{name}_*.deb"))
        if not found:
            raise UserError(f"apt-get download left no package {name} behind.")
        return found[-1]

    def files(
        self, name: str, wanted: Callable[[str], bool]
    ) -> Iterator[tuple[str, bytes]]:
        """(path, content) of a package's wanted files, in the order of the package.

        Links are left out: their content comes under its own name.
        """
        package = self.package(name)
        command = ["dpkg-deb", "--fsys-tarfile", str(package)]
        done = subprocess.run(command, capture_output=True)
        if done.returncode != 0:
            raise UserError(f"{package} cannot be unpacked: delete it and start again.")
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            for member in archive:
                path = member.name.removeprefix("./")
                if member.isfile() and wanted(path):
                    content = archive.extractfile(member)
                    assert content is not None  # a regular file has content
                    yield path, content.read()

    def _apt(self, *verb: str) -> None:
        settings = {
            "Dir::State::Lists": self.lists,
            "Dir::Cache": self.folder / "cache",
            "Acquire::Languages": "en,de",
            "Acquire::GzipIndexes": "false",
        }
        (self.folder / "cache" / "archives" / "partial").mkdir(
            parents=True, exist_ok=True
        )
        options = [f"-o{name}={value}" for name, value in settings.items()]
        _run(["apt-get", *verb, *options], self.folder)
