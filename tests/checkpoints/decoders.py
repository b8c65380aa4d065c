"""The golden decoders in the forms that others write.

Each form is written down here from its own documentation, name by name; nothing is
shared with our readers. The widths of the golden models all differ, so no transpose
hides.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

GOLDEN = Path(__file__).parents[1] / "models" / "golden"
KINDS = ("gemma1", "gemma2", "gemma3", "llama", "qwen2")
TOLERANCE = 1e-4  # as in the tests of the models; logits are of size 1 to 5


def golden(kind):
    """(fields of our configuration, our tensors by name, sequences, their logits)."""
    with np.load(GOLDEN / f"{kind}.npz") as arrays:
        tensors = {
            name.removeprefix("params/"): arrays[name].astype(np.float32)
            for name in arrays
            if name.startswith("params/")
        }
        config = json.loads(str(arrays["config"]))
        return config, tensors, arrays["sequences"], arrays["logits"]


def check_logits(checkpoint, kind):
    """The model gives the logits that transformers gave."""
    _, _, sequences, expected = golden(kind)
    run = jax.jit(checkpoint.model.module.apply)
    found = np.array(run({"params": checkpoint.params}, jnp.array(sequences)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)


def check_same(found, expected):
    """Two checkpoints are one: configuration and every number."""
    assert found.model.config == expected.model.config
    jax.tree.map(np.testing.assert_array_equal, found.params, expected.params)


def transformers_tensors(kind):
    """Tensors as `transformers` names and lays them."""
    config, tensors, _, _ = golden(kind)
    found = {}
    for name, value in tensors.items():
        value = np.ascontiguousarray(value.T if name.endswith("kernel") else value)
        found[transformers_name(name, config["post_norms"])] = value
    return found


def transformers_name(name, post_norms):
    fixed = {
        "token_embedder/embedding": "model.embed_tokens.weight",
        "final_norm/scale": "model.norm.weight",
        "logits_dense/kernel": "lm_head.weight",
    }
    if name in fixed:
        return fixed[name]
    layer, part, *rest = name.split("/")
    at = f"model.layers.{layer.removeprefix('layers_')}."
    if part == "attention":
        word, leaf = rest
        if word.endswith("_norm"):
            return f"{at}self_attn.{word[0]}_norm.weight"
        suffix = "bias" if leaf == "bias" else "weight"
        return f"{at}self_attn.{word[0]}_proj.{suffix}"
    if part == "mlp":
        word = {"wi_0": "gate", "wi_1": "up", "wo": "down"}[rest[0]]
        return f"{at}mlp.{word}_proj.weight"
    if not post_norms and part == "pre_mlp_norm":
        return f"{at}post_attention_layernorm.weight"
    word = {
        "pre_attention_norm": "input",
        "post_attention_norm": "post_attention",
        "pre_mlp_norm": "pre_feedforward",
        "post_mlp_norm": "post_feedforward",
    }[part]
    return f"{at}{word}_layernorm.weight"


def transformers_config(kind, *, newer=True):
    """config.json of transformers 5, or of the versions before."""
    ours = golden(kind)[0]
    found = {
        "vocab_size": ours["vocab_size"],
        "hidden_size": ours["emb_dim"],
        "num_hidden_layers": ours["num_layers"],
        "num_attention_heads": ours["num_heads"],
        "num_key_value_heads": ours["num_kv_heads"],
        "head_dim": ours["head_dim"],
        "intermediate_size": ours["mlp_dim"],
        "rms_norm_eps": ours["norm_epsilon"],
        "tie_word_embeddings": ours["tied"],
        "max_position_embeddings": 8192,
        "attention_bias": False,
    }
    base = ours["rope_base"]
    if kind == "gemma1":
        found |= {"model_type": "gemma", "hidden_act": "gelu"}
    elif kind in ("llama", "qwen2"):
        found |= {"model_type": kind, "hidden_act": "silu"}
    if kind == "qwen2":  # written in every file, and of no effect
        found |= {"use_sliding_window": False, "sliding_window": 7}
    if kind in ("gemma2", "gemma3"):
        found |= {
            "model_type": "gemma2" if kind == "gemma2" else "gemma3_text",
            "hidden_activation": "gelu_pytorch_tanh",
            "query_pre_attn_scalar": round(ours["query_scale"] ** -2),
            "sliding_window": 7,
            "attn_logit_softcapping": ours["attention_cap"],
            "final_logit_softcapping": ours["final_cap"],
        }
        local = ["sliding_attention"] * (ours["global_every"] - 1)
        types = [*local, "full_attention"] * 3
        if newer:
            found["layer_types"] = types[: ours["num_layers"]]
    if kind == "gemma3" and newer:
        found["rope_parameters"] = {
            "full_attention": {
                "rope_type": "linear",
                "factor": 8.0,
                "rope_theta": base,
            },
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        }
    elif kind == "gemma3":
        found |= {
            "rope_theta": base,
            "rope_local_base_freq": 10_000.0,
            "rope_scaling": {"rope_type": "linear", "factor": 8.0},
            "sliding_window_pattern": ours["global_every"],
        }
    elif newer:
        found["rope_parameters"] = {"rope_type": "default", "rope_theta": base}
    else:
        found["rope_theta"] = base
    return found


def gemma_tree(kind, *, turned_gate=False, joined=False):
    """The nested tree of Google's library: einsums with heads apart.

    turned_gate: as in Gemma 2 9B and 27B and in Gemma 3. joined: q, k and v in one,
    which needs as many heads of keys as of queries; the golden ones are then repeated.
    """
    config, tensors, _, _ = golden(kind)
    heads, kv, head_dim = (
        config[name] for name in ("num_heads", "num_kv_heads", "head_dim")
    )
    tree = {
        "embedder/input_embedding": tensors["token_embedder/embedding"],
        "final_norm/scale": tensors["final_norm/scale"],
    }
    for index in range(config["num_layers"]):
        ours, at = f"layers_{index}/", f"layer_{index}/"

        def apart(word, count, ours=ours):  # [D, n H] -> [n, D, H]
            kernel = tensors[f"{ours}attention/{word}/kernel"]
            split = np.stack(np.split(kernel, count, axis=1))
            assert split.shape[2] == head_dim
            return split

        query, key, value = apart("query", heads), apart("key", kv), apart("value", kv)
        if joined:
            times = heads // kv
            key, value = (np.repeat(part, times, axis=0) for part in (key, value))
            tree[at + "attn/qkv_einsum/w"] = np.stack([query, key, value])
        else:
            tree[at + "attn/q_einsum/w"] = query
            tree[at + "attn/kv_einsum/w"] = np.stack([key, value])
        out = tensors[f"{ours}attention/out/kernel"]
        tree[at + "attn/attn_vec_einsum/w"] = np.stack(np.split(out, heads, axis=0))
        gate = np.stack([tensors[f"{ours}mlp/wi_{half}/kernel"] for half in (0, 1)])
        tree[at + "mlp/gating_einsum"] = gate.swapaxes(1, 2) if turned_gate else gate
        tree[at + "mlp/linear"] = tensors[f"{ours}mlp/wo/kernel"]
        norms = {
            "pre_attention_norm": "pre_attention_norm",
            "pre_mlp_norm": "pre_ffw_norm",
        }
        if config["post_norms"]:
            norms["post_attention_norm"] = "post_attention_norm"
            norms["post_mlp_norm"] = "post_ffw_norm"
        if config["qk_norm"]:
            norms["attention/query_norm"] = "attn/_query_norm"
            norms["attention/key_norm"] = "attn/_key_norm"
        for word, theirs in norms.items():
            tree[f"{at}{theirs}/scale"] = tensors[f"{ours}{word}/scale"]
    return tree
