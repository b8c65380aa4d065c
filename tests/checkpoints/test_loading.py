"""One call for every kind of checkpoint."""

import jax
import numpy as np
import pytest

from speccascade.checkpoints import load, safetensors_io
from speccascade.checkpoints.hashes import file_sha256, folder_sha256
from speccascade.checkpoints.loading import READERS
from speccascade.checkpoints.paths import resolve
from speccascade.errors import UserError


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


def test_a_model_that_does_not_ship_is_refused_with_those_that_do():
    with pytest.raises(UserError, match=r"No model 'x' .* ende_docs_target\."):
        load("mini:x")


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
