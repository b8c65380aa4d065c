"""Our parameters as a checkpoint of T5X, compared with one that T5X wrote."""

import json
import os
from pathlib import Path

import msgpack
import numpy as np
import pytest
import tensorstore

from speccascade.checkpoints import load, t5x_export
from speccascade.checkpoints.t5x_export import chunk_shape, export
from speccascade.errors import UserError
from tests.checkpoints.t5x_trees import drawn, minimal, scanned, write

FIXTURES = os.environ.get("SPECCASCADE_FIXTURES")


@pytest.fixture(autouse=True)
def without_waiting_for_the_disk(monkeypatch):
    context = tensorstore.Context({"file_io_sync": False})
    monkeypatch.setattr(t5x_export, "_CONTEXT", context)


def arrays(folder):
    """Name -> (.zarray, values) of every parameter's array."""
    found = {}
    for path in folder.glob("target.*"):
        array = tensorstore.open(
            {"driver": "zarr", "kvstore": {"driver": "file", "path": f"{path}/"}}
        ).result()
        metadata = json.loads((path / ".zarray").read_text())
        found[path.name] = metadata, array.read().result()
    return found


def index(folder):
    """The index with its arrays as (shape, dtype, bytes)."""

    def decoded(code, data):
        assert code in (1, 3)
        return tuple(map(tuple, msgpack.unpackb(data)[:1])), data

    return msgpack.unpackb((folder / "checkpoint").read_bytes(), ext_hook=decoded)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, (metadata, values) in expected.items():
        assert found[name][0] == metadata, name
        np.testing.assert_array_equal(found[name][1], values, name)


@pytest.mark.checkpoint
@pytest.mark.skipif(FIXTURES is None, reason="SPECCASCADE_FIXTURES is not set")
def test_a_checkpoint_of_t5x_comes_out_as_it_went_in(tmp_path):
    original = Path(FIXTURES) / "t5x" / "t5_1_1_tiny" / "checkpoint_7"
    exported = export(load(f"t5x:{original}").params, tmp_path, 7)
    assert exported == tmp_path / "checkpoint_7"
    assert_same(arrays(exported), arrays(original))
    theirs, ours = index(original), index(exported)
    del theirs["optimizer"]["state"]["param_states"]
    assert ours == theirs


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("shapes", [minimal(), minimal(False, True), scanned()])
def test_every_tree_comes_out_as_it_went_in(tmp_path, shapes, dtype):
    original = write(tmp_path / "theirs", drawn(shapes, dtype))
    params = load(f"t5x:{original}").params
    exported = export(params, tmp_path / "new" / "ours", 7, dtype=dtype)
    assert_same(arrays(exported), arrays(original))
    assert (
        index(exported)["optimizer"]["target"] == index(original)["optimizer"]["target"]
    )


def test_a_tensor_of_zeros_is_written_and_read(tmp_path):
    tensors = {name: np.zeros_like(value) for name, value in drawn(minimal()).items()}
    tree = load(f"t5x:{write(tmp_path / 'theirs', drawn(minimal()))}").params
    tree["encoder"]["encoder_norm"]["scale"] *= 0
    found = load(f"t5x:{export(tree, tmp_path, 0)}").params
    expected = tensors["encoder/encoder_norm/scale"]
    np.testing.assert_array_equal(found["encoder"]["encoder_norm"]["scale"], expected)


@pytest.mark.parametrize(
    ("shape", "elements", "expected"),
    [
        ((32128, 1024), 16 * 2**20, [16064, 1024]),  # of T5 large, halved once
        ((384, 32), 16 * 2**20, [384, 32]),
        ((6, 6), 18, [3, 6]),  # the first of the longest
        ((6, 7), 30, [6, 1]),  # 7 is prime
        ((5,), 1, [1]),
    ],
)
def test_arrays_are_cut_as_t5x_cuts_them(shape, elements, expected):
    assert chunk_shape(shape, elements) == expected


def test_a_large_array_is_written_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(t5x_export, "CHUNK_ELEMENTS", 33)
    tensors = drawn(minimal())
    params = load(f"t5x:{write(tmp_path / 'theirs', tensors)}").params
    exported = export(params, tmp_path, 7)
    metadata, values = arrays(exported)["target.token_embedder.embedding"]
    assert metadata["chunks"] == [1, 6]  # of 11 by 6: 11 is prime
    np.testing.assert_array_equal(values, tensors["token_embedder/embedding"])
    name = "target.decoder.logits_dense.kernel"
    assert len(list((exported / name).iterdir())) == 1 + 11  # .zarray and chunks


def test_a_checkpoint_that_is_there_is_not_written_over(tmp_path):
    params = load(f"t5x:{write(tmp_path / 'theirs', drawn(minimal()))}").params
    export(params, tmp_path, 7)
    with pytest.raises(UserError, match="checkpoint_7 is there already"):
        export(params, tmp_path, 7)


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    params = load(f"t5x:{write(tmp_path / 'theirs', drawn(minimal()))}").params

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(t5x_export, "_index", full)
    with pytest.raises(UserError, match=r"cannot be written: .*No space left"):
        export(params, tmp_path / "new", 7)
    assert list((tmp_path / "new").iterdir()) == []


def test_what_is_no_t5_in_training_layout_is_refused(tmp_path):
    checkpoint = load(f"t5x:{write(tmp_path / 'theirs', drawn(minimal()))}")
    decoding = checkpoint.model.for_decoding(checkpoint.params)
    with pytest.raises(UserError, match="it has no decoder/layers_0/mlp/wo/kernel"):
        export(decoding, tmp_path, 7)
    with pytest.raises(UserError, match="The tree of parameters holds no T5"):
        export({"embedder": {"table": np.zeros((2, 2))}}, tmp_path, 7)
    with pytest.raises(ValueError, match="float16"):
        export(checkpoint.params, tmp_path, 7, dtype="float16")
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]
