"""`speccascade score`: ids in, logits out, and one sentence for what does not fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.checkpoints import Checkpoint, load
from speccascade.cli import score
from speccascade.models import Gemma, GemmaConfig, Prompts

MODEL = "mini:ende_docs_drafter"
ENCODER = np.array([[5, 9, 12, 1], [0, 700, 1, 0]])
DECODER = np.array([[0, 40, 41], [0, 50, 6143]], np.uint16)


def run(cli, **arrays):
    np.savez("ids.npz", **arrays)
    return cli("score", "--model", MODEL, "--tokens", "ids.npz", "--out", "out.npz")


def read():
    with np.load("out.npz") as file:
        assert file.files == ["logits"]
        return file["logits"]


def test_logits_of_a_t5_are_those_of_its_engine_and_padding_is_not_seen(cli):
    status, out, err = run(cli, encoder_tokens=ENCODER, decoder_tokens=DECODER)
    assert (status, out, err) == (0, "out.npz: logits [2, 3, 6144], float32\n", "")
    found = read()
    assert found.dtype == np.float32
    checkpoint = load(MODEL)
    model, params = checkpoint.model, checkpoint.params
    prompts = Prompts(tokens=jnp.array(ENCODER[:1]), lengths=jnp.array([4]))

    @jax.jit
    def engine(params):
        first = model.prefill(params, prompts, 3)
        fed = jnp.array(DECODER[:1].astype(np.int32))
        return model.score(params, first.cache, fed, first.slot)[0]

    cached = engine(params)
    np.testing.assert_allclose(found[0], cached[0], rtol=0, atol=1e-4)
    # Position is by distance: what is before and after the row's own ids is nothing.
    assert run(cli, encoder_tokens=ENCODER[1:, 1:3], decoder_tokens=DECODER[1:])[0] == 0
    np.testing.assert_allclose(found[1], read()[0], rtol=0, atol=1e-4)


def test_a_decoder_alone_is_fed_its_tokens_as_they_are(cli, monkeypatch):
    config = GemmaConfig(
        vocab_size=7,
        emb_dim=8,
        num_layers=2,
        num_heads=2,
        num_kv_heads=1,
        head_dim=4,
        mlp_dim=8,
        window=2,
        global_every=2,
    )
    model = Gemma(config=config)
    params = model.init(jax.random.key(0))
    checkpoint = Checkpoint(model=model, params=params, sha256="")
    monkeypatch.setattr(score, "load", lambda uri: checkpoint)
    tokens = np.array([[0, 3, 4, 6], [2, 2, 1, 5]], np.int32)
    assert run(cli, tokens=tokens)[0] == 0
    expected = model.module.apply({"params": params}, jnp.array(tokens))
    np.testing.assert_allclose(read(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"tokens": DECODER}, "must hold encoder_tokens and decoder_tokens for"),
        ({"other": DECODER}, "it holds none of them"),
        ({"encoder_tokens": ENCODER}, "it holds encoder_tokens."),
        ({"decoder_tokens": DECODER + 1}, "ids from 1 to 6144; this model's are 0 to"),
        ({"encoder_tokens": ENCODER - 1}, "ids from -1 to 699"),
        ({"encoder_tokens": ENCODER[:1]}, "has 1 rows, decoder_tokens 2"),
        ({"encoder_tokens": ENCODER * [[1], [0]]}, "holds nothing but padding"),
        ({"encoder_tokens": ENCODER[0]}, "must be whole numbers in a table"),
        ({"encoder_tokens": ENCODER[:, :0]}, "not empty; it is int64[2, 0]"),
        ({"encoder_tokens": ENCODER * 1.0}, "it is float64[2, 4]"),
        ({"encoder_tokens": ENCODER.astype(object)}, "is no .npz file of arrays"),
    ],
)
def test_ids_that_do_not_fit_are_one_sentence(cli, arrays, complaint):
    both = {"encoder_tokens": ENCODER, "decoder_tokens": DECODER}
    if "tokens" not in arrays and "other" not in arrays:
        arrays = {**both, **arrays} if complaint[:2] != "it" else arrays
    status, _, err = run(cli, **arrays)
    assert status == 2
    assert err.count("\n") == 1 and complaint in err


@pytest.mark.parametrize("content", [None, b"", b"PK", b"text"])
def test_a_file_that_is_no_npz_is_one_sentence(cli, tmp_path, content):
    if content is not None:
        (tmp_path / "ids.npz").write_bytes(content)
    words = ("score", "--model", MODEL, "--tokens", "ids.npz", "--out", "out.npz")
    status, _, err = cli(*words)
    assert status == 2
    assert err.count("\n") == 1 and "ids.npz" in err


def test_a_place_that_cannot_be_written_and_a_model_that_is_not_there(cli):
    np.savez("ids.npz", encoder_tokens=ENCODER, decoder_tokens=DECODER)
    words = ("score", "--tokens", "ids.npz", "--out", "none/out.npz", "--model")
    status, _, err = cli(*words, MODEL)
    assert (status, err.count("\n")) == (2, 1) and "none/out.npz cannot be" in err
    status, _, err = cli(*words, "t5x:none")
    assert (status, err.count("\n")) == (2, 1) and "none cannot be read" in err
