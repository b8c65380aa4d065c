"""Tensors from NumPy to JAX, in as little memory as that takes.

On CPU JAX takes over an array that begins at a multiple of 64 bytes. Any other it
copies, `jnp.asarray` even twice.
"""

import math

import jax
import numpy as np
from jaxtyping import Array

_ALIGNMENT = 64  # bytes; what XLA asks of its buffers


def aligned(shape: tuple[int, ...]) -> np.ndarray:
    """A float32 array, not filled, that JAX takes over without a copy."""
    size = 4 * math.prod(shape)
    room = np.empty(size + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    return room[start : start + size].view(np.float32).reshape(shape)


def to_jax(tensor: np.ndarray) -> Array:
    """The tensor as float32; the caller no longer writes to it.

    It is there when this returns: until then JAX would hold on to what it copies.
    """
    if tensor.dtype != np.float32 or not tensor.flags.c_contiguous:
        # NumPy converts: JAX would compile a program for every shape.
        wide = aligned(tensor.shape)
        np.copyto(wide, tensor)
        tensor = wide
    return jax.block_until_ready(jax.device_put(tensor))
