"""What loading gives, whatever the file was."""

from dataclasses import dataclass

from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.models import Params, Trainable


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A model that is ready to score, train or export.

    Attributes:
      model: its shape and its functions.
      params: float32, in the layout that is trained and stored (not `for_decoding`).
      vocabulary: of the model, where its files bring one.
      sha256: hexadecimal, of every file that was read; see `checkpoints.hashes`.
      trained_with: sha256 of the vocabulary that it belongs to, where the files say it.
    """

    model: Trainable
    params: Params
    vocabulary: Vocabulary | None
    sha256: str
    trained_with: str | None = None
