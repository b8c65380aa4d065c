"""A run directory with a summary; wandb's own folders are temporary."""

import json

import pytest

from tests.tracking.offline import KEY, SUMMARY


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Artifacts are staged and cached in the home folder otherwise."""
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "wandb-data"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "wandb-cache"))


@pytest.fixture
def run(tmp_path):
    """A run directory that holds a summary."""
    folder = tmp_path / "results" / "pair" / "task" / "opt" / KEY
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps(SUMMARY))
    return folder
