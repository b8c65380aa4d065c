"""The small models that ship inside the package, by name.

Their weights carry T5X's names, so that their configuration is inferred as T5X's is.
"""

from collections.abc import Mapping

from speccascade.checkpoints.assembly import assemble_model
from speccascade.checkpoints.checkpoint import Checkpoint
from speccascade.checkpoints.hashes import file_sha256
from speccascade.checkpoints.paths import PACKAGE_PREFIX, resolve
from speccascade.checkpoints.safetensors_io import SafetensorsFiles
from speccascade.checkpoints.sentencepiece_vocabulary import SentencePieceVocabulary
from speccascade.checkpoints.t5x_tree import plan
from speccascade.errors import UserError

SUFFIX = ".safetensors"


def read(name: str, dtype: str, overrides: Mapping[str, object]) -> Checkpoint:
    """Reads a model that ships; `checkpoints.load` calls it for `mini:NAME`.

    Args:
      name: such as `ende_docs_target`.
      dtype: in which the model computes.
      overrides: fields of `T5Config` that are given instead of inferred.

    Raises:
      UserError: there is no such model, or its file is damaged.
    """
    known = sorted(path.stem for path in resolve(PACKAGE_PREFIX).glob(f"*{SUFFIX}"))
    if name not in known:
        raise UserError(
            f"No model {name!r} ships with speccascade; there are {', '.join(known)}."
        )
    path = resolve(f"{PACKAGE_PREFIX}{name}{SUFFIX}")
    source = SafetensorsFiles([path])
    found = plan(source.shapes(), str(path), dtype, overrides)
    return Checkpoint(
        model=found.model,
        params=assemble_model(source, found, str(path)),
        vocabulary=SentencePieceVocabulary(
            resolve(f"{PACKAGE_PREFIX}vocabulary.model")
        ),
        sha256=file_sha256(path),
    )
