"""optax relies on implicit promotion, so the strict session is relaxed for training."""

import jax
import pytest


@pytest.fixture(autouse=True)
def implicit_promotion():
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield
