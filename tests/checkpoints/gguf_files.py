"""GGUF files as llama.cpp's converter writes them, through the package's own writer.

Names of tensors come from the package's table for names of transformers. What the
converter does to tensors is done here again: norms of Gemma plus 1, and in llama files
the rows of queries and keys interleaved, row 2j and 2j + 1 of a head being rows j and
j + H/2 of transformers.
"""

import numpy as np
import pytest

from tests.checkpoints.decoders import golden, transformers_tensors

gguf = pytest.importorskip("gguf", reason="files are written with the package gguf")

ARCHITECTURES = {
    "gemma1": "gemma",
    "gemma2": "gemma2",
    "gemma3": "gemma3",
    "llama": "llama",
    "qwen2": "qwen2",
}


def tensors(kind):
    """Tensors of a golden decoder under the names of llama.cpp."""
    config = golden(kind)[0]
    names = gguf.get_tensor_name_map(
        next(
            arch
            for arch, name in gguf.MODEL_ARCH_NAMES.items()
            if name == ARCHITECTURES[kind]
        ),
        config["num_layers"],
    )
    found = {}
    for name, value in transformers_tensors(kind).items():
        module, leaf = name.rsplit(".", 1)
        if kind.startswith("gemma") and module.endswith("norm"):
            value = value + np.float32(1)
        if kind == "llama" and module.endswith(("q_proj", "k_proj")):
            value = value[interleaved(len(value), config["head_dim"])]
        found[f"{names.get_name(module)}.{leaf}"] = value
    return found


def interleaved(rows, head_dim):
    """Which row of transformers stands where in a llama file."""
    half = head_dim // 2
    return [
        head * head_dim + pair + second * half
        for head in range(rows // head_dim)
        for pair in range(half)
        for second in (0, 1)
    ]


def metadata(kind):
    """What the converter writes of a golden decoder, without the architecture."""
    ours = golden(kind)[0]
    found = {
        "context_length": 8192,
        "embedding_length": ours["emb_dim"],
        "block_count": ours["num_layers"],
        "feed_forward_length": ours["mlp_dim"],
        "attention.head_count": ours["num_heads"],
        "attention.head_count_kv": ours["num_kv_heads"],
        "attention.layer_norm_rms_epsilon": ours["norm_epsilon"],
        "attention.key_length": ours["head_dim"],
        "attention.value_length": ours["head_dim"],
    }
    if kind not in ("gemma1", "gemma2"):
        found["rope.freq_base"] = ours["rope_base"]
    if kind in ("llama", "qwen2"):
        found["rope.dimension_count"] = ours["head_dim"]
    if kind in ("gemma2", "gemma3"):
        found["attention.sliding_window"] = ours["window"]
    if kind == "gemma2":
        found["attn_logit_softcapping"] = ours["attention_cap"]
        found["final_logit_softcapping"] = ours["final_cap"]
    if kind == "gemma3":
        found["rope.scaling.type"] = "linear"
        found["rope.scaling.factor"] = 8.0
    return found


def write(path, architecture, fields, arrays, kinds=None, extra=None):
    """A file; `kinds` gives types of tensors that are bytes already."""
    writer = gguf.GGUFWriter(str(path), architecture)
    for name, value in fields.items():
        add = {
            int: writer.add_uint32,
            float: writer.add_float32,
            str: writer.add_string,
        }
        add[type(value)](f"{architecture}.{name}", value)
    adders = {
        bool: writer.add_bool,
        int: writer.add_uint32,
        str: writer.add_string,
        list: writer.add_array,
    }
    for name, value in (extra or {}).items():
        adders[type(value)](name, value)
    for name, value in arrays.items():
        writer.add_tensor(name, value, raw_dtype=(kinds or {}).get(name))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return f"gguf:{path}"
