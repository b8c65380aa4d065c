"""GGUF files of every architecture, every type of numbers, and what is refused."""

import dataclasses
import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from speccascade.checkpoints import load
from speccascade.checkpoints.gguf import TYPES, GgufFile
from speccascade.checkpoints.gguf_names import plan
from speccascade.errors import UserError
from speccascade.models.gemma_sizes import SIZES
from tests.checkpoints.decoders import KINDS, check_logits, golden
from tests.checkpoints.gguf_files import (
    ARCHITECTURES,
    gguf,
    interleaved,
    metadata,
    tensors,
    write,
)

# What golden models of no published size chose, and what GGUF files do not say.
CHOICES = {
    "gemma2": {"query_scale": 12**-0.5, "global_every": 2},
    "gemma3": {"query_scale": 10**-0.5, "global_every": 3, "local_rope_base": 10_000.0},
}
TOKENS = {"tokenizer.ggml.tokens": ["<pad>", "\u2581a", "<eos>"]}


def written(path, kind, *, fields=None, arrays=None, extra=None):
    return write(
        path / "model.gguf",
        ARCHITECTURES[kind],
        {**metadata(kind), **(fields or {})},
        tensors(kind) if arrays is None else arrays,
        extra=extra,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_gives_the_logits_of_transformers(tmp_path, kind):
    uri = written(tmp_path, kind, extra=TOKENS)
    checkpoint = load(uri, overrides=CHOICES.get(kind, {}))
    check_logits(checkpoint, kind)
    assert dataclasses.asdict(checkpoint.model.config) == golden(kind)[0]
    content = Path(uri.removeprefix("gguf:")).read_bytes()
    assert checkpoint.sha256 == hashlib.sha256(content).hexdigest()


def test_rows_of_queries_in_llama_files_are_interleaved():
    assert interleaved(12, 6) == [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]


@pytest.mark.parametrize("name", ["gemma-2-27b", "gemma-3-270m", "gemma-3-4b"])
def test_a_published_size_needs_no_overrides(name):
    size = SIZES[name]
    kind = "gemma2" if "gemma-2-" in name else "gemma3"
    fields = {
        "embedding_length": size.emb_dim,
        "block_count": size.num_layers,
        "feed_forward_length": size.mlp_dim,
        "attention.head_count": size.num_heads,
        "attention.head_count_kv": size.num_kv_heads,
        "attention.layer_norm_rms_epsilon": float(np.float32(1e-6)),
        "attention.key_length": size.head_dim,
        "attention.value_length": size.head_dim,
        "attention.sliding_window": size.window,
    }
    if kind == "gemma2":
        fields |= {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0}
    else:
        fields["rope.freq_base"] = 1e6
    if size.rope_scale != 1:
        fields |= {"rope.scaling.type": "linear", "rope.scaling.factor": 8.0}
    said = {f"{kind}.{name}": value for name, value in fields.items()}
    said["general.architecture"] = kind
    shapes = {"token_embd.weight": (size.vocab_size, size.emb_dim)}
    assert plan(said, shapes, "file", "float32", {}).model.config == size


def stored(tmp_path, name, content):
    """A file with one tensor of the type `name`, and that tensor as we read it."""
    kind = gguf.GGMLQuantizationType[name]
    path = tmp_path / f"{name}.gguf"
    write(path, "llama", {}, {"tensor": content}, kinds={"tensor": kind})
    return GgufFile(path).read("tensor")


# Largest errors of rounding a number of [-1, 1] to a type, from its number of levels.
ERRORS = {
    "F32": 0,
    "F16": 2**-11,
    "BF16": 2**-8,
    "Q8_0": 1 / 127,
    "Q5_0": 1 / 15,
    "Q5_1": 1 / 31,
    "Q4_0": 1 / 7,
    "Q4_1": 1 / 15,
}


@pytest.mark.parametrize("name", ERRORS)
def test_numbers_come_back_as_near_as_their_type_allows(tmp_path, name):
    numbers = np.random.default_rng(0).uniform(-1, 1, (6, 64)).astype(np.float32)
    kind = gguf.GGMLQuantizationType[name]
    found = stored(tmp_path, name, gguf.quantize(numbers, kind))
    assert found.shape == (6, 64) and found.dtype == np.float32
    error = np.abs(found - numbers).max()
    assert error <= ERRORS[name]
    assert name == "F32" or error > ERRORS[name] / 50


def scales(count, value=0.5):
    return np.full((count, 1), value, np.float16).view(np.uint8)


def filled(count, width, byte):
    return np.full((count, width), byte, np.uint8)


def k_quants():
    """Blocks of 256 by hand, from the layout of llama.cpp; two rows of two blocks.

    Q4_K and Q5_K: d, dmin, eight 6-bit scales and eight 6-bit minima in 12 bytes (here
    5 and 2, all of them), and the numbers q: d * 5 * q - dmin * 2. Q6_K: the numbers,
    16 scales in 8 bits, d: d * scale * (q - 32).
    """
    packed = np.repeat(np.uint8([[5] * 4 + [2] * 4 + [0x25] * 4]), 4, axis=0)
    head = [scales(4, 0.5), scales(4, 0.25), packed]
    by_sixteen = np.repeat(np.uint8([range(16)]), 4, axis=0)
    expected = np.repeat(np.arange(16), 16) * 0.5 * (33 - 32)
    return {
        # q = 3 in every half byte.
        "Q4_K": ([*head, filled(4, 128, 0x33)], 0.5 * 5 * 3 - 0.25 * 2),
        # and 16 more, from the fifth bits.
        "Q5_K": (
            [*head, filled(4, 32, 0xFF), filled(4, 128, 0x33)],
            0.5 * 5 * 19 - 0.25 * 2,
        ),
        # q = 33: 1 in the lower four bits, 2 in the upper two.
        "Q6_K": (
            [filled(4, 128, 0x11), filled(4, 64, 0xAA), by_sixteen, scales(4)],
            np.tile(expected, 2),
        ),
    }


@pytest.mark.parametrize("name", ["Q4_K", "Q5_K", "Q6_K"])
def test_blocks_of_256_are_what_their_layout_says(tmp_path, name):
    parts, expected = k_quants()[name]
    content = np.concatenate(parts, axis=1).reshape(2, -1)
    found = stored(tmp_path, name, content)
    np.testing.assert_array_equal(found, np.broadcast_to(expected, (2, 512)))


def test_every_type_is_tried():
    assert set(TYPES) == {*ERRORS, *k_quants()}


def test_a_tensor_of_many_parts_is_read_whole(tmp_path, monkeypatch):
    numbers = np.random.default_rng(1).normal(size=(7, 96)).astype(np.float32)
    content = gguf.quantize(numbers, gguf.GGMLQuantizationType.Q8_0)
    whole = stored(tmp_path, "Q8_0", content)
    monkeypatch.setattr("speccascade.checkpoints.gguf._AT_ONCE", 256)
    np.testing.assert_array_equal(stored(tmp_path, "Q8_0", content), whole)


def test_a_type_that_is_not_read_is_named_with_its_tensor(tmp_path):
    content = np.zeros((1, 66), np.uint8)
    with pytest.raises(UserError, match=r"stores tensor as IQ2_XXS; known are F32,"):
        stored(tmp_path, "IQ2_XXS", content)


def test_missing_and_unexpected_tensors_are_one_sentence(tmp_path):
    arrays = tensors("qwen2")
    del arrays["blk.1.attn_k.bias"]
    arrays["blk.1.attn_output.bias"] = np.zeros(16, np.float32)
    with pytest.raises(
        UserError,
        match=r"lacks blk\.1\.attn_k\.bias and has the unexpected blk\.1\.attn_output",
    ):
        load(written(tmp_path, "qwen2", arrays=arrays))


@pytest.mark.parametrize(
    ("kind", "fields", "complaint"),
    [
        ("gemma3", {}, "does not say its query_scale, global_every, local_rope_base:"),
        ("llama", {"rope.scaling.type": "yarn"}, "rotary positions of type yarn"),
        ("llama", {"rope.dimension_count": 4}, "llama.rope.dimension_count 4; in our"),
    ],
)
def test_what_we_do_not_have_is_refused(tmp_path, kind, fields, complaint):
    with pytest.raises(UserError, match=complaint):
        load(written(tmp_path, kind, fields=fields))


def test_frequencies_of_llama_3_are_refused(tmp_path):
    arrays = tensors("llama") | {"rope_freqs.weight": np.ones(3, np.float32)}
    with pytest.raises(UserError, match=r"of type llama3 \(rope_freqs\.weight\)"):
        load(written(tmp_path, "llama", arrays=arrays))


def test_other_architectures_and_silent_files_are_refused(tmp_path):
    uri = write(tmp_path / "a.gguf", "mamba", {}, tensors("llama"))
    with pytest.raises(UserError, match=r"architecture 'mamba'; known are gemma, gem"):
        load(uri)
    uri = write(tmp_path / "b.gguf", "llama", {"block_count": 1}, tensors("llama"))
    with pytest.raises(UserError, match=r"lack llama\.embedding_length, llama\.feed_"):
        load(uri)


def test_one_part_of_several_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"is one of 3 parts; join them first"):
        load(written(tmp_path, "llama", extra={"split.count": 3}))


def test_a_damaged_file_is_one_sentence(tmp_path):
    path = tmp_path / "model.gguf"
    uri = written(tmp_path, "llama", extra=TOKENS)
    whole = path.read_bytes()
    for length, complaint in [
        (3, "is no GGUF file"),
        (20, "is not a whole GGUF file; fetch it again"),
        (400, "is not a whole GGUF file; fetch it again"),
        (len(whole) - 40, "it ends within "),
    ]:
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=complaint):
            load(uri)
    path.write_bytes(whole[:4] + b"\x09" + whole[5:])
    with pytest.raises(UserError, match=r"of version 9; known are 2 and 3"):
        load(uri)
    path.unlink()
    with pytest.raises(UserError, match=r"cannot be read: No such file"):
        load(uri)


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    uri = written(tmp_path, "llama")
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(UserError, match=r"pip install 'speccascade\[gguf\]'"):
        load(uri)
