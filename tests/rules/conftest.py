"""The pairs of distributions on which every rule is tried by name."""

import numpy as np
import pytest

PAIRS = {
    "equal": ([0.5, 0.25, 0.125, 0.125], [0.5, 0.25, 0.125, 0.125]),
    "uniform": ([0.25] * 4, [0.25] * 4),
    "tied in both": ([0.375, 0.375, 0.25, 0], [0, 0.5, 0.5, 0]),
    "disjoint": ([0.5, 0.5, 0, 0], [0, 0, 0.75, 0.25]),
    "both one-hot, apart": ([0, 1, 0, 0], [0, 0, 1, 0]),
    "both one-hot, alike": ([0, 1, 0, 0], [0, 1, 0, 0]),
    "drafter one-hot": ([0, 1, 0, 0], [0.4, 0.3, 0.2, 0.1]),
    "target one-hot": ([0.4, 0.3, 0.2, 0.1], [0, 1, 0, 0]),
    "zeros in both": ([0.7, 0, 0.3, 0], [0.2, 0.8, 0, 0]),
    "nearly equal": ([0.4, 0.3, 0.2, 0.1], [0.4, 0.3 + 1e-9, 0.2 - 1e-9, 0.1]),
    "the example of V3": ([0.48, 0.32, 0.2, 0], [0.5, 0.3, 0.2, 0]),
    "the example of Lossy": ([0.8, 0.2, 0, 0], [0.5, 0.5, 0, 0]),
}


@pytest.fixture(params=PAIRS, scope="session")
def pair(request):
    """(q, p) in float64."""
    return tuple(np.array(row) for row in PAIRS[request.param])
