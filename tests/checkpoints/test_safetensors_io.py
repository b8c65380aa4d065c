"""Parameters to a file and back."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.checkpoints import safetensors_io
from speccascade.errors import UserError

PARAMS = {
    "decoder": {
        "norm": {"scale": jnp.array([1.0, 1.001, -3.0])},
        "wo": {"kernel": jnp.arange(6.0).reshape(2, 3)},
    },
    "embedding": jnp.array([[0.1]]),
}
SHAPES = jax.eval_shape(lambda: PARAMS)


def assert_equal_trees(found, expected):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(
        jax.tree.leaves(found), jax.tree.leaves(expected), strict=True
    ):
        assert one.dtype == jnp.float32
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.safetensors"


def test_float32_comes_back_exactly(path):
    safetensors_io.save(PARAMS, path, dtype="float32")
    assert_equal_trees(safetensors_io.load(path, SHAPES), PARAMS)


def test_bfloat16_comes_back_as_float32_rounded_once(path):
    safetensors_io.save(PARAMS, path)
    rounded = jax.tree.map(lambda x: x.astype("bfloat16").astype("float32"), PARAMS)
    assert_equal_trees(safetensors_io.load(path, SHAPES), rounded)
    assert not np.array_equal(rounded["embedding"], PARAMS["embedding"])


def test_names_in_the_file_are_joined_by_slashes(path):
    safetensors_io.save(PARAMS, path)
    with safetensors_io.safetensors.safe_open(path, framework="flax") as file:
        assert set(file.keys()) == {
            "decoder/norm/scale",
            "decoder/wo/kernel",
            "embedding",
        }


def test_metadata_comes_back(path):
    safetensors_io.save(PARAMS, path, metadata={"licence": "Apache-2.0", "step": "7"})
    found = safetensors_io.read_metadata(path)
    assert found == {"licence": "Apache-2.0", "step": "7"}
    safetensors_io.save(PARAMS, path)
    assert safetensors_io.read_metadata(path) == {}


def test_a_write_that_fails_leaves_the_old_file_and_no_other(path, monkeypatch):
    safetensors_io.save(PARAMS, path)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="cannot be written: No space left on device"):
        safetensors_io.save({"other": jnp.zeros(3)}, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="cannot be written: No such file"):
        safetensors_io.save(PARAMS, tmp_path / "none" / "weights.safetensors")


def test_a_missing_file_is_one_sentence(path):
    with pytest.raises(
        UserError, match=r"^The weights .*weights\.safetensors are miss"
    ):
        safetensors_io.load(path)


def test_a_file_cut_short_is_one_sentence(path):
    safetensors_io.save(PARAMS, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="is not a whole safetensors file"):
        safetensors_io.load(path)


def test_a_folder_in_place_of_the_file_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        safetensors_io.load(tmp_path)


def test_everything_that_differs_is_said_at_once(path):
    decoder = {"norm": {"scale": jnp.zeros(3)}, "wo": {"kernel": jnp.zeros((3, 2))}}
    safetensors_io.save({"decoder": decoder, "layer_0": jnp.zeros(1)}, path)
    with pytest.raises(
        UserError,
        match=r"it lacks embedding and has the unexpected layer_0 and has "
        r"decoder/wo/kernel \(3, 2\) instead of \(2, 3\)\.$",
    ):
        safetensors_io.load(path, SHAPES)


def test_an_unknown_dtype_is_a_mistake_of_the_caller(path):
    with pytest.raises(ValueError, match="float16"):
        safetensors_io.save(PARAMS, path, dtype="float16")
