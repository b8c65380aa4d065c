"""Vocabularies that are models of SentencePiece."""

from pathlib import Path

import sentencepiece

from speccascade.checkpoints.vocabulary import (
    Vocabulary,
    read_model,
    spelt_by_sentencepiece,
)
from speccascade.errors import UserError


class SentencePieceVocabulary(Vocabulary):
    r"""A SentencePiece vocabulary.

    Decoding undoes encoding exactly: spaces are kept (leading, trailing and repeated
    ones too), newlines and tabs are pieces of their own, and what has no piece is spelt
    in bytes. SentencePiece puts one space before the text and takes it away again. The
    one exception is the character U+2581, with which it writes spaces: it comes back as
    a space.

    Example:
      encode("a\tb") -> ids of the pieces "▁a", "\t", "b", then EOS
    """

    def __init__(
        self,
        path: str | Path,
        *,
        model: bytes | None = None,
        adds_bos: bool = False,
        template: str | None = None,
    ) -> None:
        """Reads the model file.

        Args:
          path: the SentencePiece model.
          model: its content, where it is part of the file `path` in another form.
          adds_bos: whether texts begin with a token of their own, as Gemma's do.
          template: the chat template, if there is one.

        Raises:
          UserError: the file cannot be read or is no SentencePiece model.
        """
        path = Path(path)
        model = read_model(path) if model is None else model
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise UserError(f"{path} is not a SentencePiece model.") from error
        super().__init__(
            path,
            model,
            bos_id=self.bos_id,
            adds_bos=adds_bos,
            settings=b"bos" if adds_bos else b"",
            template=template,
        )

    @property
    def size(self) -> int:
        return self._processor.GetPieceSize()

    @property
    def pad_id(self) -> int:
        return self._processor.pad_id()

    @property
    def bos_id(self) -> int:
        return self._processor.bos_id()

    @property
    def eos_id(self) -> int:
        return self._processor.eos_id()

    def piece(self, number: int) -> str:
        return self._processor.IdToPiece(number)

    def spelt(self, number: int) -> bytes:
        if self._processor.IsControl(number):
            return b""
        return spelt_by_sentencepiece(self.piece(number))

    def encode_alone(self, text: str) -> list[int]:
        return self._processor.EncodeAsIds(text)

    def _decode(self, ids: list[int]) -> str:
        return self._processor.DecodeIds(ids)
