"""Folders of Google's library `gemma`, written with Orbax from its tables of names."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint
import pytest

from speccascade.checkpoints import load
from speccascade.checkpoints.gemma_fields import CHOICES
from speccascade.checkpoints.gemma_tree import plan
from speccascade.errors import UserError
from speccascade.models.gemma_sizes import SIZES
from tests.checkpoints.decoders import check_logits, check_same, gemma_tree, golden

GEMMAS = ("gemma1", "gemma2", "gemma3")
IMAGES = {
    "vision_encoder/siglip_encoder/pos_embedding": np.zeros(2, np.float32),
    "embedder/mm_input_projection/w": np.zeros((2, 2), np.float32),
    "embedder/mm_soft_embedding_norm/scale": np.zeros(2, np.float32),
}


def choices(kind):
    """What a golden model chose for itself: no published size has its dimensions."""
    config = golden(kind)[0]
    return {name: config[name] for name in CHOICES[int(kind[-1])]}


def nested(tree):
    """{"a/b/c": x} -> {"a": {"b": {"c": x}}}, as the library saves it today."""
    found = {}
    for name, value in tree.items():
        *path, leaf = name.split("/")
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[leaf] = value
    return found


def flat(tree):
    """{"transformer/a/b": {"c": x}}, as published; leaves of mlp are called w."""
    found = {}
    for name, value in tree.items():
        if name.endswith(("/gating_einsum", "/linear")):
            name += "/w"
        module, leaf = name.rsplit("/", 1)
        found.setdefault(f"transformer/{module}", {})[leaf] = value
    return found


def stacked(tree, period):
    """Like `flat`, with layer i in slice i // period of kind i % period."""
    found, slices = {}, {}
    for name, leaves in flat(tree).items():
        top, layer, *rest = name.split("/")
        if not layer.startswith("layer_"):
            found[name] = leaves
            continue
        index = int(layer.removeprefix("layer_"))
        kind = f"attention_type_{index % period}"
        for leaf, value in leaves.items():
            at = "/".join([top, "stacked_layers", kind, *rest]), leaf
            slices.setdefault(at, {})[index // period] = value
    for (module, leaf), values in slices.items():
        stack = np.stack([values[index] for index in sorted(values)])
        found.setdefault(module, {})[leaf] = stack
    return found


def save(folder, tree):
    checkpointer = orbax.checkpoint.StandardCheckpointer()
    checkpointer.save(folder, tree)
    checkpointer.wait_until_finished()
    checkpointer.close()
    return f"orbax:{folder}"


@pytest.mark.parametrize("kind", GEMMAS)
def test_a_nested_folder_gives_the_logits_of_transformers(tmp_path, kind):
    uri = save(tmp_path / "gemma", nested(gemma_tree(kind)))
    checkpoint = load(uri, overrides=choices(kind))
    check_logits(checkpoint, kind)
    assert len(checkpoint.sha256) == 64 and checkpoint.vocabulary is None


@pytest.mark.parametrize(
    "layout",
    [flat, lambda tree: stacked(tree, 2), lambda tree: stacked(tree, 3)],
    ids=["flat", "stacked by 2", "stacked by 3"],
)
def test_every_layout_holds_the_same_model(tmp_path, layout):
    turned = layout(gemma_tree("gemma3", turned_gate=True))
    found = load(save(tmp_path / "other", turned), overrides=choices("gemma3"))
    plain = save(tmp_path / "nested", nested(gemma_tree("gemma3")))
    check_same(found, load(plain, overrides=choices("gemma3")))


def test_queries_keys_and_values_in_one_tensor_are_taken_apart(tmp_path):
    uri = save(tmp_path / "gemma", nested(gemma_tree("gemma1", joined=True)))
    checkpoint = load(uri)
    assert checkpoint.model.config.num_kv_heads == 4
    check_logits(checkpoint, "gemma1")  # repeated heads are shared heads


def test_bfloat16_is_widened_and_what_reads_images_is_left_out(tmp_path):
    tree = gemma_tree("gemma3") | IMAGES
    tree = {name: value.astype(jnp.bfloat16) for name, value in tree.items()}
    checkpoint = load(
        save(tmp_path / "gemma", nested(tree)), overrides=choices("gemma3")
    )
    expected = tree["final_norm/scale"].astype(np.float32)
    np.testing.assert_array_equal(checkpoint.params["final_norm"]["scale"], expected)
    assert {leaf.dtype for leaf in jax.tree.leaves(checkpoint.params)} == {
        jnp.dtype("float32")
    }


def published_shapes(name, turned_gate):
    """Shapes of a published size of two layers, from the library's modules."""
    size = SIZES[name]
    d, n, k = size.emb_dim, size.num_heads, size.num_kv_heads
    h, f = size.head_dim, size.mlp_dim
    shapes = {"embedder/input_embedding": (256_128, d), "final_norm/scale": (d,)}
    for layer in range(size.num_layers):
        at = f"layer_{layer}/"
        if n == k:
            shapes[at + "attn/qkv_einsum/w"] = (3, n, d, h)
        else:
            shapes[at + "attn/q_einsum/w"] = (n, d, h)
            shapes[at + "attn/kv_einsum/w"] = (2, k, d, h)
        shapes[at + "attn/attn_vec_einsum/w"] = (n, h, d)
        shapes[at + "mlp/gating_einsum"] = (2, f, d) if turned_gate else (2, d, f)
        shapes[at + "mlp/linear"] = (f, d)
        norms = ["pre_attention_norm", "pre_ffw_norm"]
        if "gemma-2-" in name or "gemma-3-" in name:
            norms += ["post_attention_norm", "post_ffw_norm"]
        shapes |= {f"{at}{norm}/scale": (d,) for norm in norms}
        if "gemma-3-" in name:
            shapes |= {
                f"{at}attn/_{word}_norm/scale": (h,) for word in ("query", "key")
            }
    return shapes


@pytest.mark.parametrize("name", ["gemma-2b", "gemma-7b", "gemma-2-2b", "gemma-3-270m"])
def test_a_published_size_needs_no_overrides(name):
    shapes = published_shapes(name, turned_gate=name == "gemma-3-270m")
    found = plan(shapes, "folder", "bfloat16", {}).model.config
    assert found == dataclasses.replace(
        SIZES[name], vocab_size=256_128, dtype="bfloat16"
    )
    changed = plan(shapes, "folder", "float32", {"window": 5, "global_every": 2})
    assert changed.model.config.window == 5


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("gemma2", "query_scale, window, global_every, attention_cap, final_cap"),
        ("gemma3", "query_scale, window, global_every, rope_base, rope_scale, local_r"),
    ],
)
def test_what_no_published_size_says_is_asked_for(tmp_path, kind, asked):
    uri = save(tmp_path / "gemma", nested(gemma_tree(kind)))
    with pytest.raises(UserError, match=f"does not say its {asked}"):
        load(uri)


def test_missing_and_misshapen_arrays_are_one_sentence(tmp_path):
    tree = gemma_tree("gemma1")
    del tree["layer_2/mlp/linear"]
    tree["layer_1/attn/q_einsum/w"] = np.zeros((4, 16, 7), np.float32)
    tree["adapter/w"] = np.zeros(1, np.float32)
    with pytest.raises(UserError) as caught:
        load(save(tmp_path / "gemma", nested(tree)))
    assert str(caught.value).endswith(
        "it lacks layer_2/mlp/linear and has the unexpected adapter/w and has "
        "layer_1/attn/q_einsum/w (4, 16, 7), which becomes (16, 28) instead of "
        "(16, 24)."
    )


def test_a_feed_forward_as_wide_as_the_model_is_refused():
    shapes = published_shapes("gemma-2b", turned_gate=False)
    shapes["layer_0/mlp/linear"] = (2048, 2048)
    with pytest.raises(UserError, match=r"order of its gating_einsum cannot be seen"):
        plan(shapes, "folder", "float32", {})


def test_a_folder_that_holds_no_gemma_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"missing is no folder"):
        load(f"orbax:{tmp_path / 'missing'}")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"holds no arrays"):
        load(f"orbax:{tmp_path / 'empty'}")
    other = save(tmp_path / "other", {"params": {"kernel": np.ones((2, 2))}})
    with pytest.raises(UserError, match=r"it has no embedder/input_embedding with 2"):
        load(other)
