"""Folders of Hugging Face: the golden T5s under the names that transformers gives."""

import json
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy

from speccascade.checkpoints import load
from speccascade.errors import UserError

GOLDEN = Path(__file__).parents[1] / "models" / "golden"
ATTENTION = {"query": "q", "key": "k", "value": "v", "out": "o"}
UNUSED = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"


def their_name(ours):
    """Name of one of our tensors in transformers, rewritten word by word."""
    fixed = {
        "token_embedder/embedding": "shared.weight",
        "decoder/logits_dense/kernel": "lm_head.weight",
        "encoder/encoder_norm/scale": "encoder.final_layer_norm.weight",
        "decoder/decoder_norm/scale": "decoder.final_layer_norm.weight",
    }
    if ours in fixed:
        return fixed[ours]
    stack, *rest = ours.split("/")
    table = "SelfAttention.relative_attention_bias"
    if rest[0] == "relpos_bias":
        return f"{stack}.block.0.layer.0.{table}.weight"
    block, word = rest[0].removeprefix("layers_"), rest[-2]
    place = {"mlp": 1, "cross": 1, "encoder_decoder_attention": 1}
    key = next((key for key in place if key in rest[1]), "self")
    index = place.get(key, 0) + (key == "mlp" and stack == "decoder")
    if rest[1].endswith("norm"):
        part = "layer_norm"
    elif key == "mlp":
        part = f"DenseReluDense.{word}"
    elif rest[1] == "relpos_bias":
        part = table
    else:
        kind = "EncDecAttention" if index else "SelfAttention"
        part = f"{kind}.{ATTENTION[word]}"
    return f"{stack}.block.{block}.layer.{index}.{part}.weight"


def their_tensors(case):
    return {
        their_name(name.removeprefix("params/")): np.ascontiguousarray(
            value if name.endswith("embedding") and "token" in name else value.T
        ).astype(np.float32)
        for name, value in case.items()
        if name.startswith("params/")
    }


def their_config(case):
    ours = json.loads(str(case["config"]))
    return {
        "model_type": "t5",
        "vocab_size": ours["vocab_size"],
        "d_model": ours["emb_dim"],
        "num_heads": ours["num_heads"],
        "d_kv": ours["head_dim"],
        "d_ff": ours["mlp_dim"],
        "num_layers": ours["num_encoder_layers"],
        "num_decoder_layers": ours["num_decoder_layers"],
        "feed_forward_proj": "relu" if ours["version"] == "1.0" else "gated-gelu",
    } | ({} if ours["version"] == "1.0" else {"tie_word_embeddings": False})


@pytest.fixture(params=["1_0", "1_1"])
def case(request):
    with np.load(GOLDEN / f"t5_{request.param}.npz") as arrays:
        return dict(arrays)


@pytest.fixture
def newer():
    with np.load(GOLDEN / "t5_1_1.npz") as arrays:
        return dict(arrays)


def write(folder, config, tensors):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    safetensors.numpy.save_file(tensors, folder / "model.safetensors")
    return f"hf:{folder}"


def logits(checkpoint, case):
    tokens = jnp.array(case["tokens"])
    valid = jnp.arange(tokens.shape[1])[None] < jnp.array(case["lengths"])[:, None]
    targets = jnp.array(case["decoder_tokens"])
    run = jax.jit(checkpoint.model.module.apply)
    return np.array(run({"params": checkpoint.params}, tokens, valid, targets))


def test_a_folder_gives_the_logits_of_transformers(tmp_path, case):
    checkpoint = load(write(tmp_path, their_config(case), their_tensors(case)))
    assert checkpoint.model.config.version == json.loads(str(case["config"]))["version"]
    np.testing.assert_allclose(
        logits(checkpoint, case), case["logits"], rtol=0, atol=1e-4
    )


def test_shards_are_read_through_their_index(tmp_path, case, vocabulary_path):
    tensors, config = their_tensors(case), their_config(case)
    whole = load(write(tmp_path / "whole", config, tensors))
    folder = tmp_path / "sharded"
    folder.mkdir()
    names = sorted(tensors)
    weight_map = {}
    for shard in range(3):
        file = f"model-{shard}-of-3.safetensors"
        part = {name: tensors[name] for name in names[shard::3]}
        safetensors.numpy.save_file(part, folder / file)
        weight_map |= dict.fromkeys(part, file)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "spiece.model").write_bytes(vocabulary_path.read_bytes())
    found = load(f"hf:{folder}")
    jax.tree.map(np.testing.assert_array_equal, found.params, whole.params)
    assert (found.vocabulary.size, whole.vocabulary) == (6144, None)
    assert found.sha256 != whole.sha256
    (folder / "model-1-of-3.safetensors").unlink()
    with pytest.raises(UserError, match=r"model-1-of-3\.safetensors are missing"):
        load(f"hf:{folder}")


def test_bfloat16_and_copies_of_the_embedding_are_read(tmp_path, case):
    tensors = {
        name: value.astype(jnp.bfloat16) for name, value in their_tensors(case).items()
    }
    tensors["encoder.embed_tokens.weight"] = tensors["shared.weight"].copy()
    tensors[UNUSED] = np.zeros((32, 3), np.float32)
    uri = write(tmp_path, their_config(case), tensors)
    found = load(uri).params["token_embedder"]["embedding"]
    np.testing.assert_array_equal(found, tensors["shared.weight"].astype(np.float32))
    tensors["decoder.embed_tokens.weight"] = tensors["shared.weight"] + 1
    write(tmp_path, their_config(case), tensors)
    with pytest.raises(UserError, match=r"decoder\.embed_tokens\.weight that is not"):
        load(uri)


@pytest.mark.parametrize(
    ("written", "scale"),
    [
        # Published: not tied. transformers 5, saving a fresh one: tied, not scaled.
        ({"tie_word_embeddings": False}, 1),
        ({"tie_word_embeddings": True, "scale_decoder_outputs": False}, 1),
        ({"tie_word_embeddings": True}, 1 / 4),  # 16^-1/2
        ({"model_type": "mt5", "tie_word_embeddings": True}, 1),
        ({"model_type": "mt5", "tie_word_embeddings": False}, 1),
    ],
)
@pytest.mark.parametrize("has_output", [True, False])
def test_a_gated_t5_is_scaled_as_its_configuration_says(
    tmp_path, newer, written, scale, has_output
):
    tensors = their_tensors(newer)
    output = tensors["lm_head.weight" if has_output else "shared.weight"]
    if not has_output:
        del tensors["lm_head.weight"]
    config = {**their_config(newer), **written}
    found = load(write(tmp_path, config, tensors)).params["decoder"]["logits_dense"]
    np.testing.assert_array_equal(found["kernel"], output.T * np.float32(scale))


def test_a_table_for_every_layer_is_read_from_umt5(tmp_path, newer):
    tensors = their_tensors(newer)
    table = "SelfAttention.relative_attention_bias.weight"
    for stack in ("encoder", "decoder"):
        first = tensors[f"{stack}.block.0.layer.0.{table}"]
        tensors[f"{stack}.block.1.layer.0.{table}"] = first.copy()
    config = {**their_config(newer), "model_type": "umt5"}
    checkpoint = load(write(tmp_path, config, tensors))
    assert checkpoint.model.config.per_layer_bias
    # Equal tables in all layers are one shared table.
    np.testing.assert_allclose(
        logits(checkpoint, newer), newer["logits"], rtol=0, atol=1e-4
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"model_type": "bart"}, "model_type 'bart'; known are"),
        ({"feed_forward_proj": "gated-silu"}, "feed-forward of kind gated-silu"),
        ({"relative_attention_num_buckets": 64}, "num_buckets 64; our T5 has 32 only"),
        ({"layer_norm_epsilon": 1e-5}, "layer_norm_epsilon 1e-05"),
        ({"feed_forward_proj": "relu"}, "not scaled, as 1.1; we have no such model"),
        ({"vocab_size": 63}, r"shared.weight \(64, 16\) instead of \(63, 16\)"),
        ({"d_ff": 41}, r"wo.weight \(16, 40\), which becomes \(40, 16\) instead of"),
    ],
)
def test_what_we_do_not_have_is_refused(tmp_path, newer, change, complaint):
    config = {**their_config(newer), **change}
    with pytest.raises(UserError, match=complaint):
        load(write(tmp_path, config, their_tensors(newer)))


def test_a_configuration_that_lacks_sizes_is_refused_with_their_names(tmp_path, newer):
    config = their_config(newer)
    del config["d_kv"], config["d_ff"]
    with pytest.raises(UserError, match=r"lacks d_kv, d_ff\.$"):
        load(write(tmp_path, config, their_tensors(newer)))


def test_what_is_missing_and_more_is_one_sentence(tmp_path, newer):
    tensors = their_tensors(newer)
    del tensors["encoder.final_layer_norm.weight"]
    tensors["adapter.weight"] = np.zeros(1, np.float32)
    with pytest.raises(
        UserError,
        match=r"lacks encoder\.final_layer_norm\.weight and has the unexpected ada",
    ):
        load(write(tmp_path, their_config(newer), tensors))


def test_a_folder_without_safetensors_is_refused(tmp_path, newer):
    (tmp_path / "config.json").write_text(json.dumps(their_config(newer)))
    with pytest.raises(UserError, match=r"holds neither model\.safetensors nor"):
        load(f"hf:{tmp_path}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UserError, match=r"pytorch_model\.bin must be saved as"):
        load(f"hf:{tmp_path}")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read"), ("{", "is not JSON"), ("[]", "holds no JSON object")],
)
def test_a_damaged_configuration_is_one_sentence(tmp_path, content, complaint):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=re.escape("config.json") + ".*" + complaint):
        load(f"hf:{tmp_path}")
