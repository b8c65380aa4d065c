"""The published sizes have the numbers of parameters that were published."""

import dataclasses
import math

import jax
import pytest

from speccascade.models import Gemma
from speccascade.models.gemma_sizes import DIMENSIONS, SIZES, published_size

# Without the embedding: tables 2 of the papers of Gemma (2024) and Gemma 2 (2024),
# which are exact, and of Gemma 3 (2025), table 1, in millions. The model of 270M came
# later; its announcement says 100 million.
PUBLISHED = {
    "gemma-2b": (1_981_884_416, 1),
    "gemma-7b": (7_751_248_896, 1),
    "gemma-2-2b": (2_024_517_888, 1),
    "gemma-2-9b": (8_324_201_984, 1),
    "gemma-2-27b": (26_047_480_320, 1),
    "gemma-3-270m": (100, 10**6),
    "gemma-3-1b": (698, 10**6),
    "gemma-3-4b": (3_209, 10**6),
    "gemma-3-12b": (10_759, 10**6),
    "gemma-3-27b": (25_600, 10**6),
}
# The embedding, with the vocabulary of Google's own files; from the same tables.
EMBEDDINGS = {
    "gemma-2b": 524_550_144,
    "gemma-7b": 786_825_216,
    "gemma-2-2b": 590_118_912,
    "gemma-2-9b": 917_962_752,
    "gemma-2-27b": 1_180_237_824,
}


def counts(name):
    """(embedding, the rest), without any memory; layers are alike: two are traced."""
    totals = {}
    for layers in (1, 2):
        config = dataclasses.replace(SIZES[name], num_layers=layers)
        shapes = jax.eval_shape(Gemma(config=config).init, jax.random.key(0))
        totals[layers] = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))
    layer = totals[2] - totals[1]
    embedding = math.prod(shapes["token_embedder"]["embedding"].shape)
    return embedding, totals[1] + (SIZES[name].num_layers - 1) * layer - embedding


@pytest.mark.parametrize("name", SIZES)
def test_a_size_has_as_many_parameters_as_were_published(name):
    number, unit = PUBLISHED[name]
    _, rest = counts(name)
    assert round(rest / unit) == number


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_an_embedding_is_the_published_one_but_for_the_128_rows_of_padding(name):
    config = SIZES[name]
    assert counts(name)[0] + 128 * config.emb_dim == EMBEDDINGS[name]


def test_gemma_3_270m_has_268098176_parameters():
    assert sum(counts("gemma-3-270m")) == 268_098_176


def test_a_size_is_found_by_its_dimensions_and_no_other_has_them():
    for config in SIZES.values():
        assert published_size(vars(config)) is config
    changed = vars(SIZES["gemma-3-1b"]) | {"vocab_size": 7}
    assert published_size(changed) is SIZES["gemma-3-1b"]
    for name in DIMENSIONS:
        assert published_size(changed | {name: 3}) is None
