"""Small tokenizers of the kinds that published models have, trained in the tests.

Each is put together from the package's own parts, as in the tokenizer.json of the model
after which it is named; nothing is shared with our readers.
"""

import functools
import json

import numpy as np
import pytest

from tests.checkpoints.decoders import transformers_config, transformers_tensors
from tests.checkpoints.test_transformers_decoders import write

tokenizers = pytest.importorskip("tokenizers", reason="the extra of that name")
from tokenizers import (  # noqa: E402
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

BOS, EOS, PAD, TOOL = "<|begin|>", "<|end|>", "<|pad|>", "<tool>"
PYTHON = '''def collatz(n: int) -> list[int]:
    """Steps down to 1."""
    while n != 1:
\tn = n // 2 if n % 2 == 0 else 3 * n + 1  # a tab, and two spaces

    return 12345678
'''
TEXTS = [
    PYTHON,
    "Größe über 1.234,5 €: »Äußerst schön«, sagte Özgür – und strich ⅔ ß zu ẞ.",
    "",
    " ",
    "  two  spaces  everywhere  ",
    "\n\tbegins with a newline and a tab\n\n \n",
    "carriage\r\nreturn\r",
    "日本語 🙂 \x00 \u00a0\u3000x",
    "WE'LL say: they'Ve, don't!? x==1234+y",
    f"{TOOL} is one piece{TOOL}{TOOL}",
    "lighthousekeeper",
]
SPECIAL = f"{EOS} {BOS} {PAD}x{EOS} are text"
DECOMPOSED = "e\u0301 is not \u00e9"

_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _split(digits):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT % digits), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def _whole():
    return pre_tokenizers.ByteLevel(add_prefix_space=False)


PRE_TOKENIZERS = {
    "gpt-2": _whole,
    "smollm": lambda: pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), _whole()]
    ),
    "llama-bpe": lambda: _split("{1,3}"),
    "qwen2": lambda: _split(""),
}


@functools.cache
def trained(kind="gpt-2", size=400):
    """A byte-level BPE; `llama-bpe` puts BOS before texts and takes words whole."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=kind == "llama-bpe"))
    tokenizer.pre_tokenizer = PRE_TOKENIZERS[kind]()
    tokenizer.decoder = decoders.ByteLevel()
    if kind == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(
        vocab_size=size - 4,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    tokenizer.add_special_tokens([PAD, BOS, EOS])
    tokenizer.add_tokens([AddedToken(TOOL, normalized=False)])
    if kind == "llama-bpe":
        begin = tokenizer.token_to_id(BOS)
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{BOS} $A", special_tokens=[(BOS, begin)]
        )
    return tokenizer


def write_tokenizer(folder, tokenizer, **settings):
    """tokenizer.json, and tokenizer_config.json with what `settings` says."""
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def write_model(folder, kind, tokenizer, width=410):
    """A folder with a random decoder of `width` logits and the tokenizer: its name."""
    rng = np.random.default_rng(0)
    tensors = transformers_tensors(kind)
    for name, value in tensors.items():
        if name in ("model.embed_tokens.weight", "lm_head.weight"):
            shape = (width, value.shape[1])
            tensors[name] = rng.normal(size=shape).astype(np.float32)
    names = {"eos_token": EOS, "bos_token": {"content": BOS}, "pad_token": PAD}
    write_tokenizer(folder, tokenizer, **names)
    return write(folder, transformers_config(kind) | {"vocab_size": width}, tensors)


def gguf_metadata(tokenizer, kind):
    """As llama.cpp's converter writes it, with three unused pieces at the end."""
    content = json.loads(tokenizer.to_str())
    count = tokenizer.get_vocab_size()
    added = {token["id"]: token["special"] for token in content["added_tokens"]}
    types = [{True: 3, False: 4, None: 1}[added.get(index)] for index in range(count)]
    pieces = [tokenizer.id_to_token(index) for index in range(count)]
    said = {
        "model": "gpt2",
        "pre": kind,
        "tokens": [*pieces, *(f"[PAD{count + index}]" for index in range(3))],
        "token_type": [*types, 5, 5, 5],
        "merges": [" ".join(pair) for pair in content["model"]["merges"]],
        "eos_token_id": tokenizer.token_to_id(EOS),
        "bos_token_id": tokenizer.token_to_id(BOS),
        "padding_token_id": tokenizer.token_to_id(PAD),
    }
    return {f"tokenizer.ggml.{name}": value for name, value in said.items()}
