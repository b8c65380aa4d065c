"""What JAX takes over stays what it was, and is not copied."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.checkpoints.handover import aligned, to_jax


def filled(shape):
    found = aligned(shape)
    found[...] = np.arange(found.size).reshape(shape)
    return found


def test_an_aligned_array_is_taken_over_without_a_copy():
    tensor = filled((33, 7))
    assert to_jax(tensor).unsafe_buffer_pointer() == tensor.ctypes.data


@pytest.mark.parametrize(
    "tensor",
    [
        filled((5, 3)).T,
        filled((5, 3)).astype(jnp.bfloat16),
        filled((5, 3)).astype(np.float16)[:, 1],
        filled((4, 4, 3))[1],
        filled((1,)).reshape(()),
    ],
    ids=["turned", "bfloat16", "float16", "slice", "scalar"],
)
def test_numbers_arrive_as_float32(tensor):
    found = to_jax(tensor)
    assert found.dtype == jnp.float32 and found.shape == tensor.shape
    np.testing.assert_array_equal(found, tensor.astype(np.float32))


def test_what_was_taken_over_may_be_donated():
    tensor = filled((64, 64))
    before = tensor.copy()
    params = to_jax(tensor)
    step = jax.jit(lambda x: x * 2 + 1, donate_argnums=0)
    once = step(params)
    np.testing.assert_array_equal(step(once), before * 4 + 3)
