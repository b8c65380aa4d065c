"""Loading holds little beside the parameters, whatever the files look like."""

import dataclasses
import json
import subprocess
import sys

import jax
import numpy as np
import pytest
import safetensors.numpy

from speccascade.checkpoints.assembly import flatten, model_shapes
from speccascade.checkpoints.transformers_names import transformers_names
from speccascade.models import GemmaConfig, T5Config, model_of
from tests.checkpoints import decoders, t5x_trees

pytestmark = pytest.mark.slow

CONFIG = T5Config(
    vocab_size=16000,
    emb_dim=512,
    num_heads=8,
    head_dim=64,
    mlp_dim=2048,
    num_encoder_layers=4,
    num_decoder_layers=4,
)
DECODER = GemmaConfig(
    vocab_size=16000,
    emb_dim=512,
    num_layers=8,
    num_heads=8,
    num_kv_heads=2,
    head_dim=64,
    mlp_dim=4096,
    post_norms=True,
    qk_norm=True,
)
LIMIT = 1.3  # times the parameters

# The first model is small: what it needs beside its parameters is the fixed base.
CHILD = """
import re, sys
import jax
from speccascade.checkpoints import load

def peak():
    # Not getrusage: what it says begins with the peak of the process that started us.
    status = open("/proc/self/status").read()
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])

def loaded(uri):
    return jax.block_until_ready(load(uri).params)

loaded(sys.argv[1])
base = peak()
params = loaded(sys.argv[2])
print(base, peak(), sum(leaf.nbytes for leaf in jax.tree.leaves(params)))
"""


def tensors(config, dtype):
    """Our tensors; constants, for compressing noise takes long."""
    shapes = flatten(model_shapes(model_of(config)))
    numbers = enumerate(sorted(shapes), 1)
    return {
        name: np.full(shapes[name].shape, 1 / number, dtype) for number, name in numbers
    }


def as_t5x(folder, config, inline):
    if not inline:
        return f"t5x:{t5x_trees.write(folder, tensors(config, np.float32))}"
    folder.mkdir()
    flat = tensors(config, np.float32)
    t5x_trees.write_index(folder / "checkpoint", t5x_trees.nested(flat))
    return f"t5x:{folder}"


def as_hugging_face(folder, config, dtype):
    folder.mkdir()
    names = transformers_names(config)
    turned = {
        names[name]: np.ascontiguousarray(
            value if name == "token_embedder/embedding" else value.T
        )
        for name, value in tensors(config, dtype).items()
    }
    safetensors.numpy.save_file(turned, folder / "model.safetensors")
    fields = {
        "model_type": "t5",
        "vocab_size": config.vocab_size,
        "d_model": config.emb_dim,
        "num_heads": config.num_heads,
        "d_kv": config.head_dim,
        "d_ff": config.mlp_dim,
        "num_layers": config.num_encoder_layers,
        "feed_forward_proj": "gated-gelu",
        "tie_word_embeddings": False,
    }
    (folder / "config.json").write_text(json.dumps(fields))
    return f"hf:{folder}"


def as_decoder(folder, config, dtype):
    """A Gemma 3 in the form of Hugging Face."""
    folder.mkdir()
    turned = {
        decoders.transformers_name(name, post_norms=True): np.ascontiguousarray(
            value.T if name.endswith("kernel") else value
        )
        for name, value in tensors(config, dtype).items()
    }
    safetensors.numpy.save_file(turned, folder / "model.safetensors")
    fields = {
        "model_type": "gemma3_text",
        "vocab_size": config.vocab_size,
        "hidden_size": config.emb_dim,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_kv_heads,
        "head_dim": config.head_dim,
        "intermediate_size": config.mlp_dim,
        "query_pre_attn_scalar": config.head_dim,
        "hidden_activation": "gelu_pytorch_tanh",
        "sliding_window": 512,
    }
    (folder / "config.json").write_text(json.dumps(fields))
    return f"hf:{folder}"


def as_scanned(folder, config, _):
    """Every layer in one tensor: the largest of them is an eighth of the model."""
    joined = {}
    layers = config.num_encoder_layers
    for name, value in tensors(config, np.float32).items():
        stack, *rest = name.split("/")
        if rest[0] == "relpos_bias":
            wide = np.stack([value] * layers, 1)
            joined["/".join([stack, stack, *rest])] = wide
        elif not rest[0].startswith("layers_"):
            joined[name] = value
        elif rest[0] == "layers_0":
            if rest[-2] in ("query", "key", "value"):
                value = value.reshape(config.emb_dim, config.num_heads, -1)
            elif rest[-2] == "out":
                value = value.reshape(config.num_heads, -1, config.emb_dim)
            wide = np.stack([value] * layers, 1)
            joined["/".join([stack, stack, *rest[1:]])] = wide
    return f"t5x:{t5x_trees.write(folder, joined)}"


@pytest.mark.parametrize(
    ("write", "how", "config"),
    [
        pytest.param(as_t5x, False, CONFIG, id="t5x"),
        pytest.param(as_t5x, True, CONFIG, id="t5x-inline"),
        pytest.param(as_scanned, None, CONFIG, id="t5x-scanned"),
        pytest.param(as_hugging_face, "float32", CONFIG, id="hf-float32"),
        pytest.param(as_hugging_face, jax.numpy.bfloat16, CONFIG, id="hf-bfloat16"),
        pytest.param(as_decoder, "float32", DECODER, id="decoder-float32"),
        pytest.param(as_decoder, jax.numpy.bfloat16, DECODER, id="decoder-bfloat16"),
    ],
)
def test_the_peak_is_at_most_1_3_times_the_parameters(tmp_path, write, how, config):
    small = dataclasses.replace(config, vocab_size=8, emb_dim=16, mlp_dim=16)
    uris = [
        write(tmp_path / "small", small, how),
        write(tmp_path / "large", config, how),
    ]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *uris], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    base, peak, size = map(int, done.stdout.split())
    print(f"parameters {size / 1e6:.0f} MB, beside the base {(peak - base) / size:.3f}")
    assert size > 200e6
    assert peak - base <= LIMIT * size
