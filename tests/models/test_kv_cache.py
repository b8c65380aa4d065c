"""Writing into a layer's cache."""

import jax.numpy as jnp
import numpy as np

from speccascade.models import kv_cache


def written(slots):
    """Slot -> number of the token there (0: none), a row a list; S = 4, K = 2."""
    cache = kv_cache.empty(2, 1, 1, 4, jnp.dtype("float32"))
    new = jnp.array([[1.0, 2.0], [3.0, 4.0]])[:, :, None, None]
    cache = kv_cache.write(cache, new, -new, jnp.array(slots, jnp.int32))
    np.testing.assert_array_equal(cache.values, -cache.keys)
    return cache.keys[:, 0, 0].tolist()


def test_every_row_writes_at_its_own_slots():
    assert written([[0, 1], [2, 3]]) == [[1, 2, 0, 0], [0, 0, 3, 4]]


def test_slots_beyond_the_end_are_dropped_not_clamped():
    assert written([[3, 4], [4, 5]]) == [[0, 0, 0, 1], [0, 0, 0, 0]]


def test_the_cache_keeps_its_dtype():
    cache = kv_cache.empty(1, 1, 1, 2, jnp.dtype("bfloat16"))
    new = jnp.ones((1, 1, 1, 1))
    cache = kv_cache.write(cache, new, new, jnp.zeros((1, 1), jnp.int32))
    assert cache.keys.dtype == cache.values.dtype == jnp.bfloat16
