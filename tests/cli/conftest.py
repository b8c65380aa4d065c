"""A command line to call in this process, and a tiny pair of random weights."""

import json
import logging
import weakref
from pathlib import Path

import jax
import numpy as np
import pytest

from speccascade.checkpoints.safetensors_io import save
from speccascade.cli.main import main
from speccascade.models import T5, T5Config

TINY = {
    "version": "1.0",
    "vocab_size": 6144,
    "emb_dim": 8,
    "num_heads": 1,
    "head_dim": 8,
    "mlp_dim": 8,
    "num_encoder_layers": 1,
    "num_decoder_layers": 1,
}


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """Calls the command in an empty folder: (status, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPECCASCADE_CACHE", str(tmp_path / "cache"))
    # Hydra sets up logging anew and shuts all older handlers down; some of them, absl's
    # for one, then close the very streams that pytest captures.
    monkeypatch.setattr(logging, "_handlerList", [])
    monkeypatch.setattr(logging, "_handlers", weakref.WeakValueDictionary())
    handlers, level = list(logging.root.handlers), logging.root.level

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(arguments)
        return (status, *capsys.readouterr())

    yield call
    for handler in logging.root.handlers:
        if isinstance(handler, logging.FileHandler) and handler not in handlers:
            handler.close()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    """A folder with the weights of two tiny random models."""
    folder = tmp_path_factory.mktemp("weights")
    model = T5(config=T5Config(**TINY))
    shapes = jax.eval_shape(model.init, jax.random.key(0))
    rng = np.random.default_rng(0)
    for role in ("drafter", "target"):
        # Drawn by numpy: compiling the initialisers takes longer than the tests.
        params = jax.tree.map(
            lambda leaf: rng.normal(size=leaf.shape).astype(leaf.dtype), shapes
        )
        save(params, folder / f"{role}.safetensors")
    return folder


@pytest.fixture
def configs(tmp_path, weights) -> Path:
    """A user's own folder of configurations, with a pair of tiny random models."""
    folder = tmp_path / "mine"
    for group in ("pair", "method", "task", "experiment"):
        (folder / group).mkdir(parents=True)
    shape = json.dumps(TINY)
    (folder / "pair" / "tiny.yaml").write_text(
        "defaults:\n"
        "  - /schema@_here_: pair\n"
        "  - /schema@drafter: t5_model\n"
        "  - /schema@target: t5_model\n"
        "name: tiny\n"
        "vocabulary: package:vocabulary.model\n"
        f"drafter: {{weights: {weights}/drafter.safetensors, config: {shape}}}\n"
        f"target: {{weights: {weights}/target.safetensors, config: {shape}}}\n"
    )
    return folder
