"""The small models that ship inside the package, and weights files of one's own.

    mini:ende_docs_target              a model that ships, by its name
    mini:results/.../tiny.safetensors  what `speccascade train` wrote

A file says in its header what model it holds. The T5s that ship were written before
files did: their tensors have T5X's names, and the rest is inferred as T5X's is.
"""

from collections.abc import Mapping
from pathlib import Path

from speccascade.checkpoints import own_weights
from speccascade.checkpoints.assembly import assemble_model
from speccascade.checkpoints.checkpoint import Checkpoint
from speccascade.checkpoints.hashes import file_sha256
from speccascade.checkpoints.paths import PACKAGE_PREFIX, resolve
from speccascade.checkpoints.safetensors_io import SafetensorsFiles, read_metadata
from speccascade.checkpoints.sentencepiece_vocabulary import SentencePieceVocabulary
from speccascade.checkpoints.t5x_tree import plan
from speccascade.errors import UserError

SUFFIX = ".safetensors"
VOCABULARY = f"{PACKAGE_PREFIX}vocabulary.model"


def read(name: str, dtype: str, overrides: Mapping[str, object]) -> Checkpoint:
    """Reads a model that ships; `checkpoints.load` calls it for `mini:NAME`.

    Args:
      name: such as `ende_docs_target`, or the path of a safetensors file.
      dtype: in which the model computes.
      overrides: fields of its configuration that are given instead.

    Raises:
      UserError: there is no such model, or its file is damaged.
    """
    path = resolve(name) if name.endswith(SUFFIX) else _shipped(name)
    said = read_metadata(path)
    trained_with = said.get("vocabulary_sha256")
    if "config" in said:
        model, params = own_weights.read_model(path, said, dtype, overrides)
    else:
        source = SafetensorsFiles([path])
        found = plan(source.shapes(), str(path), dtype, overrides)
        model, params = found.model, assemble_model(source, found, str(path))
    return Checkpoint(
        model=model,
        params=params,
        sha256=file_sha256(path),
        read_vocabulary=lambda: _vocabulary(trained_with),
        trained_with=trained_with,
        closed_prompts=said.get("prompts") == own_weights.CLOSED,
    )


def _vocabulary(trained_with: str | None) -> SentencePieceVocabulary | None:
    shipped = SentencePieceVocabulary(resolve(VOCABULARY))
    return shipped if shipped.sha256 == trained_with else None


def _shipped(name: str) -> Path:
    known = sorted(path.stem for path in resolve(PACKAGE_PREFIX).glob(f"*{SUFFIX}"))
    if name not in known:
        raise UserError(
            f"No model {name!r} ships with speccascade; there are {', '.join(known)}."
        )
    return resolve(f"{PACKAGE_PREFIX}{name}{SUFFIX}")
