"""`speccascade train`: from a configuration to a weights file, and on from a kill."""

import json

import jax
import numpy as np
import pytest

from speccascade.checkpoints import SentencePieceVocabulary, own_weights
from speccascade.checkpoints import load as checkpoint
from speccascade.checkpoints.assembly import model_shapes
from speccascade.checkpoints.paths import resolve
from speccascade.checkpoints.safetensors_io import load, read_metadata, save
from speccascade.cli import compose, ingredients
from speccascade.cli.build import make
from speccascade.errors import UserError
from speccascade.models import Gemma, GemmaConfig, Restricted, model_of
from speccascade.tasks import translation

MODEL = "emb_dim num_heads head_dim mlp_dim num_encoder_layers num_decoder_layers"


@pytest.fixture
def corpus(monkeypatch):
    """A corpus of one sentence, over and over."""
    texts = translation.EndeDocs.texts

    def few(task, split):
        return (
            texts(task, "validation")[:64] if split == "train" else texts(task, split)
        )

    monkeypatch.setattr(translation.EndeDocs, "texts", few)
    # optax itself mixes int32 steps with floats.
    with jax.numpy_dtype_promotion("standard"):
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("corpus")
def test_a_training_writes_weights_and_goes_on_where_it_stopped(cli, tmp_path):
    sizes = zip(MODEL.split(), (8, 1, 8, 8, 1, 1), strict=True)
    words = [f"training.model.{name}={size}" for name, size in sizes]
    words += ["training.name=tiny", "training.settings.tokens_per_batch=512"]
    words += ["training.settings.warmup_steps=1", "training.settings.cooldown_steps=1"]
    words += ["training.settings.checkpoint_every=2", "training.settings.log_every=1"]
    words += ["training.validation_batches=1", "training.metric_examples=2"]
    status, _, err = cli("train", *words, "training.settings.steps=2")
    assert status == 0, err
    status, _, err = cli("train", *words, "training.settings.steps=4")
    assert status == 0, err
    assert "resumed at step 2" in err
    output = tmp_path / "results" / "training" / "tiny" / "tiny.safetensors"
    assert load(output)["token_embedder"]["embedding"].shape == (6144, 8)
    assert read_metadata(output)["steps"] == "4"
    lines = (output.parent / "progress.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    assert {line["step"] for line in found} == {1, 2, 3, 4}
    assert all(0 <= line["bleu"] <= 100 for line in found if "validation_loss" in line)


GEMMA = GemmaConfig(
    vocab_size=6144,
    emb_dim=8,
    num_layers=4,
    num_heads=1,
    num_kv_heads=1,
    head_dim=8,
    mlp_dim=8,
    window=4,
    global_every=2,
)


@pytest.fixture
def gemma(tmp_path):
    """The file of a random Gemma, as a training would have left it."""
    model = Gemma(config=GEMMA)
    said = {
        "vocabulary_sha256": SentencePieceVocabulary(
            resolve("package:vocabulary.model")
        ).sha256
    }
    path = tmp_path / "gemma.safetensors"
    params = model.init(jax.random.key(0))
    save(params, path, metadata=own_weights.header(model) | said)
    return path


@pytest.mark.slow
@pytest.mark.usefixtures("corpus")
def test_a_cut_of_a_checkpoint_is_trained_and_drafts_for_it(
    cli, tmp_path, gemma, configs
):
    words = ["training=gemma3_270m_cut", "training.name=cut"]
    words += [f"training.teacher.uri=mini:{gemma}", "training.cut.layers=[0,3]"]
    words += ["training.cut.ids=600", "training.settings.warmup_steps=1"]
    words += ["training.settings.cooldown_steps=1", "training.validation_batches=1"]
    status, _, err = cli("train", *words, "training.settings.steps=2")
    assert status == 0, err
    output = tmp_path / "results" / "training" / "cut" / "cut.safetensors"
    drafter = checkpoint(f"mini:{output}").model
    assert isinstance(drafter, Restricted) and drafter.width == GEMMA.vocab_size
    assert (drafter.config.vocab_size, drafter.config.num_layers) == (600, 2)
    (line,) = map(
        json.loads, (output.parent / "progress.jsonl").read_text().split("\n")[:1]
    )
    assert 0 < line["overlap"] < 1
    (configs / "pair" / "cut.yaml").write_text(
        "defaults:\n"
        "  - /schema@_here_: pair\n"
        "  - /schema@drafter: checkpoint\n"
        "  - /schema@target: checkpoint\n"
        "name: cut\n"
        "form: few_shot\n"
        f"drafter: {{uri: 'mini:{output}'}}\n"
        f"target: {{uri: 'mini:{gemma}'}}\n"
    )
    status, _, err = cli(
        "run",
        f"--config-dir={configs}",
        "pair=cut",
        "method=lossless",
        "num_examples=2",
        "latency.num_examples=0",
        "sampling=greedy",
    )
    assert status == 0, err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["training.teacher.uri=null"], "set training.teacher.uri"),
        (["training.initial=x"], "no use for training.initial: remove it"),
        (["training.teacher.rewrites=5"], "no use for training.teacher.rewrites"),
        (["training.metric_examples=5"], "no use for training.metric_examples"),
        (["training.cut.ids=0"], "not 0 and 256"),
        (["training.cut.row_tokens=16"], "not 8192 and 16"),
        (
            ["training.teacher.uri=mini:ende_docs_target"],
            "must be a decoder-only model",
        ),
    ],
)
def test_a_cut_needs_a_decoder_and_no_option_that_could_not_act(cli, words, expected):
    status, _, err = cli("train", "training=gemma3_270m_cut", *words)
    assert status == 2, err
    assert err.count("\n") == 1 and expected in err


def test_a_training_without_its_corpus_says_how_to_get_it(cli, monkeypatch):
    monkeypatch.delenv("SPECCASCADE_DATA", raising=False)
    status, _, err = cli("train", "training.metric_examples=0")
    assert status == 2
    assert err.count("\n") == 1 and "SPECCASCADE_DATA" in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["training.teacher.rewrites=5"], "set training.teacher.weights"),
        (["training.teacher.rewrites=-5"], "must be >= 0, not -5"),
        (["training.initial_decoder_layers=1"], "only with weights to start from"),
        (["training.initial=x", "training.initial_decoder_layers=0"], "1 to 5"),
        (["training.initial=x", "training.initial_decoder_layers=6"], "1 to 5"),
        (["training.teacher.uri=mini:x"], "is what training.cut cuts"),
        (
            ["training.initial=x", "training.initial_layers=[0]"],
            "for a decoder-only model",
        ),
    ],
)
def test_an_option_that_could_not_act_is_one_sentence(cli, words, expected):
    status, _, err = cli("train", *words)
    assert status == 2, err
    assert err.count("\n") == 1 and expected in err


def _composed(*overrides: str):
    words = compose.Words(
        names=(), overrides=("training=mini_suite_gemma_target", *overrides)
    )
    return compose.one_job(words, "train").training


def test_a_decoder_starts_from_some_layers_of_another():
    asked = _composed()
    model = model_of(make(asked, "model"))
    whole = checkpoint("mini:ende_docs_gemma_target").params
    initial = ingredients._initial(model, asked)
    shapes = jax.tree.map(lambda leaf: leaf.shape, initial)
    assert shapes == jax.tree.map(lambda leaf: leaf.shape, model_shapes(model))
    for new, old in enumerate(asked.initial_layers):
        jax.tree.map(
            np.testing.assert_array_equal,
            initial[f"layers_{new}"],
            whole[f"layers_{old}"],
        )


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("training.initial_layers=[0,1]", "they must be equal"),
        ("training.initial=package:mini_suite_target.safetensors", "no decoder-only"),
    ],
)
def test_layers_that_do_not_make_the_model_are_refused(override, expected):
    asked = _composed(override)
    with pytest.raises(UserError, match=expected):
        ingredients._initial(model_of(make(asked, "model")), asked)
