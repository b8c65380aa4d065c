"""Writes what `transformers` says of tiny random T5s to tests/models/golden/*.npz.

Run it where torch and transformers are installed (see CONTRIBUTING), from anywhere:

    python scripts/make_t5_golden.py

The arrays are small and checked in, so that the default tests need neither library;
the live tests (`pytest -m reference`) call `make_case` with fresh weights.
"""

import json
from pathlib import Path

import numpy as np
import torch
from transformers import T5Config, T5ForConditionalGeneration
from transformers.models.t5.modeling_t5 import T5Attention

from speccascade.checkpoints.transformers_names import transformers_names
from speccascade.models import T5Config as OurConfig

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "models" / "golden"
# N * H differs from D and from the feed-forward's width, so that a forgotten transpose
# cannot pass unseen.
SIZES = {
    "vocab_size": 64,
    "emb_dim": 16,
    "num_heads": 3,
    "head_dim": 8,
    "mlp_dim": 40,
    "num_encoder_layers": 2,
    "num_decoder_layers": 2,
}
PROMPT_LENGTHS = (21, 13, 1)
TARGET_LENGTH = 20


def _transformers_model(version: str) -> T5ForConditionalGeneration:
    config = T5Config(
        vocab_size=SIZES["vocab_size"],
        d_model=SIZES["emb_dim"],
        num_heads=SIZES["num_heads"],
        d_kv=SIZES["head_dim"],
        d_ff=SIZES["mlp_dim"],
        num_layers=SIZES["num_encoder_layers"],
        num_decoder_layers=SIZES["num_decoder_layers"],
        feed_forward_proj="relu" if version == "1.0" else "gated-gelu",
        tie_word_embeddings=version == "1.0",
        dropout_rate=0.0,
        decoder_start_token_id=0,
    )
    model = T5ForConditionalGeneration(config).eval()
    if version == "1.1":
        # transformers 5 ties the output whatever the configuration says.
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    return model


def _random_params(model: T5ForConditionalGeneration, version: str, seed: int) -> dict:
    """Draws every parameter anew, sets it in `model`, and returns T5X's flat tree."""
    rng = np.random.default_rng(seed)
    weights = dict(model.named_parameters())
    large = 6 if version == "1.0" else 3  # a product of two branches is larger anyway
    params = {}
    names = transformers_names(OurConfig(**SIZES, version=version))
    for ours, theirs in names.items():
        weight = weights.pop(theirs)
        drawn = rng.standard_normal(weight.shape).astype(np.float32)
        # Greedy outputs that repeat one token prove nothing when they are equal. They
        # vary where no token has a longer vector than others, and where the layers
        # that see the position outweigh the token just fed and the prompt as a whole.
        if ours in ("token_embedder/embedding", "decoder/logits_dense/kernel"):
            drawn *= np.sqrt(weight.shape[1]) / np.linalg.norm(drawn, axis=1)[:, None]
            if ours.startswith("decoder"):  # logits near 1, as the tied ones are
                drawn /= np.sqrt(weight.shape[1])
        elif ours.endswith("scale"):
            drawn = 1 + 0.2 * drawn
        elif ours.endswith("kernel"):
            block, word = ours.split("/")[-3:-1]
            outer = word in ("out", "wo") and block != "encoder_decoder_attention"
            drawn *= (large if outer else 2) / np.sqrt(weight.shape[1])
            if word == "query":  # attention has no scale of its own
                drawn /= np.sqrt(SIZES["head_dim"])
        drawn = drawn.astype(np.float16)  # exact in both models, and half the file
        with torch.no_grad():
            weight.copy_(torch.from_numpy(drawn))
        as_is = ours == "token_embedder/embedding"
        params[ours] = drawn if as_is else np.ascontiguousarray(drawn.T)
    assert not weights, f"not mapped: {sorted(weights)}"
    return params


def make_case(version: str, seed: int) -> dict[str, np.ndarray]:
    """A random T5 and what `transformers` computes with it, in float32.

    Returns:
      `config`: our T5Config's fields as JSON; `params/<T5X name>`, in float16, which
      holds them exactly; `tokens` [B, L] padded on the right, `lengths` [B];
      `decoder_tokens` [B, T], starting with 0;
      `encoded` [B, L, D]; `logits` [B, T, V], teacher-forced; `greedy` [B, T], decoded
      from token 0 (not included) without stopping.
    """
    model = _transformers_model(version)
    params = _random_params(model, version, seed)
    rng = np.random.default_rng((seed, 1))
    lengths = np.array(PROMPT_LENGTHS)
    width = max(PROMPT_LENGTHS) + 2  # every row has padding
    valid = np.arange(width) < lengths[:, None]
    tokens = np.where(valid, rng.integers(2, SIZES["vocab_size"], valid.shape), 0)
    decoder_tokens = rng.integers(2, SIZES["vocab_size"], (len(lengths), TARGET_LENGTH))
    decoder_tokens[:, 0] = 0
    prompt = {
        "input_ids": torch.from_numpy(tokens),
        "attention_mask": torch.from_numpy(valid.astype(np.int64)),
    }
    with torch.no_grad():
        forced = model(**prompt, decoder_input_ids=torch.from_numpy(decoder_tokens))
        model.generation_config.eos_token_id = None
        greedy = model.generate(**prompt, do_sample=False, max_new_tokens=TARGET_LENGTH)
    return {
        "config": np.array(json.dumps({**SIZES, "version": version})),
        **{f"params/{name}": value for name, value in params.items()},
        "tokens": tokens.astype(np.int32),
        "lengths": lengths.astype(np.int32),
        "decoder_tokens": decoder_tokens.astype(np.int32),
        "encoded": forced.encoder_last_hidden_state.numpy(),
        "logits": forced.logits.numpy(),
        "greedy": greedy[:, 1:].numpy().astype(np.int32),
    }


def make_buckets() -> dict[str, np.ndarray]:
    """Buckets of `key position - query position` from -300 to 300, both directions."""
    relative = torch.arange(-300, 301)
    return {
        "relative": relative.numpy().astype(np.int32),
        **{
            name: T5Attention._relative_position_bucket(relative, both)
            .numpy()
            .astype(np.int32)
            for name, both in (("bidirectional", True), ("causal", False))
        },
    }


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for version in ("1.0", "1.1"):
        np.savez_compressed(
            GOLDEN / f"t5_{version.replace('.', '_')}.npz", **make_case(version, 0)
        )
    np.savez_compressed(GOLDEN / "relative_buckets.npz", **make_buckets())


if __name__ == "__main__":
    main()
