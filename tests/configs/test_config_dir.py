"""Configurations are found in a checkout and in an installed wheel."""

from pathlib import Path

import pytest

import speccascade
from speccascade.cli.config_dir import config_directory
from speccascade.errors import UserError


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "site" / "speccascade"
    folder.mkdir(parents=True)
    monkeypatch.setattr(speccascade, "__file__", str(folder / "__init__.py"))
    return folder


def put(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.yaml").touch()
    return folder


def test_a_checkout_has_them_beside_the_package(package):
    beside = put(package.parent / "configs")
    assert config_directory() == beside


def test_a_wheel_has_them_inside_the_package(package):
    put(package.parent / "configs")
    inside = put(package / "configs")
    assert config_directory() == inside


def test_a_broken_installation_says_so_in_one_sentence(package):
    with pytest.raises(UserError, match="install"):
        config_directory()
