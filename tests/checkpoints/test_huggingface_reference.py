"""Folders that `transformers` itself writes, against what it computes with them."""

import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.checkpoints import load

pytestmark = pytest.mark.reference

SIZES = {
    "vocab_size": 64,
    "d_model": 16,
    "num_heads": 3,
    "d_kv": 8,
    "d_ff": 40,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "dropout_rate": 0.0,
    "decoder_start_token_id": 0,
}
CASES = {
    "1.0": ("T5", {"feed_forward_proj": "relu"}),
    "1.1 tied": ("T5", {"feed_forward_proj": "gated-gelu"}),
    "1.1": ("T5", {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
    "mt5": ("MT5", {"feed_forward_proj": "gated-gelu"}),
    "umt5": ("UMT5", {"feed_forward_proj": "gated-gelu"}),
}


# A T5 1.0 with an output of its own is refused.
@pytest.mark.parametrize(
    ("name", "untied"),
    [(name, untied) for name in CASES for untied in {False, name != "1.0"}],
)
def test_a_folder_of_transformers_gives_its_logits(tmp_path, name, untied):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    kind, options = CASES[name]
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**SIZES, **options)
    model = getattr(transformers, f"{kind}ForConditionalGeneration")(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # tables and norms too; all layers differ
            parameter.copy_(torch.randn_like(parameter) / 4)
        if untied:
            other = torch.randn_like(model.lm_head.weight)
            model.lm_head.weight = torch.nn.Parameter(other)
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    rng = np.random.default_rng(0)
    tokens = rng.integers(2, 64, (2, 40))
    tokens[1, 30:] = 0
    targets = rng.integers(2, 64, (2, 30))
    with torch.no_grad():
        expected = model(
            input_ids=torch.from_numpy(tokens),
            attention_mask=torch.from_numpy((tokens > 0).astype(np.int64)),
            decoder_input_ids=torch.from_numpy(targets),
        ).logits.numpy()
    checkpoint = load(f"hf:{tmp_path}")
    prompts = jnp.array(tokens, jnp.int32)
    found = checkpoint.model.module.apply(
        {"params": checkpoint.params},
        prompts,
        prompts > 0,
        jnp.array(targets, jnp.int32),
    )
    print(name, untied, f"{np.abs(found - expected).max():.1e}", expected.std())
    assert expected.std() > 0.02
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
