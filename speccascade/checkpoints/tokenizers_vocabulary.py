"""Vocabularies in the form of tokenizer.json, through the package `tokenizers`.

    model            BPE, Unigram, WordPiece: pieces, and how they are merged or scored
    added_tokens     pieces that no merging makes; `special` ones are no text
    pre_tokenizer    where text is cut before that
    post_processor   puts BOS and EOS around a text: asked which, and then left out

The package (the extra of that name) is imported here alone, and when such a vocabulary
is read.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from speccascade.checkpoints.vocabulary import (
    Vocabulary,
    read_model,
    spelt_by_sentencepiece,
)
from speccascade.errors import UserError

# The letters in which a byte-level model writes bytes, as in GPT-2: those that print
# stand for themselves, the others are U+0100 and on, in order. A space is "Ġ".
_PRINTED = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(0x100) if byte not in _PRINTED]
BYTE_OF_LETTER = {chr(byte): byte for byte in _PRINTED} | {
    chr(0x100 + index): byte for index, byte in enumerate(_OTHERS)
}


class TokenizersVocabulary(Vocabulary):
    r"""A vocabulary that the package `tokenizers` knows.

    Special tokens are no text: what looks like one in a text is cut into pieces like
    any other word, and none is decoded. Other added tokens are text, and one piece.
    (Unigram models, such as T5's, have `</s>` among the pieces that texts are cut into:
    there it is the end token even in a text.)

    Decoding undoes encoding exactly where the model is byte-level and does not
    normalise. Models of Qwen compose characters (NFC): "e" with U+0301 comes back as
    "é".

    Example:
      encode("a\tb") -> ids of the pieces "a", "ĉ", "b", then EOS
    """

    def __init__(
        self,
        path: str | Path,
        *,
        eos: Sequence[str | int],
        bos: Sequence[str | int] = (),
        pad: Sequence[str | int] = (),
        model: bytes | None = None,
        adds_bos: bool | None = None,
        template: str | None = None,
    ) -> None:
        """Reads the file.

        Args:
          path: the tokenizer.json.
          eos: ids or texts that may be the end token's; the first that is there counts.
          bos: of the token that begins texts, likewise.
          pad: of padding, likewise.
          model: the content, where it is part of the file `path` in another form.
          adds_bos: whether texts begin with BOS; None: as the post-processor does it.
          template: the chat template, if there is one.

        Raises:
          UserError: the package is not installed, the file cannot be read or is no
            tokenizer.json, or none of `eos` is in it.
        """
        path = Path(path)
        package = _package()
        model = read_model(path) if model is None else model
        try:
            self._tokenizer = package.Tokenizer.from_buffer(model)
        except Exception as error:  # the package raises no narrower one
            raise UserError(
                f"The vocabulary in {path} cannot be read ({error})."
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._tokenizer.encode_special_tokens = True
        self._size = 1 + max(self._tokenizer.get_vocab().values(), default=-1)
        self._eos_id, begin, self._pad_id = map(self._first, (eos, bos, pad))
        if self._eos_id < 0:
            reason = f"it has no {' and no '.join(map(repr, eos))}"
            raise UserError(
                f"The end token of the vocabulary {path} cannot be found: "
                f"{reason if eos else 'nothing names it'}."
            )
        named = {self._eos_id, begin, self._pad_id} - {-1}
        self._tokenizer.add_special_tokens(sorted(map(self.piece, named)))
        self._added = self._tokenizer.get_added_tokens_decoder()
        decoder = self._tokenizer.decoder
        state = b"" if decoder is None else decoder.__getstate__()
        self._byte_level = b'"ByteLevel"' in state
        if adds_bos is None:
            adds_bos = self._tokenizer.encode("a").ids[:1] == [begin]
        self._bos_id = begin if adds_bos else -1
        super().__init__(
            path,
            model,
            bos_id=begin,
            adds_bos=self._bos_id >= 0,
            settings=f"bos {self._bos_id} eos {self._eos_id}".encode(),
            template=template,
        )

    def _first(self, tokens: Sequence[str | int]) -> int:
        """The id of the first that the vocabulary has, or -1."""
        for token in tokens:
            is_text = isinstance(token, str)
            number: Any = self._tokenizer.token_to_id(token) if is_text else token
            if number is not None and 0 <= number < self.size:
                return number
        return -1

    @property
    def size(self) -> int:
        return self._size

    @property
    def pad_id(self) -> int:
        return self._pad_id

    @property
    def bos_id(self) -> int:
        return self._bos_id

    @property
    def eos_id(self) -> int:
        return self._eos_id

    def piece(self, number: int) -> str:
        return self._tokenizer.id_to_token(number) or ""  # ids may have gaps

    def spelt(self, number: int) -> bytes:
        if number in self._added:
            token = self._added[number]
            return b"" if token.special else token.content.encode()
        piece = self.piece(number)
        if self._byte_level and BYTE_OF_LETTER.keys() >= set(piece):
            return bytes(BYTE_OF_LETTER[letter] for letter in piece)
        return spelt_by_sentencepiece(piece)

    def encode_alone(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def _decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=True)


def _package() -> Any:
    try:
        return importlib.import_module("tokenizers")
    except ModuleNotFoundError as error:
        raise UserError(
            "Vocabularies in tokenizer.json, or of that kind in GGUF files, are read "
            "with the package tokenizers, which is not installed: "
            "pip install 'speccascade[tokenizers]'."
        ) from error
