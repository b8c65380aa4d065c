"""What loading gives, whatever the file was."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.models import Params, Trainable


def _none() -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A model that is ready to score, train or export.

    Attributes:
      model: its shape and its functions.
      params: float32, in the layout that is trained and stored (not `for_decoding`).
      sha256: hexadecimal, of every file that was read; see `checkpoints.hashes`.
      read_vocabulary: reads what `vocabulary` is.
      trained_with: sha256 of the vocabulary that it belongs to, where the files say it.
      closed_prompts: of a decoder, whether it learnt to answer after its prompt's end
        token, as a T5 does; else it goes on with the prompt.
    """

    model: Trainable
    params: Params
    sha256: str
    read_vocabulary: Callable[[], Vocabulary | None] = _none
    trained_with: str | None = None
    closed_prompts: bool = False

    @functools.cached_property
    def vocabulary(self) -> Vocabulary | None:
        """The vocabulary of the model, where its files bring one.

        It is read when it is asked for: scores of given ids need none.

        Raises:
          UserError: it is damaged, of a kind that is not known, or needs a package that
            is not installed.
        """
        return self.read_vocabulary()
