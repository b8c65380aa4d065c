"""Text to token ids and back, through a SentencePiece model."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import jax.numpy as jnp
import sentencepiece
from jaxtyping import Array, Bool

from speccascade.errors import UserError


class Vocabulary:
    r"""A SentencePiece vocabulary.

    Decoding undoes encoding exactly: spaces are kept (leading, trailing and repeated
    ones too), newlines and tabs are pieces of their own, and what has no piece is spelt
    in bytes. SentencePiece puts one space before the text and takes it away again. The
    one exception is the character U+2581, with which it writes spaces: it comes back as
    a space.

    Example:
      encode("a\tb") -> ids of the pieces "▁a", "\t", "b", then EOS

    Attributes:
      path: the file that holds the model.
      model: the SentencePiece model itself.
      sha256: of the model, in hexadecimal; with BOS before texts another one.
    """

    def __init__(
        self, path: str | Path, *, model: bytes | None = None, adds_bos: bool = False
    ) -> None:
        """Reads the model file.

        Args:
          path: the SentencePiece model.
          model: its content, where it is part of the file `path` in another form.
          adds_bos: whether texts begin with a token of their own, as Gemma's do.

        Raises:
          UserError: the file cannot be read or is no SentencePiece model.
        """
        self.path = Path(path)
        try:
            model = self.path.read_bytes() if model is None else model
        except OSError as error:
            raise UserError(
                f"The vocabulary {self.path} cannot be read: {error.strerror}."
            ) from error
        self.model = model
        start = b"bos" if adds_bos else b""
        self.sha256 = hashlib.sha256(model + start).hexdigest()
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise UserError(f"{self.path} is not a SentencePiece model.") from error
        self._start = [self._processor.bos_id()] if adds_bos else []

    @property
    def size(self) -> int:
        """Number of pieces; ids are 0..size - 1."""
        return self._processor.GetPieceSize()

    @property
    def pad_id(self) -> int:
        """The id of padding, or -1 where the model has none."""
        return self._processor.pad_id()

    @property
    def bos_id(self) -> int:
        """The id that begins a text that is to be continued, or -1."""
        return self._processor.bos_id()

    @property
    def eos_id(self) -> int:
        """The id that ends every text."""
        return self._processor.eos_id()

    def piece(self, number: int) -> str:
        """The text of one id as the model has it, spaces as U+2581."""
        return self._processor.IdToPiece(number)

    def first_difference(self, other: "Vocabulary") -> str | None:
        """Where another vocabulary first differs, in words; None if it does not."""
        for number in range(min(self.size, other.size)):
            pieces = self.piece(number), other.piece(number)
            if pieces[0] != pieces[1]:
                return f"id {number} is {pieces[0]!r} here and {pieces[1]!r} there"
        if self.size != other.size:
            return f"it has {self.size} pieces instead of {other.size}"
        return None

    def mask(self, width: int) -> Bool[Array, " V"] | None:
        """bool[V], True at ids that have a piece; None where all V = `width` do.

        The hard mask of the engine: what it leaves out is never written.
        """
        return None if self.size >= width else jnp.arange(width) < self.size

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`, EOS appended; after BOS where texts begin with it."""
        return [*self._start, *self._processor.EncodeAsIds(text), self.eos_id]

    def encode_open(self, text: str) -> list[int]:
        """Token ids of a text that is to be continued: BOS first, if there is one."""
        begin = [self.bos_id] if self.bos_id >= 0 else []
        return [*begin, *self._processor.EncodeAsIds(text)]

    def containing(self, text: str, width: int) -> Bool[Array, " V"]:
        """bool[V], True at ids of the `width` = V logits whose text contains `text`.

        A piece that is one byte of it counts where `text` is that byte.
        """
        byte = f"<0x{ord(text):02X}>" if len(text) == 1 and text.isascii() else None
        named = map(self.piece, range(self.size))
        pieces = [piece.replace("\u2581", " ") for piece in named]
        found = [text in piece or piece == byte for piece in pieces]
        return jnp.array(found + [False] * (width - self.size))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids` up to the first EOS.

        Padding is skipped, and so are ids that have no piece: a model may have more
        logits than the vocabulary has pieces. Bytes that are no UTF-8 give U+FFFD.
        """
        pieces: list[int] = []
        for token in map(int, ids):
            if token == self.eos_id:
                break
            if token != self.pad_id and 0 <= token < self.size:
                pieces.append(token)
        return self._processor.DecodeIds(pieces)
