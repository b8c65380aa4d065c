"""Writes what `transformers` says of tiny random decoders to tests/models/golden/*.npz.

Run it where torch and transformers are installed (see CONTRIBUTING), from anywhere:

    python scripts/make_gemma_golden.py

Gemma 1, 2 and 3, Llama and Qwen2, each on sequences longer than its window. The arrays
are small and checked in, so that the default tests need neither library; the live tests
(`pytest -m reference`) call `make_case` with fresh weights.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import torch
import transformers

from speccascade.checkpoints.decoder_names import decoder_names
from speccascade.models import GemmaConfig

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "models" / "golden"
# N * H differs from D and from F, so that a forgotten transpose cannot pass unseen.
SIZES = {
    "vocab_size": 64,
    "emb_dim": 16,
    "num_layers": 3,
    "num_heads": 4,
    "num_kv_heads": 2,
    "head_dim": 6,
    "mlp_dim": 40,
}
LLAMA = {
    "activation": "silu",
    "zero_centred_norms": False,
    "scaled_embedding": False,
    "norm_epsilon": 1e-5,
}
# What each generation has; windows and patterns are small, so that sequences pass them.
CONFIGS = {
    "gemma1": GemmaConfig(**SIZES | {"num_kv_heads": 1}),
    "gemma2": GemmaConfig(
        **SIZES,
        query_scale=12**-0.5,
        window=7,
        global_every=2,
        post_norms=True,
        attention_cap=5.0,
        final_cap=3.0,
    ),
    "gemma3": GemmaConfig(
        **SIZES,
        query_scale=10**-0.5,
        rope_base=1_000_000.0,
        rope_scale=8.0,
        local_rope_base=10_000.0,
        window=7,
        global_every=3,
        post_norms=True,
        qk_norm=True,
    ),
    "llama": GemmaConfig(**SIZES, **LLAMA, tied=False, rope_base=500_000.0),
    "qwen2": GemmaConfig(**SIZES, **LLAMA, qkv_bias=True, rope_base=1_000_000.0),
}
PROMPT_LENGTHS = (21, 13, 1)
TARGET_LENGTH = 20


def transformers_model(kind: str, config: GemmaConfig) -> torch.nn.Module:
    """The model of `transformers` that `config` describes, with its own weights."""
    words = {
        "vocab_size": config.vocab_size,
        "hidden_size": config.emb_dim,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_kv_heads,
        "head_dim": config.head_dim,
        "intermediate_size": config.mlp_dim,
        "rms_norm_eps": config.norm_epsilon,
        "tie_word_embeddings": config.tied,
        "attn_implementation": "eager",
    }
    rope = {"rope_type": "default", "rope_theta": config.rope_base}
    scalar = None if config.query_scale is None else round(config.query_scale**-2)
    layers = [
        "full_attention" if config.window_of(index) is None else "sliding_attention"
        for index in range(config.num_layers)
    ]
    windowed = {
        "query_pre_attn_scalar": scalar,
        "sliding_window": config.window,
        "layer_types": layers,
        "attn_logit_softcapping": config.attention_cap,
        "final_logit_softcapping": config.final_cap,
    }
    match kind:
        case "gemma1":
            made = transformers.GemmaConfig(**words, rope_parameters=rope)
        case "gemma2":
            made = transformers.Gemma2Config(**words, **windowed, rope_parameters=rope)
        case "gemma3":
            ropes = {
                "full_attention": {
                    "rope_type": "linear",
                    "factor": config.rope_scale,
                    "rope_theta": config.rope_base,
                },
                "sliding_attention": {
                    "rope_type": "default",
                    "rope_theta": config.local_rope_base,
                },
            }
            made = transformers.Gemma3TextConfig(
                **words, **windowed, rope_parameters=ropes
            )
        case "llama":
            made = transformers.LlamaConfig(**words, rope_parameters=rope)
        case "qwen2":
            made = transformers.Qwen2Config(**words, rope_parameters=rope)
        case _:
            raise ValueError(f"unknown kind {kind!r}")
    return transformers.AutoModelForCausalLM.from_config(made).eval()


def _random_params(
    model: torch.nn.Module, config: GemmaConfig, seed: int
) -> dict[str, np.ndarray]:
    """Draws every parameter anew, sets it in `model`, and returns our flat tree."""
    rng = np.random.default_rng(seed)
    weights = dict(model.named_parameters())
    params = {}
    for ours, theirs in sorted(decoder_names(config).items()):
        weight = weights.pop(theirs)
        drawn = rng.standard_normal(weight.shape).astype(np.float32)
        # Greedy outputs that repeat one token prove nothing when they are equal: layers
        # are made to outweigh the token just fed, and no token has a longer vector.
        if ours in ("token_embedder/embedding", "logits_dense/kernel"):
            drawn /= np.linalg.norm(drawn, axis=1)[:, None]
            if config.scaled_embedding or ours == "logits_dense/kernel":
                drawn *= 0.7
        elif ours.endswith("scale"):
            drawn = 0.2 * drawn + (not config.zero_centred_norms)
        elif ours.endswith("kernel"):
            drawn *= 3 / np.sqrt(weight.shape[1])
        drawn = drawn.astype(np.float16)  # exact in both models, and half the file
        with torch.no_grad():
            weight.copy_(torch.from_numpy(drawn))
        transposed = ours.endswith("kernel")
        params[ours] = np.ascontiguousarray(drawn.T) if transposed else drawn
    assert not weights, f"not mapped: {sorted(weights)}"
    return params


def make_case(kind: str, seed: int) -> dict[str, np.ndarray]:
    """A random decoder and what `transformers` computes with it, in float32.

    Returns:
      `config`: our GemmaConfig's fields as JSON; `params/<our name>`, in float16, which
      holds them exactly; `tokens` [B, L] padded on the right, `lengths` [B];
      `sequences` [B, T] and `logits` [B, T, V] of them, teacher-forced; `greedy`
      [B, T], decoded after each prompt without stopping.
    """
    config = CONFIGS[kind]
    model = transformers_model(kind, config)
    params = _random_params(model, config, seed)
    rng = np.random.default_rng((seed, 1))
    lengths = np.array(PROMPT_LENGTHS)
    width = max(PROMPT_LENGTHS) + 2  # every row has padding
    valid = np.arange(width) < lengths[:, None]
    tokens = np.where(valid, rng.integers(2, config.vocab_size, valid.shape), 0)
    sequences = rng.integers(2, config.vocab_size, (len(lengths), TARGET_LENGTH))
    model.generation_config.eos_token_id = None
    greedy = []
    with torch.no_grad():
        logits = model(torch.from_numpy(sequences)).logits.numpy()
        for row, length in zip(tokens, lengths, strict=True):
            prompt = torch.from_numpy(row[None, :length])
            made = model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                do_sample=False,
                max_new_tokens=TARGET_LENGTH,
            )
            greedy.append(made[0, length:].numpy())
    return {
        "config": np.array(json.dumps(dataclasses.asdict(config))),
        **{f"params/{name}": value for name, value in params.items()},
        "tokens": tokens.astype(np.int32),
        "lengths": lengths.astype(np.int32),
        "sequences": sequences.astype(np.int32),
        "logits": logits,
        "greedy": np.stack(greedy).astype(np.int32),
    }


def main() -> None:
    """Writes the checked-in cases."""
    for kind in CONFIGS:
        case = make_case(kind, seed=1)
        np.savez_compressed(GOLDEN / f"{kind}.npz", **case)
        print(kind, [len(set(row)) for row in case["greedy"].tolist()], "tokens vary")


if __name__ == "__main__":
    main()
