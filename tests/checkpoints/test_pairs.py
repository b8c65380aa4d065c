"""A pair from its files."""

import dataclasses
import hashlib
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sentencepiece import sentencepiece_model_pb2

from speccascade.checkpoints import hashes, load_pair, paths, safetensors_io
from speccascade.checkpoints.pairs import CheckpointSpec, LookupSpec
from speccascade.checkpoints.paths import resolve
from speccascade.errors import UserError
from speccascade.models import PromptLookup, Prompts


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
    path = resolve("package:vocabulary.model")
    assert path.is_file()
    assert path.parent == Path(paths.__file__).parents[1] / "data"


def test_missing_weights_are_one_sentence_that_names_the_file(pair_spec):
    Path(pair_spec.target.weights).unlink()
    with pytest.raises(UserError, match=r"weights .*target\.safetensors are missing"):
        load_pair(pair_spec)


def test_a_narrower_model_is_widened_and_what_it_gains_is_masked(pair_spec, models):
    # As T5's 32,100 pieces beside a checkpoint with 32,128 logits.
    for role, added in (("drafter", 8), ("target", 28)):
        params = dict(getattr(models, f"{role}_params"))
        table = params["token_embedder"]["embedding"]
        params["token_embedder"] = {"embedding": np.pad(table, ((0, added), (0, 0)))}
        safetensors_io.save(params, getattr(pair_spec, role).weights)
        pair_spec = changed(pair_spec, role, vocab_size=6144 + added)
    pair = load_pair(pair_spec)
    assert pair.drafter.vocab_size == pair.target.vocab_size == 6172
    assert pair.mask is not None
    assert pair.mask.tolist() == [True] * 6144 + [False] * 28
    prompts = Prompts(
        tokens=jnp.array([[5, 6, 1]], jnp.int32), lengths=jnp.array([3], jnp.int32)
    )
    first = pair.drafter.prefill(pair.drafter_params, prompts, 2)
    logits, _ = pair.drafter.score(
        pair.drafter_params, first.cache, first.token[:, None], first.slot
    )
    assert logits.shape == (1, 1, 6172)
    assert jax.nn.softmax(logits)[0, 0, 6152:].tolist() == [0] * 20


def test_a_checkpoint_says_its_own_shape_and_brings_its_vocabulary(pair_spec):
    spec = dataclasses.replace(
        pair_spec,
        vocabulary=None,
        drafter=CheckpointSpec(uri="mini:ende_docs_drafter"),
        target=CheckpointSpec(uri="mini:ende_docs_drafter", dtype="bfloat16"),
    )
    pair = load_pair(spec)
    assert pair.vocabulary.size == pair.target.vocab_size == 6144
    assert pair.identity["target_dtype"] == "bfloat16"
    assert pair.identity["drafter_sha256"] == pair.identity["target_sha256"]
    changed = CheckpointSpec(uri="mini:ende_docs_drafter", overrides={"version": "1.0"})
    identity = load_pair(dataclasses.replace(spec, target=changed)).identity
    assert identity["target_overrides"] == '{"version": "1.0"}'
    assert hash(changed)


def test_a_target_without_a_vocabulary_is_refused(pair_spec):
    with pytest.raises(UserError, match=r"no vocabulary: set pair\.vocabulary"):
        load_pair(dataclasses.replace(pair_spec, vocabulary=None))


def test_two_vocabularies_are_refused_with_their_first_difference(
    pair_spec, tmp_path, vocabulary_path
):
    model = sentencepiece_model_pb2.ModelProto.FromString(vocabulary_path.read_bytes())
    model.pieces[300].piece = "zzqzz"
    other = tmp_path / "other.model"
    other.write_bytes(model.SerializeToString())
    spec = dataclasses.replace(
        pair_spec,
        vocabulary=str(other),
        drafter=CheckpointSpec(uri="mini:ende_docs_drafter"),
    )
    with pytest.raises(UserError, match=r"drafter .*id 300 is .+ here and 'zzqzz'"):
        load_pair(spec)


def test_a_prompt_lookup_has_its_targets_vocabulary_and_no_weights(pair_spec):
    pair = load_pair(dataclasses.replace(pair_spec, drafter=LookupSpec(longest=2)))
    assert pair.drafter == PromptLookup(vocab_size=6144, longest=2)
    assert pair.identity["drafter_lookup"] == "2"
    with pytest.raises(UserError, match="longest must be at least 1"):
        LookupSpec(longest=0)


def test_a_vocabulary_wider_than_the_logits_is_refused(pair_spec, models):
    params = dict(models.target_params)
    table = params["token_embedder"]["embedding"]
    params["token_embedder"] = {"embedding": table[:6000]}
    safetensors_io.save(params, pair_spec.target.weights)
    spec = changed(pair_spec, "target", vocab_size=6000)
    with pytest.raises(
        UserError, match="has 6144 pieces, more than the 6000 logits of the target"
    ):
        load_pair(spec)


def test_weights_trained_with_another_vocabulary_are_refused(pair_spec, models):
    path = Path(pair_spec.drafter.weights)
    other = {"vocabulary_sha256": "0" * 64}
    safetensors_io.save(models.drafter_params, path, metadata=other)
    with pytest.raises(UserError, match="was trained with another vocabulary than"):
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
    files = set(resolve("package:").glob("*.safetensors"))
    gemma = {file for file in files if "gemma" in file.name}
    for those, budget in ((files - gemma, 48), (gemma, 40)):
        assert sum(file.stat().st_size for file in those) <= budget * 2**20
