"""Arrays of a msgpack file stay on the disk until they are read."""

import jax.numpy as jnp
import msgpack
import numpy as np
import pytest
from flax import serialization

from speccascade.checkpoints.msgpack_tree import StoredArray, read_tree

TREE = {
    "small": np.zeros((), np.int32),  # a fixed-length extension, as the longer ones
    "scalar": np.float32(2.5),
    "vector": np.arange(40, dtype=np.float32),
    "matrix": np.arange(600, dtype=np.float32).reshape(20, 30),
    "wide": np.arange(80_000, dtype=np.float32).reshape(2, 40_000),
    "brain": np.arange(6).reshape(3, 2).astype(jnp.bfloat16),
    "empty": np.zeros((0, 3), np.float32),
    "text": "a",
    "number": -7,
    "list": [1, 2.5, None, {"a": True}],
    "many": {f"key{index}": index for index in range(20)},
    "nothing": {},
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(serialization.msgpack_serialize({"tree": dict(TREE)}))
    return path


def test_everything_comes_back_and_arrays_are_read_when_asked_for(path):
    found = read_tree(path)["tree"]
    assert found.keys() == TREE.keys()
    for name, value in TREE.items():
        if not isinstance(value, np.ndarray | np.generic):
            assert found[name] == value
            continue
        assert isinstance(found[name], StoredArray)
        read = found[name].read()
        assert (read.shape, read.dtype) == (value.shape, value.dtype)
        np.testing.assert_array_equal(read, value)


def test_another_extension_is_left_alone(tmp_path):
    (tmp_path / "file").write_bytes(msgpack.packb({"a": msgpack.ExtType(5, b"xyz")}))
    assert read_tree(tmp_path / "file") == {"a": msgpack.ExtType(5, b"xyz")}


@pytest.mark.parametrize("kept", [0, 1, 5, 300, -1])
def test_a_file_cut_short_is_an_error(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises((ValueError, msgpack.UnpackException)):
        read_tree(path)
