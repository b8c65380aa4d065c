"""Gemma's own checkpoints: a folder that Orbax wrote, of Google's library `gemma`.

    gemma3-270m-pt/
      manifest.ocdbt, ocdbt.process_0/     all arrays, in one database
      _METADATA                            names and types; not needed

Read with TensorStore alone. What the tree in it looks like is in
`checkpoints.gemma_tree`. Layout: https://github.com/google-deepmind/gemma, `gm.ckpts`.
"""

from collections.abc import Mapping
from pathlib import Path

from speccascade.checkpoints.assembly import assemble_model
from speccascade.checkpoints.checkpoint import Checkpoint
from speccascade.checkpoints.gemma_tree import plan
from speccascade.checkpoints.hashes import folder_sha256
from speccascade.checkpoints.orbax_arrays import OrbaxArrays
from speccascade.checkpoints.sentencepiece_vocabulary import SentencePieceVocabulary
from speccascade.errors import UserError

VOCABULARY = "tokenizer.model"


def read(path: str, dtype: str, overrides: Mapping[str, object]) -> Checkpoint:
    """Reads a folder of Orbax; `checkpoints.load` calls it for `orbax:PATH`.

    Args:
      path: of the folder; a `tokenizer.model` in it or beside it is the vocabulary.
      dtype: in which the model computes.
      overrides: fields of `GemmaConfig` that are given instead of inferred.

    Raises:
      UserError: the folder is not there or damaged, or holds no Gemma.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder.")
    source = OrbaxArrays(folder)
    found = plan(source.shapes(), str(folder), dtype, overrides)
    return Checkpoint(
        model=found.model,
        params=assemble_model(source, found, str(folder)),
        sha256=folder_sha256(folder, source.files()),
        read_vocabulary=lambda: _vocabulary(folder),
    )


def _vocabulary(folder: Path) -> SentencePieceVocabulary | None:
    for place in (folder / VOCABULARY, folder.absolute().parent / VOCABULARY):
        if place.is_file():
            return SentencePieceVocabulary(place, adds_bos=True)
    return None
