"""One call for every kind of checkpoint."""

import jax
import numpy as np
import pytest

from speccascade.checkpoints import load, own_weights, safetensors_io
from speccascade.checkpoints.hashes import file_sha256, folder_sha256
from speccascade.checkpoints.loading import READERS
from speccascade.checkpoints.paths import resolve
from speccascade.errors import UserError
from speccascade.models import Gemma, GemmaConfig


@pytest.mark.parametrize("uri", ["", "t5x", "t5x:", "gopher:somewhere", "/a/path"])
def test_what_is_no_scheme_is_refused_with_the_schemes(uri):
    with pytest.raises(UserError, match="SCHEME:PATH") as caught:
        load(uri)
    assert all(scheme in str(caught.value) for scheme in READERS)


def test_a_model_that_ships_has_its_configuration_from_its_tree():
    checkpoint = load("mini:ende_docs_drafter", dtype="bfloat16")
    config = checkpoint.model.config
    assert (config.version, config.emb_dim, config.num_heads) == ("1.0", 192, 4)
    assert (config.num_encoder_layers, config.num_decoder_layers) == (3, 1)
    assert config.dtype == "bfloat16"
    path = resolve("package:ende_docs_drafter.safetensors")
    assert checkpoint.sha256 == file_sha256(path)
    assert checkpoint.vocabulary.size == config.vocab_size
    jax.tree.map(
        np.testing.assert_array_equal, checkpoint.params, safetensors_io.load(path)
    )


def test_the_decoders_that_ship_say_what_they_are_and_that_prompts_are_closed():
    for name, layers in (("drafter", 2), ("target", 6)):
        checkpoint = load(f"mini:ende_docs_gemma_{name}")
        assert checkpoint.model.config.num_layers == layers
        assert checkpoint.model.config.qk_norm
        assert checkpoint.closed_prompts
        assert checkpoint.vocabulary.size == checkpoint.model.config.vocab_size


def test_a_model_that_does_not_ship_is_refused_with_those_that_do():
    with pytest.raises(UserError, match=r"No model 'x' .* ende_docs_target, .*\."):
        load("mini:x")


def own_file(path, vocabulary_sha256):
    model = Gemma(
        config=GemmaConfig(
            vocab_size=16,
            emb_dim=4,
            num_layers=1,
            num_heads=1,
            num_kv_heads=1,
            head_dim=4,
            mlp_dim=8,
            tied=False,
        )
    )
    params = model.init(jax.random.key(0))
    said = own_weights.header(model) | {"vocabulary_sha256": vocabulary_sha256}
    safetensors_io.save(params, path, dtype="float32", metadata=said)
    return model, params


def test_a_file_of_ours_says_what_model_it_holds(tmp_path):
    path = tmp_path / "own.safetensors"
    model, params = own_file(path, "0" * 64)
    checkpoint = load(f"mini:{path}")
    assert checkpoint.model == model
    jax.tree.map(np.testing.assert_array_equal, checkpoint.params, params)
    assert (checkpoint.vocabulary, checkpoint.trained_with) == (None, "0" * 64)
    assert load(f"mini:{path}", dtype="bfloat16").model.config.dtype == "bfloat16"
    with pytest.raises(UserError, match="GemmaConfig has no heads"):
        load(f"mini:{path}", overrides={"heads": 2})
    with pytest.raises(UserError, match=r"lacks .*layers_1"):
        load(f"mini:{path}", overrides={"num_layers": 2})


def test_a_file_that_was_trained_with_the_vocabulary_that_ships_brings_it(tmp_path):
    path = tmp_path / "own.safetensors"
    shipped = load("mini:ende_docs_drafter").vocabulary
    own_file(path, shipped.sha256)
    assert load(f"mini:{path}").vocabulary.sha256 == shipped.sha256


def test_a_file_that_is_not_there_or_of_a_later_version_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"none\.safetensors are missing"):
        load(f"mini:{tmp_path / 'none.safetensors'}")
    path = tmp_path / "later.safetensors"
    safetensors_io.save(
        {"x": np.zeros(1, np.float32)}, path, metadata={"config": '{"kind": "Mamba"}'}
    )
    with pytest.raises(UserError, match="does not know"):
        load(f"mini:{path}")


def test_overrides_come_before_what_is_inferred_and_must_be_fields():
    overrides = {"dtype": "bfloat16"}
    assert load("mini:ende_docs_drafter", overrides=overrides).model.config.dtype == (
        "bfloat16"
    )
    with pytest.raises(UserError, match=r"rel_embedding \(4, 32\) instead of \(2, 32"):
        load("mini:ende_docs_drafter", overrides={"num_heads": 2})
    with pytest.raises(UserError, match=r"T5Config has no heads; it has vocab_size"):
        load("mini:ende_docs_drafter", overrides={"heads": 2})


def test_the_hash_of_a_folder_follows_names_and_contents_alone(tmp_path):
    def made(name, **contents):
        folder = tmp_path / name
        folder.mkdir()
        for file, text in contents.items():
            (folder / file).write_text(text)
        return folder_sha256(folder, reversed(list(folder.iterdir())))

    first = made("a", x="1", y="2")
    assert made("b", y="2", x="1") == first
    assert made("c", x="1", y="3") != first
    assert made("d", x="1", z="2") != first
