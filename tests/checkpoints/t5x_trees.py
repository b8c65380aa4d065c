"""Trees of T5X as its two models name and shape them, and a writer of its layout.

The tables are written from T5X's sources, not from what our reader expects; the writer
shares nothing with our export. Widths all differ, so that no transpose hides.
"""

import math

import jax.numpy as jnp
import numpy as np
import tensorstore
from flax import serialization

V, D, N, H, F, LAYERS = 11, 6, 2, 5, 7, {"encoder": 2, "decoder": 3}
J = N * H
UNSYNCED = tensorstore.Context({"file_io_sync": False})  # tests do not wait for disks
ATTENTION = {"encoder": ["attention"], "decoder": ["self_attention"]}
ATTENTION["decoder"].append("encoder_decoder_attention")
NORMS = {
    "encoder": ["pre_attention_layer_norm", "pre_mlp_layer_norm"],
    "decoder": [
        "pre_self_attention_layer_norm",
        "pre_cross_attention_layer_norm",
        "pre_mlp_layer_norm",
    ],
}


def minimal(gated=True, tied=False):
    """examples/t5: heads joined, one table of relative positions a stack."""
    shapes = _outer(tied)
    for stack, layers in LAYERS.items():
        shapes[f"{stack}/relpos_bias/rel_embedding"] = (N, 32)
        for layer in range(layers):
            at = f"{stack}/layers_{layer}"
            for attention in ATTENTION[stack]:
                for word in ("query", "key", "value"):
                    shapes[f"{at}/{attention}/{word}/kernel"] = (D, J)
                shapes[f"{at}/{attention}/out/kernel"] = (J, D)
            for norm in NORMS[stack]:
                shapes[f"{at}/{norm}/scale"] = (D,)
            for word in ("wi_0", "wi_1") if gated else ("wi",):
                shapes[f"{at}/mlp/{word}/kernel"] = (D, F)
            shapes[f"{at}/mlp/wo/kernel"] = (F, D)
    return shapes


def scanned():
    """examples/scalable_t5: layers along axis 1, heads apart, a table a layer."""
    shapes = _outer(tied=False)
    for stack, layers in LAYERS.items():
        at = f"{stack}/{stack}"
        shapes[f"{at}/relpos_bias/rel_embedding"] = (N, layers, 32)
        for attention in ATTENTION[stack]:
            for word in ("query", "key", "value"):
                shapes[f"{at}/{attention}/{word}/kernel"] = (D, layers, N, H)
            shapes[f"{at}/{attention}/out/kernel"] = (N, layers, H, D)
        for norm in NORMS[stack]:
            shapes[f"{at}/{norm}/scale"] = (D, layers)
        for word in ("wi_0", "wi_1"):
            shapes[f"{at}/mlp/{word}/kernel"] = (D, layers, F)
        shapes[f"{at}/mlp/wo/kernel"] = (F, layers, D)
    return shapes


def scalable_unscanned():
    """examples/scalable_t5 with scan_layers=False."""
    shapes = _outer(tied=False)
    for name, shape in scanned().items():
        stack, *rest = name.split("/")
        if rest[0] == stack:
            for layer in range(LAYERS[stack]):
                key = "/".join([stack, f"layers_{layer}", *rest[1:]])
                shapes[key] = (shape[0], *shape[2:])
    return shapes


def _outer(tied):
    shapes = {
        "token_embedder/embedding": (V, D),
        "encoder/encoder_norm/scale": (D,),
        "decoder/decoder_norm/scale": (D,),
    }
    return shapes if tied else shapes | {"decoder/logits_dense/kernel": (D, V)}


def drawn(shapes, dtype="float32"):
    """Random tensors of these shapes, whose values bfloat16 holds exactly."""
    rng = np.random.default_rng(0)
    return {
        name: np.array(rng.integers(-40, 40, shape) / 64, jnp.dtype(dtype))
        for name, shape in sorted(shapes.items())
    }


def nested(flat):
    """{"a/b": 1} -> {"a": {"b": 1}}."""
    tree = {}
    for name, value in flat.items():
        *path, last = name.split("/")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return tree


def write(folder, tensors, *, slash="/", top=False, driver="file", chunk=None):
    """Writes `tensors` as T5X does, with the spellings that its versions have had.

    slash: what a path ends in. top: whether the path stands beside the kvstore. driver:
    of the kvstore. chunk: longest side of a chunk.
    """
    folder.mkdir(parents=True)
    specs = {}
    for name, tensor in tensors.items():
        path = "target." + name.replace("/", ".")
        metadata = {
            "shape": list(tensor.shape),
            "chunks": [min(side, chunk or side) for side in tensor.shape],
            "compressor": {"id": "gzip", "level": 1},
        }
        tensorstore.open(
            {
                "driver": "zarr",
                "kvstore": {"driver": "file", "path": f"{folder}/{path}/"},
                "dtype": tensor.dtype.name,
                "metadata": metadata,
            },
            create=True,
            context=UNSYNCED,
        ).result().write(tensor).result()
        kvstore = {"driver": driver}
        if driver == "gcs":
            kvstore["bucket"] = "t5x-dummy-bucket"
        spec = {
            "driver": "zarr",
            "dtype": tensor.dtype.name,
            "kvstore": kvstore,
            "metadata": metadata,
        }
        (spec if top else kvstore)["path"] = path + slash
        specs[name] = spec
    write_index(folder / "checkpoint", nested(specs))
    return folder


def write_index(file, target, version=3):
    state = {"step": np.int32(7), "param_states": {}}
    optimizer = {"target": target, "state": state}
    contents = {"version": version, "optimizer": optimizer} if version else optimizer
    file.write_bytes(serialization.msgpack_serialize(contents))


def number_of_parameters(shapes):
    return sum(map(math.prod, shapes.values()))
