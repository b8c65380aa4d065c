"""The vocabulary inside a GGUF file, as the model that it was made from.

    tokenizer.ggml.model       "llama": SentencePiece, merging pairs by their scores
                               "gpt2": byte-level BPE, `checkpoints.gguf_bpe`
    tokenizer.ggml.tokens      pieces; beside them scores and token_type, numbered as
                               SentencePiece numbers types
    tokenizer.ggml.*_token_id  bos, eos, unknown, padding
    ...add_space_prefix, add_bos_token
    tokenizer.chat_template    the chat template, where there is one

Two things are put right in those of SentencePiece. Spaces are U+2581 in every piece:
files of Gemma 3 have real ones in the pieces that are runs of spaces. And the unknown
piece has the type of that name, where converters may say that it is a control symbol.

Vocabularies of other kinds are not read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sentencepiece import sentencepiece_model_pb2 as schema

from speccascade.checkpoints.chat_template import default_of
from speccascade.checkpoints.gguf_bpe import pre_tokenizer, tokenizer_json
from speccascade.checkpoints.sentencepiece_vocabulary import SentencePieceVocabulary
from speccascade.checkpoints.tokenizers_vocabulary import TokenizersVocabulary
from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.errors import UserError

_PREFIX = "tokenizer.ggml."
_TEMPLATE = "tokenizer.chat_template"
_MERGES_PAIRS, _UNKNOWN = 2, 2  # SentencePiece's BPE; its type of the unknown piece
_SPECIAL = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}


def vocabulary_of(metadata: Mapping[str, Any], path: Path) -> Vocabulary | None:
    """The vocabulary; None if the file has none of the kinds that are read.

    Args:
      metadata: of the file.
      path: of the file.

    Raises:
      UserError: the vocabulary is incomplete, cuts text in a way that we do not know,
        or needs a package that is not installed.
    """
    said = {
        name.removeprefix(_PREFIX): value
        for name, value in metadata.items()
        if name.startswith(_PREFIX)
    }
    read = _KINDS.get(said.get("model", ""))
    if read is None:
        return None
    try:
        return read(said, path, default_of(metadata.get(_TEMPLATE)))
    except (KeyError, ValueError, IndexError) as error:
        raise UserError(f"The vocabulary in {path} is incomplete ({error}).") from error


def _of_sentencepiece(
    said: Mapping[str, Any], path: Path, template: str | None
) -> Vocabulary:
    return SentencePieceVocabulary(
        path,
        model=_model(said),
        adds_bos=bool(said.get("add_bos_token", True)),
        template=template,
    )


def _of_bpe(said: Mapping[str, Any], path: Path, template: str | None) -> Vocabulary:
    cut = pre_tokenizer(said, path)
    return TokenizersVocabulary(
        path,
        model=tokenizer_json(said, cut),
        eos=[int(said["eos_token_id"])],
        bos=[int(said.get("bos_token_id", -1))],
        pad=[int(said.get("padding_token_id", -1))],
        adds_bos=bool(said.get("add_bos_token", cut.begins)),
        template=template,
    )


_KINDS = {"llama": _of_sentencepiece, "gpt2": _of_bpe}


def _model(said: Mapping[str, Any]) -> bytes:
    """The file that SentencePiece would have written."""
    unknown = int(said["unknown_token_id"])
    model = schema.ModelProto()  # pyright: ignore[reportAttributeAccessIssue]
    pieces = zip(said["tokens"], said["scores"], said["token_type"], strict=True)
    for index, (piece, score, kind) in enumerate(pieces):
        model.pieces.add(
            piece=piece.replace(" ", "\u2581"),
            score=float(score),
            type=_UNKNOWN if index == unknown else int(kind),
        )
    trainer = model.trainer_spec
    trainer.model_type = _MERGES_PAIRS
    trainer.byte_fallback = True
    for ours, theirs in _SPECIAL.items():
        index = int(said.get(f"{theirs}_token_id", -1))
        setattr(trainer, f"{ours}_id", index)
        if index >= 0:
            setattr(trainer, f"{ours}_piece", model.pieces[index].piece)
    normalizer = model.normalizer_spec
    normalizer.name = "identity"
    normalizer.add_dummy_prefix = bool(said.get("add_space_prefix", True))
    normalizer.remove_extra_whitespaces = False
    return model.SerializeToString(deterministic=True)
