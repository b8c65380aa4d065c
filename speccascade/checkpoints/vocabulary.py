"""Text to token ids and back: what every vocabulary does.

    sentencepiece_vocabulary    models of SentencePiece
    tokenizers_vocabulary       tokenizer.json, through the package `tokenizers`

What differs between them is how text is cut into pieces and put together again; what is
the same is here.
"""

import abc
import functools
import hashlib
import itertools
import re
from collections.abc import Iterable
from pathlib import Path

import jax.numpy as jnp
from jaxtyping import Array, Bool

from speccascade.checkpoints.chat_template import ChatTemplate
from speccascade.errors import UserError

# Put into what looks like a special token in a user's words while a template is
# rendered, so that only those that the template writes are found. Unicode keeps this
# character for such uses: it is in no text.
_HIDDEN = "\ufdd0"


class Vocabulary(abc.ABC):
    r"""A vocabulary: pieces with ids, and the rule that cuts text into them.

    Example:
      encode("a\tb") -> ids of the pieces of "a\tb", then EOS

    Attributes:
      path: the file that holds the model.
      model: the model itself, as the package behind it reads it.
      sha256: of the model, in hexadecimal; with `settings` another one.
    """

    def __init__(
        self,
        path: Path,
        model: bytes,
        *,
        bos_id: int,
        adds_bos: bool,
        settings: bytes,
        template: str | None,
    ) -> None:
        """Keeps what all have.

        Args:
          path: the file that holds the model.
          model: the model itself.
          bos_id: the token that begins texts, or -1.
          adds_bos: whether every text begins with it.
          settings: what ids depend on beside the model.
          template: the chat template, if there is one.
        """
        self.path = path
        self.model = model
        self.sha256 = hashlib.sha256(model + settings).hexdigest()
        self._start = [bos_id] if adds_bos else []
        self._template = None
        if template is not None:
            bos, eos = (
                self.piece(number) if number >= 0 else ""
                for number in (bos_id, self.eos_id)
            )
            self._template = ChatTemplate(text=template, bos=bos, eos=eos, path=path)

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """Number of pieces; ids are 0..size - 1."""

    @property
    @abc.abstractmethod
    def pad_id(self) -> int:
        """The id of padding, or -1 where the model has none."""

    @property
    @abc.abstractmethod
    def bos_id(self) -> int:
        """The id that begins a text that is to be continued, or -1."""

    @property
    @abc.abstractmethod
    def eos_id(self) -> int:
        """The id that ends every text."""

    @abc.abstractmethod
    def piece(self, number: int) -> str:
        """The text of one id as the model has it, in its own spelling of spaces."""

    @abc.abstractmethod
    def spelt(self, number: int) -> bytes:
        """The bytes that one id writes: parts of characters too, none for EOS."""

    @abc.abstractmethod
    def encode_alone(self, text: str) -> list[int]:
        """Token ids of `text` and nothing else, neither BOS nor EOS."""

    @abc.abstractmethod
    def _decode(self, ids: list[int]) -> str:
        """The text of ids that all have a piece, none of them EOS or padding."""

    def first_difference(self, other: "Vocabulary") -> str | None:
        """Where another vocabulary first differs, in words; None if it does not.

        Pieces are compared as the models have them, so a SentencePiece model and a
        tokenizer.json that was made from it are one vocabulary.
        """
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
        return [*self._start, *self.encode_alone(text), self.eos_id]

    def encode_open(self, text: str) -> list[int]:
        """Token ids of a text that is to be continued: BOS first, if there is one."""
        begin = [self.bos_id] if self.bos_id >= 0 else []
        return [*begin, *self.encode_alone(text)]

    @property
    def chat_template(self) -> ChatTemplate:
        """How a conversation is written.

        Raises:
          UserError: the checkpoint brings no template.
        """
        if self._template is None:
            raise UserError(
                f"No chat template comes with the vocabulary {self.path}: ask without "
                "one (pair.form=few_shot, or generate without --chat)."
            )
        return self._template

    def encode_chat(self, text: str) -> list[int]:
        """Token ids of `text` as a user's turn, the model's turn opened after it.

        Special tokens that the template writes are those tokens; in `text` they are
        cut into pieces, as in every text. BOS comes first, and once, where the template
        writes it or every text begins with it.

        Raises:
          UserError: there is no template, or it is wrong.
        """
        hidden = self._marks.sub(lambda found: _HIDDEN.join(found[0]), text)
        ids = self._encode_marked(self.chat_template.prompt(hidden))
        begins = ids[: len(self._start)] == self._start
        return ids if begins else [*self._start, *ids]

    @functools.cached_property
    def turn_end_id(self) -> int:
        """The id that ends the model's turn, or -1 where only EOS does.

        It is what the template writes after the model's words: a special token, or else
        a piece that is the whole of what stands there.

        Raises:
          UserError: there is no template, or it is wrong.
        """
        end = self.chat_template.turn_end
        whole = end.strip().encode()
        for number in self._encode_marked(end):
            if self.spelt(number) in (b"", whole):
                return number
        return -1

    def turn_ends(self, width: int) -> Bool[Array, " V"]:
        """bool[V], True at `turn_end_id` among the `width` = V logits."""
        return jnp.arange(width) == self.turn_end_id

    @functools.cached_property
    def _special(self) -> dict[str, int]:
        """Ids of the special tokens, which no text is cut into, by their texts."""
        return {
            self.piece(number): number
            for number in range(self.size)
            if self.spelt(number) == b"" and self.piece(number)  # ids may have gaps
        }

    @functools.cached_property
    def _marks(self) -> re.Pattern[str]:
        """Finds special tokens in what a template wrote, the longest first."""
        texts = sorted(self._special, key=len, reverse=True)
        return re.compile(f"({'|'.join(map(re.escape, texts)) or '(?!)'})")

    @functools.cached_property
    def _leads(self) -> bool:
        """Whether every text gets a space before it."""
        return self.spelt(self.encode_alone("a")[0]).startswith(b" ")

    def _encode_marked(self, rendered: str) -> list[int]:
        """Token ids of what a template wrote: special tokens, and text between them.

        Where texts get a space before them, one that the template wrote at the
        beginning of a part is that space.
        """
        ids: list[int] = []
        for place, part in enumerate(self._marks.split(rendered)):
            if place % 2:
                ids.append(self._special[part])
                continue
            text = part.replace(_HIDDEN, "")
            text = text.removeprefix(" ") if self._leads else text
            ids += self.encode_alone(text) if text else []
        return ids

    def containing(self, text: str, width: int) -> Bool[Array, " V"]:
        """bool[V], True at ids of the `width` = V logits whose bytes contain `text`.

        A character that is written in several pieces is found in none of them.
        """
        sought = text.encode()
        found = [sought in self.spelt(number) for number in range(self.size)]
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
        return self._decode(pieces)

    def decode_chat(self, ids: Iterable[int]) -> str:
        """The text of the model's turn: `decode` up to the token that ends the turn."""
        end = self.turn_end_id
        return self.decode(itertools.takewhile(lambda token: token != end, ids))


def read_model(path: Path) -> bytes:
    """The content of a vocabulary's file.

    Raises:
      UserError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"The vocabulary {path} cannot be read: {error.strerror}."
        ) from error


def spelt_by_sentencepiece(piece: str) -> bytes:
    r"""Bytes of a piece in SentencePiece's spelling.

    Example:
      "▁the" -> b" the";  "<0x0A>" -> b"\n"
    """
    byte = re.fullmatch("<0x([0-9A-F]{2})>", piece)
    return bytes.fromhex(byte[1]) if byte else piece.replace("\u2581", " ").encode()
