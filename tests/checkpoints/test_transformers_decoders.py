"""Folders of Hugging Face: the golden decoders under the names of transformers."""

import dataclasses
import json

import numpy as np
import pytest
import safetensors.numpy

from speccascade.checkpoints import load
from speccascade.checkpoints.assembly import flatten, model_shapes
from speccascade.checkpoints.transformers_decoders import plan
from speccascade.errors import UserError
from speccascade.models.gemma_sizes import SIZES
from tests.checkpoints.decoders import (
    KINDS,
    check_logits,
    check_same,
    golden,
    transformers_config,
    transformers_tensors,
)

# What gemma-3-4b-pt says of its text half; transformers knows the rest.
GEMMA_3_4B = {
    "hidden_size": 2560,
    "intermediate_size": 10240,
    "model_type": "gemma3_text",
    "num_hidden_layers": 34,
    "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
    "sliding_window": 1024,
}


def write(folder, config, tensors):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    safetensors.numpy.save_file(tensors, folder / "model.safetensors")
    return f"hf:{folder}"


def config_of(config, **overrides):
    """Our configuration of a config.json, without any tensors."""
    return plan(config, {}, "folder", "float32", overrides).model.config


@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_gives_the_logits_of_transformers(tmp_path, kind, newer):
    config = transformers_config(kind, newer=newer)
    checkpoint = load(write(tmp_path, config, transformers_tensors(kind)))
    check_logits(checkpoint, kind)
    assert dataclasses.asdict(checkpoint.model.config) == golden(kind)[0]


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: f"language_model.{name}",
        lambda name: name.replace("model.", "model.language_model.", 1),
    ],
    ids=["published", "newer"],
)
def test_of_a_model_with_images_the_text_half_is_read(tmp_path, rename):
    tensors = transformers_tensors("gemma3")
    plain = load(write(tmp_path / "text", transformers_config("gemma3"), tensors))
    tensors = {rename(name): value for name, value in tensors.items()}
    for name in (
        "vision_tower.vision_model.embeddings.patch_embedding.weight",
        "model.vision_tower.vision_model.head.bias",
        "multi_modal_projector.mm_soft_emb_norm.weight",
    ):
        tensors[name] = np.zeros(3, np.float32)
    text = transformers_config("gemma3")
    del text["tie_word_embeddings"]
    config = {"model_type": "gemma3", "text_config": text, "vision_config": {}}
    uri = write(tmp_path / "images", config, tensors)
    check_same(load(uri), plain)
    tensors["audio_tower.weight"] = np.zeros(3, np.float32)
    with pytest.raises(UserError, match=r"unexpected audio_tower\.weight"):
        load(write(tmp_path / "images", config, tensors))


def test_an_output_that_is_the_embedding_may_be_stored_and_must_equal_it(tmp_path):
    tensors, config = transformers_tensors("gemma2"), transformers_config("gemma2")
    plain = load(write(tmp_path, config, tensors))
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].copy()
    check_same(load(write(tmp_path, config, tensors)), plain)
    tensors["lm_head.weight"] += 1
    with pytest.raises(UserError, match=r"a lm_head\.weight that is not its model\.em"):
        load(write(tmp_path, config, tensors))


def test_frequencies_that_early_conversions_stored_are_left_out(tmp_path):
    tensors = transformers_tensors("llama")
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = np.zeros(3, np.float32)
    check_logits(load(write(tmp_path, transformers_config("llama"), tensors)), "llama")


def test_texts_begin_with_bos_where_the_folder_says_so(tmp_path, vocabulary_path):
    uri = write(tmp_path, transformers_config("gemma1"), transformers_tensors("gemma1"))
    (tmp_path / "tokenizer.model").write_bytes(vocabulary_path.read_bytes())
    plain = load(uri).vocabulary.encode("Haus")
    settings = tmp_path / "tokenizer_config.json"
    settings.write_text('{"add_bos_token": true}')
    assert load(uri).vocabulary.encode("Haus") == [3, *plain]
    settings.write_text('{"add_bos_token": false}')
    assert load(uri).vocabulary.encode("Haus") == plain


def test_missing_and_unexpected_tensors_are_one_sentence(tmp_path):
    tensors = transformers_tensors("qwen2")
    del tensors["model.layers.1.self_attn.k_proj.bias"]
    tensors["model.layers.1.self_attn.o_proj.bias"] = np.zeros(16, np.float32)
    with pytest.raises(
        UserError,
        match=r"lacks model\.layers\.1\.self_attn\.k_proj\.bias and has the unexpected "
        r"model\.layers\.1\.self_attn\.o_proj\.bias",
    ):
        load(write(tmp_path, transformers_config("qwen2"), tensors))


def test_what_a_published_file_does_not_say_is_what_transformers_takes():
    config = {"model_type": "gemma3", "text_config": GEMMA_3_4B, "vision_config": {}}
    assert config_of(config) == SIZES["gemma-3-4b"]
    newest = {
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "model_type": "gemma2",
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "vocab_size": 256000,
    }
    assert config_of(newest) == SIZES["gemma-2-2b"]


def test_null_means_that_there_is_none():
    config = transformers_config("gemma2") | {
        "attn_logit_softcapping": None,
        "sliding_window": None,
    }
    found = config_of(config)
    assert (found.attention_cap, found.window, found.global_every) == (None, None, 1)


def test_every_layer_of_mistral_has_the_window_that_is_written():
    config = transformers_config("llama") | {"model_type": "mistral"}
    found = config_of({**config, "sliding_window": 5})
    assert {found.window_of(layer) for layer in range(found.num_layers)} == {5}
    assert config_of(config).window_of(0) == 4096
    assert config_of({**config, "sliding_window": None}).window_of(0) is None


def test_heads_and_bases_that_llama_does_not_write_follow_from_the_rest():
    config = transformers_config("llama", newer=False)
    for name in (
        "head_dim",
        "num_key_value_heads",
        "rope_theta",
        "tie_word_embeddings",
    ):
        del config[name]
    found = config_of(config)
    assert (found.head_dim, found.num_kv_heads) == (4, 4)
    assert (found.rope_base, found.tied) == (10_000.0, False)


def test_overrides_are_taken_in_place_of_what_is_written():
    found = config_of(transformers_config("gemma3"), window=3, rope_scale=2.0)
    assert (found.window, found.rope_scale) == (3, 2.0)
    with pytest.raises(UserError, match=r"no windows; it has vocab_size"):
        config_of(transformers_config("gemma3"), windows=3)


@pytest.mark.parametrize(
    ("kind", "change", "complaint"),
    [
        ("llama", {"rope_parameters": {"rope_type": "llama3"}}, "of type llama3; our"),
        (
            "llama",
            {"rope_scaling": {"type": "yarn"}, "rope_parameters": None},
            "of type yarn",
        ),
        ("llama", {"attention_bias": True}, "attention_bias True, which our decoders"),
        ("llama", {"mlp_bias": True}, "mlp_bias True"),
        ("llama", {"hidden_act": "relu"}, "activation relu; our decoders have gelu_py"),
        ("qwen2", {"use_sliding_window": True}, "use_sliding_window True"),
        ("gemma2", {"hidden_activation": "gelu"}, "the activation gelu;"),
        (
            "gemma2",
            {"rope_parameters": {"rope_type": "linear", "factor": 2}},
            "with a win",
        ),
        (
            "gemma3",
            {"use_bidirectional_attention": True},
            "bidirectional_attention True",
        ),
        (
            "gemma3",
            {"layer_types": ["full_attention", "sliding_attention"] * 2},
            "regular",
        ),
        ("gemma3", {"layer_types": ["full_attention"]}, "no regular pattern"),
        ("gemma3", {"partial_rotary_factor": 0.5}, "partial_rotary_factor 0.5"),
        (
            "gemma3",
            {"hidden_size": None, "num_hidden_layers": None},
            "lacks hidden_size, num_h",
        ),
    ],
)
def test_what_we_do_not_have_is_refused(kind, change, complaint):
    with pytest.raises(UserError, match=complaint):
        config_of(transformers_config(kind) | change)


def test_models_with_images_need_their_text_half():
    with pytest.raises(UserError, match=r"has no text_config\.$"):
        config_of({"model_type": "gemma3"})


def test_every_tensor_of_the_largest_published_model_has_an_origin():
    text = {
        "model_type": "gemma3_text",
        "hidden_size": 5376,
        "intermediate_size": 21504,
        "num_attention_heads": 32,
        "num_hidden_layers": 2,
        "num_key_value_heads": 16,
        "head_dim": 128,
        "query_pre_attn_scalar": 168,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "sliding_window": 1024,
    }
    found = plan(
        {"model_type": "gemma3", "text_config": text}, {}, "folder", "float32", {}
    )
    assert (
        dataclasses.replace(found.model.config, num_layers=62) == SIZES["gemma-3-27b"]
    )
    assert found.origins.keys() == flatten(model_shapes(found.model)).keys()
