"""Models behind one interface: make a cache from prompts, score K tokens a row.

`Model` is what the engine sees; `T5` is an encoder-decoder behind it, `Gemma` a decoder
alone (Gemma 1, 2 and 3, and by configuration Llama and Qwen2). The cache and its
invariants are explained in `models.interface`, its layout in `models.kv_cache`.
"""

from speccascade.models.gemma import Gemma
from speccascade.models.gemma_config import GemmaConfig
from speccascade.models.interface import (
    Cache,
    CountsFlops,
    Model,
    Params,
    Prefilled,
    Prompts,
    Trainable,
)
from speccascade.models.padded import Padded
from speccascade.models.prompt_lookup import PromptLookup
from speccascade.models.restricted import Restricted, restricted_params
from speccascade.models.t5 import START_ID, T5, T5Cache
from speccascade.models.t5_module import T5Config

__all__ = [
    "START_ID",
    "T5",
    "Cache",
    "CountsFlops",
    "Gemma",
    "GemmaConfig",
    "Model",
    "Padded",
    "Params",
    "Prefilled",
    "PromptLookup",
    "Prompts",
    "Restricted",
    "T5Cache",
    "T5Config",
    "Trainable",
    "model_of",
    "restricted_params",
]


def model_of(config: T5Config | GemmaConfig) -> T5 | Gemma:
    """The model that has this shape."""
    return T5(config=config) if isinstance(config, T5Config) else Gemma(config=config)
