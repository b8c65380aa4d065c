"""Names of a decoder-only model's parameters in `transformers` and its checkpoints.

    ours                                              transformers
    token_embedder/embedding               [V, D]     model.embed_tokens.weight
    layers_0/attention/query/kernel        [D, N H]   model.layers.0.self_attn
                                                        .q_proj.weight           (^T)
    layers_0/mlp/wo/kernel                 [F, D]     model.layers.0.mlp
                                                        .down_proj.weight        (^T)

Kernels are transposed, everything else is as it is: norms of Gemma are stored as their
difference to 1 there, too. `post_attention_layernorm` comes after attention where
blocks have norms behind them (Gemma 2 and 3), and before the feed-forward elsewhere.
"""

from speccascade.models.gemma_config import GemmaConfig


def decoder_names(config: GemmaConfig) -> dict[str, str]:
    """Our flat name of every parameter of the model -> its name in `transformers`."""
    names = {
        "token_embedder/embedding": "model.embed_tokens.weight",
        "final_norm/scale": "model.norm.weight",
    }
    if not config.tied:
        names["logits_dense/kernel"] = "lm_head.weight"
    in_layer = {
        "pre_attention_norm/scale": "input_layernorm.weight",
        "attention/out/kernel": "self_attn.o_proj.weight",
        "mlp/wi_0/kernel": "mlp.gate_proj.weight",
        "mlp/wi_1/kernel": "mlp.up_proj.weight",
        "mlp/wo/kernel": "mlp.down_proj.weight",
    }
    for word in ("query", "key", "value"):
        in_layer[f"attention/{word}/kernel"] = f"self_attn.{word[0]}_proj.weight"
        if config.qkv_bias:
            in_layer[f"attention/{word}/bias"] = f"self_attn.{word[0]}_proj.bias"
    if config.qk_norm:
        in_layer["attention/query_norm/scale"] = "self_attn.q_norm.weight"
        in_layer["attention/key_norm/scale"] = "self_attn.k_norm.weight"
    if config.post_norms:
        in_layer["post_attention_norm/scale"] = "post_attention_layernorm.weight"
        in_layer["pre_mlp_norm/scale"] = "pre_feedforward_layernorm.weight"
        in_layer["post_mlp_norm/scale"] = "post_feedforward_layernorm.weight"
    else:
        in_layer["pre_mlp_norm/scale"] = "post_attention_layernorm.weight"
    for index in range(config.num_layers):
        for ours, theirs in in_layer.items():
            names[f"layers_{index}/{ours}"] = f"model.layers.{index}.{theirs}"
    return names
