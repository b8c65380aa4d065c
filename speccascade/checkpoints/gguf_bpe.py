"""The vocabulary of kind "gpt2" in a GGUF file, as the tokenizer.json it was made from.

    tokenizer.ggml.tokens        pieces; normal ones in the letters of byte-level BPE
    tokenizer.ggml.merges        pairs of pieces, "Ġ t", the first merged first
    tokenizer.ggml.token_type    1 normal, 3 control, 4 user-defined, 5 unused
    tokenizer.ggml.pre           where text is cut before merging, by name
    tokenizer.ggml.*_token_id    bos, eos, padding
    ...add_bos_token             whether texts begin with BOS

Unused pieces at the end, with which converters fill a vocabulary up to the width of the
logits, are left out: like all logits beyond the vocabulary they are never written.

A file says by name only where text is cut, and not at all what else the model's own
tokenizer.json does: whether characters are composed first, and whether a word that is
a piece is merged up to it or taken at once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from speccascade.errors import UserError

_CONTROL, _USER_DEFINED, _UNUSED = 3, 4, 5
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# The same but for the digits that stand together: three in Llama 3, one in Qwen2.
_LLAMA3, _QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
    rf"\p{{N}}{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    for digits in ("{1,3}", "")
)


@dataclass(frozen=True, kw_only=True)
class PreTokenizer:
    """What a name in `tokenizer.ggml.pre` means.

    Attributes:
      cuts: regular expressions; text is cut around what the first finds, then the parts
        around what the second finds, and so on.
      whole_words: a part that is a piece is taken as it is, however its merges go.
      composes: characters are composed first (NFC).
      begins: texts begin with BOS where the file does not say.
    """

    cuts: tuple[str, ...]
    whole_words: bool = False
    composes: bool = False
    begins: bool = False


_LLAMA_BPE = PreTokenizer(cuts=(_LLAMA3,), whole_words=True, begins=True)

# Taken from: ByteLevel of the package tokenizers (gpt-2), the tokenizer.json of Llama 3
# and of Qwen2, which llama.cpp quotes, and llama.cpp's llama-vocab.cpp (smollm, and
# default, which is what it does with files that do not say).
PRE_TOKENIZERS = {
    "default": PreTokenizer(
        cuts=(r"[\p{P}\$\+<=>\^~\|]+", _GPT2, r"\p{N}+", "[0-9][0-9][0-9]")
    ),
    "gpt-2": PreTokenizer(cuts=(_GPT2,)),
    "llama-bpe": _LLAMA_BPE,
    "llama-v3": _LLAMA_BPE,
    "llama3": _LLAMA_BPE,
    "qwen2": PreTokenizer(cuts=(_QWEN2,), composes=True),
    "smollm": PreTokenizer(cuts=(r"\p{N}", _GPT2)),
}


def pre_tokenizer(said: Mapping[str, Any], path: object) -> PreTokenizer:
    """Where the file cuts text.

    Args:
      said: metadata under `tokenizer.ggml.`.
      path: of the file, for messages.

    Raises:
      UserError: the name is none that we know.
    """
    name = said.get("pre", "default")
    if name not in PRE_TOKENIZERS:
        raise UserError(
            f"The vocabulary in {path} cuts text like {name!r} (tokenizer.ggml.pre); "
            f"known are {', '.join(PRE_TOKENIZERS)}."
        )
    return PRE_TOKENIZERS[name]


def tokenizer_json(said: Mapping[str, Any], cut: PreTokenizer) -> bytes:
    """The tokenizer.json.

    Raises:
      KeyError, ValueError: the metadata are incomplete.
    """
    pieces = list(zip(said["tokens"], map(int, said["token_type"]), strict=True))
    while pieces and pieces[-1][1] == _UNUSED:
        pieces.pop()
    splits = [
        {
            "type": "Split",
            "pattern": {"Regex": expression},
            "behavior": "Isolated",
            "invert": False,
        }
        for expression in cut.cuts
    ]
    byte_level = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": False,
    }
    content = {
        "version": "1.0",
        "added_tokens": [
            {
                "id": number,
                "content": piece,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": kind == _CONTROL,
            }
            for number, (piece, kind) in enumerate(pieces)
            if kind in (_CONTROL, _USER_DEFINED)
        ],
        "normalizer": {"type": "NFC"} if cut.composes else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*splits, byte_level]},
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "ignore_merges": cut.whole_words,
            "vocab": {piece: number for number, (piece, _) in enumerate(pieces)},
            "merges": [pair.split(" ") for pair in said["merges"]],
        },
    }
    return json.dumps(content, ensure_ascii=False).encode()
