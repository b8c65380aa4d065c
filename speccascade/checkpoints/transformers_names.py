"""Names of a T5's parameters in `transformers`, for comparisons on the same weights.

    ours (T5X's)                                      transformers
    token_embedder/embedding          [V, D]          shared.weight         (as it is)
    encoder/layers_0/attention/query/kernel [D, N H]  encoder.block.0.layer.0
                                                        .SelfAttention.q.weight  (^T)
    decoder/layers_0/mlp/wo/kernel    [F, D]          decoder.block.0.layer.2
                                                        .DenseReluDense.wo.weight (^T)

Matrices are transposed but for the embedding; the table of relative biases, ours as
[N, buckets], is [buckets, N] there. Only T5 1.1 has an output matrix of its own.
"""

from speccascade.models import T5Config

_ATTENTION = {"q": "query", "k": "key", "v": "value", "o": "out"}
# Ours and theirs of each stack's attention blocks, in the order of a layer.
_BLOCKS = {
    "encoder": [("attention", "pre_attention_layer_norm", "SelfAttention")],
    "decoder": [
        ("self_attention", "pre_self_attention_layer_norm", "SelfAttention"),
        (
            "encoder_decoder_attention",
            "pre_cross_attention_layer_norm",
            "EncDecAttention",
        ),
    ],
}


def transformers_names(config: T5Config) -> dict[str, str]:
    """Our flat name of every parameter of the model -> its name in `transformers`."""
    names = {"token_embedder/embedding": "shared.weight"}
    branches = ("wi",) if config.version == "1.0" else ("wi_0", "wi_1")
    layers = {
        "encoder": config.num_encoder_layers,
        "decoder": config.num_decoder_layers,
    }
    for stack, blocks in _BLOCKS.items():
        for index in range(layers[stack]):
            ours, theirs = f"{stack}/layers_{index}", f"{stack}.block.{index}.layer"
            for place, (attention, norm, block) in enumerate(blocks):
                names[f"{ours}/{norm}/scale"] = f"{theirs}.{place}.layer_norm.weight"
                for letter, word in _ATTENTION.items():
                    names[f"{ours}/{attention}/{word}/kernel"] = (
                        f"{theirs}.{place}.{block}.{letter}.weight"
                    )
            last = f"{theirs}.{len(blocks)}"
            names[f"{ours}/pre_mlp_layer_norm/scale"] = f"{last}.layer_norm.weight"
            for word in (*branches, "wo"):
                names[f"{ours}/mlp/{word}/kernel"] = (
                    f"{last}.DenseReluDense.{word}.weight"
                )
        names[f"{stack}/{stack}_norm/scale"] = f"{stack}.final_layer_norm.weight"
        shared = not config.per_layer_bias  # then the first layer has the only table
        for index in range(1 if shared else layers[stack]):
            ours = stack if shared else f"{stack}/layers_{index}"
            names[f"{ours}/relpos_bias/rel_embedding"] = (
                f"{stack}.block.{index}.layer.0.SelfAttention"
                ".relative_attention_bias.weight"
            )
    if config.version == "1.1":
        names["decoder/logits_dense/kernel"] = "lm_head.weight"
    return names
