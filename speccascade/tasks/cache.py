"""Tokenised evaluation data on disk, so that only the first start needs TensorFlow.

One JSON-lines file a (task, split, source file, vocabulary, recipe):

    {"examples": 2, "key": "5f…", "sha256": "9a…"}
    {"id": 0, "reference": "…", "source": "…", "tokens": [52, 7, 1]}
    {"id": 1, "reference": "…", "source": "…", "tokens": [9, 310, 1]}

The key is in the file's name: other data, another vocabulary or another recipe is
another file. The first line holds the SHA-256 of the rest; a file that does not match
it (cut short, edited) counts as absent and is written anew.
"""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from speccascade.errors import UserError
from speccascade.files import replace

# Raised when the meaning of the lines changes.
FORMAT_VERSION = 2


class Encoded(NamedTuple):
    """One cached example; `tokens` are prompt ids with EOS."""

    id: int
    source: str
    reference: str
    tokens: list[int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenCache:
    """The cache file of one split under one vocabulary and recipe.

    Attributes:
      folder: where cache files lie; made at the first write.
      name: start of the file's name, for people.
      source: file of the texts; its content enters the key.
      beside: other files of them; theirs does too.
      vocabulary_sha256: of the vocabulary file.
      recipe: plain JSON values; how texts become prompts.
    """

    folder: Path
    name: str
    source: Path
    vocabulary_sha256: str
    recipe: Mapping[str, object]
    beside: tuple[Path, ...] = ()

    @functools.cached_property
    def key(self) -> str:
        """SHA-256 of everything that the tokens depend on."""
        identity = {
            "format": FORMAT_VERSION,
            "source": _sha256(self.source),
            "vocabulary": self.vocabulary_sha256,
            "recipe": dict(self.recipe),
        }
        if self.beside:
            identity["beside"] = [_sha256(path) for path in self.beside]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()

    @property
    def path(self) -> Path:
        """The cache file."""
        return self.folder / f"{self.name}.{self.key[:12]}.jsonl"

    def read(self) -> list[Encoded] | None:
        """The cached examples, or None where they are absent or damaged."""
        try:
            header, _, body = self.path.read_bytes().partition(b"\n")
            if json.loads(header) != self._header(body):
                return None
            return [Encoded(**json.loads(line)) for line in body.splitlines()]
        except (OSError, ValueError, TypeError):
            return None

    def write(self, examples: Sequence[Encoded]) -> None:
        """Replaces the cache file in one step: readers see the old or the new one.

        Raises:
          UserError: the folder cannot be written to.
        """
        lines = (
            json.dumps(one._asdict(), ensure_ascii=False, sort_keys=True) + "\n"
            for one in examples
        )
        body = "".join(lines).encode()
        header = json.dumps(self._header(body), sort_keys=True).encode()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace(self.path, header + b"\n" + body)
        except OSError as error:
            raise UserError(
                f"The cache folder {self.folder} cannot be written to "
                f"({error.strerror}): set paths.cache to one that can."
            ) from error

    def _header(self, body: bytes) -> dict[str, object]:
        return {
            "key": self.key,
            "examples": body.count(b"\n"),
            "sha256": hashlib.sha256(body).hexdigest(),
        }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
