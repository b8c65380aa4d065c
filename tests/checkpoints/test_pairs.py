"""A pair from its files."""

import dataclasses
import hashlib
import os
from pathlib import Path

import jax
import numpy as np
import pytest

from speccascade.checkpoints import hashes, load_pair, pairs, safetensors_io
from speccascade.errors import UserError


def changed(spec, role, **fields):
    """The specification with one model's configuration changed."""
    model = getattr(spec, role)
    config = dataclasses.replace(model.config, **fields)
    return dataclasses.replace(
        spec, **{role: dataclasses.replace(model, config=config)}
    )


def test_a_pair_holds_both_models_their_parameters_and_vocabulary(pair_spec, models):
    pair = load_pair(pair_spec)
    assert pair.name == "tiny"
    assert (pair.drafter, pair.target) == (models.drafter, models.target)
    assert pair.vocabulary.size == pair.drafter.vocab_size
    for found, written in (
        (pair.drafter_params, pair.drafter.for_decoding(models.drafter_params)),
        (pair.target_params, pair.target.for_decoding(models.target_params)),
    ):
        assert jax.tree.structure(found) == jax.tree.structure(written)
        jax.tree.map(np.testing.assert_array_equal, found, written)


def test_the_identity_follows_every_file_and_dtype(pair_spec):
    identity = load_pair(pair_spec).identity
    for role in ("drafter", "target"):
        content = Path(getattr(pair_spec, role).weights).read_bytes()
        assert identity[f"{role}_sha256"] == hashlib.sha256(content).hexdigest()
    assert identity["drafter_sha256"] != identity["target_sha256"]
    assert len(identity["vocabulary_sha256"]) == 64
    other = load_pair(changed(pair_spec, "target", dtype="bfloat16")).identity
    assert {name for name in identity if identity[name] != other[name]} == {
        "target_dtype"
    }


def test_a_hash_is_computed_once_and_again_when_the_file_changes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    os.utime(path, ns=(1, 1))
    hashes._sha256.cache_clear()
    first = hashes.file_sha256(path)
    assert hashes.file_sha256(path) == first == hashlib.sha256(b"one").hexdigest()
    assert hashes._sha256.cache_info().misses == 1
    path.write_bytes(b"two")
    os.utime(path, ns=(2, 2))
    assert hashes.file_sha256(path) == hashlib.sha256(b"two").hexdigest()


def test_a_package_path_lies_in_the_data_that_travels_with_the_package():
    path = pairs.resolve("package:vocabulary.model")
    assert path.is_file()
    assert path.parent == Path(pairs.__file__).parents[1] / "data"


def test_missing_weights_are_one_sentence_that_names_the_file(pair_spec):
    Path(pair_spec.target.weights).unlink()
    with pytest.raises(UserError, match=r"weights .*target\.safetensors are missing"):
        load_pair(pair_spec)


def test_different_vocab_sizes_are_refused_before_any_file_is_read(pair_spec):
    spec = changed(pair_spec, "drafter", vocab_size=100)
    spec = dataclasses.replace(spec, vocabulary="missing.model")
    with pytest.raises(
        UserError, match=r"must share one vocabulary, but .* is 100 and 6144"
    ):
        load_pair(spec)


def test_a_vocabulary_wider_than_the_logits_is_refused(pair_spec):
    for role in ("drafter", "target"):
        pair_spec = changed(pair_spec, role, vocab_size=6000)
    with pytest.raises(UserError, match="has 6144 pieces, more than the 6000 logits"):
        load_pair(pair_spec)


def test_weights_trained_with_another_vocabulary_are_refused(pair_spec, models):
    path = Path(pair_spec.drafter.weights)
    other = {"vocabulary_sha256": "0" * 64}
    safetensors_io.save(models.drafter_params, path, metadata=other)
    with pytest.raises(UserError, match="were trained with another vocabulary than"):
        load_pair(pair_spec)


def test_weights_of_another_size_are_refused(pair_spec):
    spec = changed(pair_spec, "drafter", emb_dim=6)
    with pytest.raises(UserError, match="instead of"):
        load_pair(spec)


def test_weights_of_another_version_are_refused(pair_spec):
    spec = changed(pair_spec, "drafter", version="1.1")
    with pytest.raises(UserError, match=r"lacks .*wi_0.* has the unexpected .*wi/"):
        load_pair(spec)


def test_the_weights_that_ship_keep_to_their_budget():
    # docs/decisions/0007-weights-in-git.md
    files = pairs.resolve("package:vocabulary.model").parent.glob("*.safetensors")
    assert 0 < sum(file.stat().st_size for file in files) <= 48 * 2**20
