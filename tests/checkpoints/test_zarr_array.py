"""Arrays of zarr, cut in any way, as TensorStore writes them."""

import jax.numpy as jnp
import numpy as np
import pytest
import tensorstore

from speccascade.checkpoints.zarr_array import read_zarr
from speccascade.errors import UserError
from tests.checkpoints.t5x_trees import UNSYNCED


def write(folder, array, chunks, compressor):
    metadata = {"shape": array.shape, "chunks": chunks, "compressor": compressor}
    store = tensorstore.open(
        {
            "driver": "zarr",
            "kvstore": {"driver": "file", "path": f"{folder}/"},
            "dtype": array.dtype.name,
            "metadata": metadata,
        },
        create=True,
        context=UNSYNCED,
    ).result()
    store.write(array).result()
    return folder


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "uint16"])
@pytest.mark.parametrize(
    "compressor",
    [None, {"id": "gzip"}, {"id": "zlib"}, {"id": "blosc"}, {"id": "zstd"}],
    ids=lambda compressor: compressor["id"] if compressor else "none",
)
@pytest.mark.parametrize("chunks", [(5, 7), (2, 3), (5, 1), (9, 9)])
def test_an_array_comes_back_exactly(tmp_path, chunks, compressor, dtype):
    array = (1 + np.arange(35).reshape(5, 7)).astype(jnp.dtype(dtype))
    folder = write(tmp_path / "array", array, chunks, compressor)
    found = read_zarr(folder, "it", (5, 7))
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_a_scalar_and_a_vector_are_read(tmp_path):
    for name, array in {"scalar": np.float32(7), "vector": np.arange(3.0)}.items():
        array = np.asarray(array)
        folder = write(tmp_path / name, array, array.shape, {"id": "gzip"})
        np.testing.assert_array_equal(read_zarr(folder, name, array.shape), array)


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "array", np.ones((4, 4)), (2, 4), {"id": "gzip"})


def test_a_chunk_cut_short_is_an_error(folder):
    chunk = folder / "1.0"
    chunk.write_bytes(chunk.read_bytes()[:-9])
    with pytest.raises(UserError, match="it is not whole"):
        read_zarr(folder, "it", (4, 4))


def test_a_lost_chunk_is_an_error_through_tensorstore_too(tmp_path):
    folder = write(tmp_path / "array", np.ones((4, 4)), (2, 4), {"id": "zstd"})
    (folder / "1.0").unlink()
    with pytest.raises(UserError, match="it is not whole"):
        read_zarr(folder, "it", (4, 4))


def test_another_shape_is_an_error(folder):
    with pytest.raises(UserError, match=r"it is \(4, 5\); its array is \(4, 4\)"):
        read_zarr(folder, "it", (4, 5))


@pytest.mark.parametrize("content", ["{", "{}", "[]"])
def test_damaged_metadata_is_an_error(folder, content):
    (folder / ".zarray").write_text(content)
    with pytest.raises(UserError, match=r"/\.zarray is damaged"):
        read_zarr(folder, "it", (4, 4))
