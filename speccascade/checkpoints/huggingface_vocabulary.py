"""The vocabulary in a folder of Hugging Face.

    spiece.model, tokenizer.model    SentencePiece: taken where there is one
    tokenizer.json                   else this, through the package `tokenizers`
    tokenizer_config.json            `add_bos_token`: whether texts begin with BOS; and
                                     `eos_token`, `bos_token`, `pad_token`
    special_tokens_map.json          these three, where the former lacks them
    config.json                      `eos_token_id` and so on, where both lack them; of
                                     several, the first
    chat_template.jinja              the chat template; else `chat_template` of
                                     tokenizer_config.json

SentencePiece knows its special tokens itself. A tokenizer.json does not say which they
are, only which texts its post-processor puts around others.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speccascade.checkpoints.chat_template import default_of
from speccascade.checkpoints.json_file import read_json
from speccascade.checkpoints.sentencepiece_vocabulary import SentencePieceVocabulary
from speccascade.checkpoints.tokenizers_vocabulary import TokenizersVocabulary
from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.errors import UserError

SENTENCEPIECE = ("spiece.model", "tokenizer.model", "sentencepiece.model")
TOKENIZER = "tokenizer.json"
SETTINGS = "tokenizer_config.json"
SPECIAL_TOKENS = "special_tokens_map.json"
CONFIG = "config.json"
TEMPLATE = "chat_template.jinja"


def vocabulary_of(folder: Path) -> Vocabulary | None:
    """The vocabulary; None if the folder has none that is read.

    Raises:
      UserError: a file is damaged, nothing names an end token that is there, or the
        package `tokenizers` is needed and not installed.
    """
    settings = _object(folder / SETTINGS)
    adds_bos = settings.get("add_bos_token")
    template = _template(folder, settings)
    for name in SENTENCEPIECE:
        if (folder / name).is_file():
            return SentencePieceVocabulary(
                folder / name, adds_bos=bool(adds_bos), template=template
            )
    if not (folder / TOKENIZER).is_file():
        return None
    special_tokens, config = (
        _object(folder / name) for name in (SPECIAL_TOKENS, CONFIG)
    )

    def named(word: str) -> list[str | int]:
        texts = (said.get(f"{word}_token") for said in (settings, special_tokens))
        numbers = config.get(f"{word}_token_id")
        numbers = numbers if isinstance(numbers, list) else [numbers]
        return [token for token in (*map(_text, texts), *numbers) if token is not None]

    return TokenizersVocabulary(
        folder / TOKENIZER,
        eos=named("eos"),
        bos=named("bos"),
        pad=named("pad"),
        adds_bos=None if adds_bos is None else bool(adds_bos),
        template=template,
    )


def _template(folder: Path, settings: Mapping[str, Any]) -> str | None:
    path = folder / TEMPLATE
    if not path.is_file():
        return default_of(settings.get("chat_template"))
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as text ({error}).") from error


def _object(path: Path) -> Mapping[str, Any]:
    return read_json(path) if path.is_file() else {}


def _text(token: Any) -> str | None:
    """The text of a special token: a string, or an object that has it as `content`."""
    return token.get("content") if isinstance(token, dict) else token
