"""Checkpoints in the layout of T5X, in every spelling that it has had."""

import flax.traverse_util
import jax
import numpy as np
import pytest

from speccascade.checkpoints import load
from speccascade.errors import UserError
from tests.checkpoints.t5x_trees import (
    LAYERS,
    D,
    F,
    H,
    J,
    N,
    V,
    drawn,
    minimal,
    nested,
    scalable_unscanned,
    scanned,
    write,
    write_index,
)

SIZES = {
    "vocab_size": V,
    "emb_dim": D,
    "num_heads": N,
    "head_dim": H,
    "mlp_dim": F,
    "num_encoder_layers": LAYERS["encoder"],
    "num_decoder_layers": LAYERS["decoder"],
}


def loaded(folder, **options):
    """(configuration, flat parameters) of a checkpoint."""
    checkpoint = load(f"t5x:{folder}", **options)
    params = flax.traverse_util.flatten_dict(checkpoint.params, sep="/")
    assert {value.dtype.name for value in params.values()} == {"float32"}
    return checkpoint.model.config, params


def assert_holds(folder, tensors):
    """The checkpoint holds these tensors under these names."""
    _, params = loaded(folder)
    assert params.keys() == tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(params[name], tensor.astype(np.float32), name)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(("gated", "tied"), [(True, False), (False, True)])
def test_a_minimal_tree_comes_as_it_is_and_gives_its_configuration(
    tmp_path, gated, tied, dtype
):
    tensors = drawn(minimal(gated, tied), dtype)
    folder = write(tmp_path / "checkpoint_7", tensors)
    config, _ = loaded(folder, dtype="bfloat16")
    assert {name: getattr(config, name) for name in SIZES} == SIZES
    assert config.version == ("1.1" if gated else "1.0")
    assert not config.per_layer_bias
    assert config.dtype == "bfloat16"
    assert_holds(folder, tensors)


@pytest.mark.parametrize(
    "spelling",
    [
        {"slash": ""},
        {"top": True},
        {"top": True, "slash": ""},
        {"driver": "gfile"},
        {"driver": "gcs", "top": True, "slash": ""},
        {"chunk": 4},
    ],
    ids=lambda spelling: "-".join(f"{k}={v}" for k, v in spelling.items()),
)
def test_every_spelling_of_a_specification_is_read(tmp_path, spelling):
    tensors = drawn(minimal())
    assert_holds(write(tmp_path / "checkpoint_7", tensors, **spelling), tensors)


@pytest.mark.parametrize("version", [3, 1, 0])
def test_arrays_inline_are_read_from_a_folder_and_from_a_file_alone(tmp_path, version):
    tensors = drawn(minimal(), "bfloat16" if version == 3 else "float32")
    folder = tmp_path / "checkpoint_7"
    folder.mkdir()
    write_index(folder / "checkpoint", nested(tensors), version)
    assert_holds(folder, tensors)
    assert_holds(folder / "checkpoint", tensors)
    alone = (folder / "checkpoint").rename(tmp_path / "checkpoint_8")
    assert_holds(alone, tensors)


def test_an_array_inline_in_pieces_is_joined(tmp_path):
    # Flax cuts an array of more than 1 GiB.
    tensors = drawn(minimal())
    name = "token_embedder/embedding"
    flat = tensors[name].reshape(-1)
    pieces = {
        "__msgpack_chunked_array__": True,
        "shape": {"0": V, "1": D},
        "chunks": {"0": flat[:50], "1": flat[50:]},
    }
    write_index(tmp_path / "checkpoint", nested({**tensors, name: pieces}))
    assert_holds(tmp_path, tensors)


def by_layer(tensors):
    """What a scanned tree holds for every layer, heads joined, written out in loops."""
    found = {}
    for name, tensor in tensors.items():
        stack, *rest = name.split("/")
        if rest[0] != stack:
            found[name] = tensor
            continue
        for layer in range(LAYERS[stack]):
            one = np.stack([row[layer] for row in tensor])
            if "out" in rest:  # [N, H, D]: head by head, one below the other
                one = np.concatenate([one[head] for head in range(N)], 0)
            elif one.shape == (D, N, H):  # side by side
                one = np.concatenate([one[:, head] for head in range(N)], 1)
            found["/".join([stack, f"layers_{layer}", *rest[1:]])] = one
    return found


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_scanned_tree_is_taken_apart_with_a_table_for_every_layer(tmp_path, dtype):
    tensors = drawn(scanned(), dtype)
    folder = write(tmp_path / "checkpoint_7", tensors)
    config, params = loaded(folder)
    assert {name: getattr(config, name) for name in SIZES} == SIZES
    assert config.per_layer_bias
    assert_holds(folder, by_layer(tensors))
    assert params["encoder/layers_1/attention/query/kernel"].shape == (D, J)


def test_heads_apart_and_tables_by_layer_are_read_without_scanning_too(tmp_path):
    stacked = drawn(scanned())
    tensors = {name: stacked[name] for name in scalable_unscanned() if name in stacked}
    for name in scalable_unscanned().keys() - tensors.keys():
        stack, layer, *rest = name.split("/")
        whole = stacked["/".join([stack, stack, *rest])]
        tensors[name] = whole[:, int(layer.removeprefix("layers_"))]
    folder = write(tmp_path / "checkpoint_7", tensors)
    assert loaded(folder)[0].per_layer_bias
    assert_holds(folder, by_layer(stacked))


def test_a_gated_tree_without_an_output_has_its_scaled_embedding_for_one(tmp_path):
    tensors = drawn(minimal(gated=True, tied=True))
    config, params = loaded(write(tmp_path / "checkpoint_7", tensors))
    assert config.version == "1.1"
    np.testing.assert_allclose(
        params["decoder/logits_dense/kernel"],
        tensors["token_embedder/embedding"].T / np.sqrt(D),
        rtol=1e-6,
    )


def test_what_is_missing_more_and_misshapen_is_one_sentence(tmp_path):
    tensors = drawn(minimal())
    del tensors["decoder/layers_1/mlp/wo/kernel"]
    tensors["decoder/layers_0/mlp/wi_0/bias"] = np.zeros(F, np.float32)
    tensors["encoder/layers_1/mlp/wo/kernel"] = np.zeros((F, D + 1), np.float32)
    with pytest.raises(UserError) as caught:
        load(f"t5x:{write(tmp_path / 'checkpoint_7', tensors)}")
    message = str(caught.value)
    assert "lacks decoder/layers_1/mlp/wo/kernel and" in message
    assert "has the unexpected decoder/layers_0/mlp/wi_0/bias and" in message
    assert "encoder/layers_1/mlp/wo/kernel (7, 7) instead of (7, 6)" in message


@pytest.mark.parametrize(
    "lost", ["token_embedder/embedding", "encoder/relpos_bias/rel_embedding"]
)
def test_a_tensor_that_gives_a_size_is_named_when_it_is_not_there(tmp_path, lost):
    tensors = drawn(minimal())
    del tensors[lost]
    with pytest.raises(UserError, match="holds no T5: it has no"):
        load(f"t5x:{write(tmp_path / 'checkpoint_7', tensors)}")


def test_a_feed_forward_of_1_0_with_an_output_of_1_1_is_refused(tmp_path):
    folder = write(tmp_path / "checkpoint_7", drawn(minimal(gated=False, tied=False)))
    with pytest.raises(UserError, match="we have no such model"):
        load(f"t5x:{folder}")


def test_bfloat16_as_version_2_stored_it_is_refused(tmp_path):
    tensors = drawn(minimal(), "bfloat16")
    tensors = {name: tensor.view(np.uint16) for name, tensor in tensors.items()}
    folder = write(tmp_path / "checkpoint_7", tensors)
    with pytest.raises(UserError, match="as uint16, as version 2 of the format"):
        load(f"t5x:{folder}")


def test_a_chunk_that_is_not_there_is_no_block_of_zeros(tmp_path):
    folder = write(tmp_path / "checkpoint_7", drawn(minimal()), chunk=4)
    (folder / "target.token_embedder.embedding" / "1.0").unlink()
    with pytest.raises(
        UserError, match=r"token_embedder/embedding is not whole.*No such"
    ):
        load(f"t5x:{folder}")


def test_an_array_that_is_not_there_is_named(tmp_path):
    folder = write(tmp_path / "checkpoint_7", drawn(minimal()))
    (folder / "target.encoder.encoder_norm.scale" / ".zarray").unlink()
    with pytest.raises(UserError, match=r"encoder/encoder_norm/scale is not there"):
        load(f"t5x:{folder}")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not a whole index"),
        (b"\xc1", "is not a whole index"),
        (b"\x01", "has no target"),
        (b"\x81\xa7version\x09", "is of version 9"),
    ],
)
def test_a_damaged_index_is_one_sentence(tmp_path, content, complaint):
    (tmp_path / "checkpoint").write_bytes(content)
    with pytest.raises(UserError, match=complaint):
        load(f"t5x:{tmp_path}")


def test_the_folder_of_all_checkpoints_is_refused_with_their_names(tmp_path):
    write(tmp_path / "checkpoint_7", drawn(minimal()))
    with pytest.raises(UserError, match="Name one of checkpoint_7 in it"):
        load(f"t5x:{tmp_path}")


def test_the_hash_follows_parameters_and_not_the_optimizer(tmp_path):
    tensors = drawn(minimal())
    first = load(f"t5x:{write(tmp_path / 'a', tensors)}").sha256
    folder = write(tmp_path / "b", tensors)
    slot = folder / "state.param_states.encoder.encoder_norm.scale.v"
    slot.mkdir()
    (slot / "0").write_bytes(b"slot")
    assert load(f"t5x:{folder}").sha256 == first
    tensors["encoder/encoder_norm/scale"] += 1
    assert load(f"t5x:{write(tmp_path / 'c', tensors)}").sha256 != first


@pytest.mark.parametrize("use_ocdbt", [True, False])
def test_a_save_through_orbax_is_read(tmp_path, use_ocdbt):
    orbax = pytest.importorskip("orbax.checkpoint")
    tensors = drawn(minimal())
    state = {
        "target": jax.tree.map(jax.numpy.asarray, nested(tensors)),
        "state": {"step": np.array(7, np.int32)},
    }
    handler = orbax.PyTreeCheckpointHandler(use_ocdbt=use_ocdbt)
    with orbax.Checkpointer(handler) as checkpointer:
        checkpointer.save(tmp_path / "checkpoint_7" / "state", state)
    assert_holds(tmp_path / "checkpoint_7", tensors)
