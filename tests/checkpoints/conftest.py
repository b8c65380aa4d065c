"""Tiny random pairs on disk."""

from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.checkpoints import ModelSpec, PairSpec, safetensors_io
from speccascade.checkpoints.paths import resolve
from speccascade.models import T5, T5Config

VOCABULARY = "package:vocabulary.model"
VOCABULARY_SIZE = 6144


@pytest.fixture(scope="session")
def vocabulary_path() -> Path:
    return resolve(VOCABULARY)


def _tiny(width: int) -> T5:
    return T5(
        config=T5Config(
            vocab_size=VOCABULARY_SIZE,
            emb_dim=width,
            num_heads=2,
            head_dim=4,
            mlp_dim=8,
            num_encoder_layers=1,
            num_decoder_layers=1,
            version="1.0",
        )
    )


@pytest.fixture(scope="session")
def models():
    """Drafter and target of different widths, with random parameters."""
    found = SimpleNamespace(drafter=_tiny(4), target=_tiny(8))
    rng = np.random.default_rng(0)
    for role in ("drafter", "target"):
        shapes = jax.eval_shape(getattr(found, role).init, jax.random.key(0))
        params = jax.tree.map(
            lambda leaf: jnp.array(rng.normal(size=leaf.shape), jnp.float32), shapes
        )
        setattr(found, f"{role}_params", params)
    return found


@pytest.fixture
def pair_spec(models, tmp_path) -> PairSpec:
    """The models, written to `tmp_path` in float32."""
    specs = {}
    for role in ("drafter", "target"):
        path = tmp_path / f"{role}.safetensors"
        params = getattr(models, f"{role}_params")
        safetensors_io.save(params, path, dtype="float32")
        config = getattr(models, role).config
        specs[role] = ModelSpec(config=config, weights=str(path))
    return PairSpec(name="tiny", vocabulary=VOCABULARY, **specs)
