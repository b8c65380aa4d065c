"""The published sizes of Gemma 1, 2 and 3, by the names under which they are published.

Gemma Team (2024, 2024, 2025); what the papers leave open (the base of local layers, the
scale of queries) is as in Google's own library and in `transformers`, which agree. The
vocabulary is that of the files of `transformers`. Google's own have 256,128 rows for
Gemma 1 and 2, of which the last 128 mean nothing, and 262,144 for Gemma 3 of any size:
from 4B on `transformers` has 64 rows more, for images.

Models of one generation share their tokens, so any two of them make a pair.

Example:
  SIZES["gemma-3-270m"].num_layers  ->  18
"""

from collections.abc import Mapping

from speccascade.models.gemma_config import GemmaConfig

_GEMMA_2 = {
    "vocab_size": 256_000,
    "window": 4096,
    "global_every": 2,
    "post_norms": True,
    "attention_cap": 50.0,
    "final_cap": 30.0,
}
_GEMMA_3 = {
    "vocab_size": 262_144,
    "rope_base": 1_000_000.0,
    "local_rope_base": 10_000.0,
    "window": 512,
    "global_every": 6,
    "post_norms": True,
    "qk_norm": True,
}
# Trained on longer texts, at the end with positions that are eight times as dense.
_GEMMA_3_LONG = {
    **_GEMMA_3,
    "vocab_size": 262_208,
    "window": 1024,
    "rope_scale": 8.0,
}

SIZES: dict[str, GemmaConfig] = {
    "gemma-2b": GemmaConfig(
        vocab_size=256_000,
        emb_dim=2048,
        num_layers=18,
        num_heads=8,
        num_kv_heads=1,
        head_dim=256,
        mlp_dim=16_384,
    ),
    "gemma-7b": GemmaConfig(
        vocab_size=256_000,
        emb_dim=3072,
        num_layers=28,
        num_heads=16,
        num_kv_heads=16,
        head_dim=256,
        mlp_dim=24_576,
    ),
    "gemma-2-2b": GemmaConfig(
        emb_dim=2304,
        num_layers=26,
        num_heads=8,
        num_kv_heads=4,
        head_dim=256,
        mlp_dim=9216,
        **_GEMMA_2,
    ),
    "gemma-2-9b": GemmaConfig(
        emb_dim=3584,
        num_layers=42,
        num_heads=16,
        num_kv_heads=8,
        head_dim=256,
        mlp_dim=14_336,
        **_GEMMA_2,
    ),
    "gemma-2-27b": GemmaConfig(
        emb_dim=4608,
        num_layers=46,
        num_heads=32,
        num_kv_heads=16,
        head_dim=128,
        mlp_dim=36_864,
        query_scale=144**-0.5,  # 1 / sqrt(D / N), and not 1 / sqrt(H)
        **_GEMMA_2,
    ),
    "gemma-3-270m": GemmaConfig(
        emb_dim=640,
        num_layers=18,
        num_heads=4,
        num_kv_heads=1,
        head_dim=256,
        mlp_dim=2048,
        **_GEMMA_3,
    ),
    "gemma-3-1b": GemmaConfig(
        emb_dim=1152,
        num_layers=26,
        num_heads=4,
        num_kv_heads=1,
        head_dim=256,
        mlp_dim=6912,
        **_GEMMA_3,
    ),
    "gemma-3-4b": GemmaConfig(
        emb_dim=2560,
        num_layers=34,
        num_heads=8,
        num_kv_heads=4,
        head_dim=256,
        mlp_dim=10_240,
        **_GEMMA_3_LONG,
    ),
    "gemma-3-12b": GemmaConfig(
        emb_dim=3840,
        num_layers=48,
        num_heads=16,
        num_kv_heads=8,
        head_dim=256,
        mlp_dim=15_360,
        **_GEMMA_3_LONG,
    ),
    "gemma-3-27b": GemmaConfig(
        emb_dim=5376,
        num_layers=62,
        num_heads=32,
        num_kv_heads=16,
        head_dim=128,
        mlp_dim=21_504,
        query_scale=168**-0.5,  # as in Gemma 2 27B
        **_GEMMA_3_LONG,
    ),
}

# By these a size is known; the number of rows of the embedding differs between files.
DIMENSIONS = (
    "emb_dim",
    "num_layers",
    "num_heads",
    "num_kv_heads",
    "head_dim",
    "mlp_dim",
    "post_norms",
    "qk_norm",
)


def published_size(fields: Mapping[str, object]) -> GemmaConfig | None:
    """The published size that has these dimensions; None if there is none.

    Args:
      fields: of `GemmaConfig`, all of `DIMENSIONS` among them; no others count.
    """
    for size in SIZES.values():
        if all(getattr(size, name) == fields[name] for name in DIMENSIONS):
            return size
    return None
