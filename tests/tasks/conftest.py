"""Shared by the tests of tasks: the shipped vocabulary and evaluation rows."""

import importlib.resources
import json
import os
from pathlib import Path

import pytest

from speccascade.checkpoints import SentencePieceVocabulary
from speccascade.tasks.corpus import FOLDER_VARIABLE, corpus_file, read_corpus

DATA = Path(str(importlib.resources.files("speccascade") / "data"))


@pytest.fixture(scope="session")
def vocabulary():
    return SentencePieceVocabulary(DATA / "vocabulary.model")


@pytest.fixture(scope="session")
def data_folder():
    return DATA


@pytest.fixture(scope="session")
def shipped_test_rows():
    with (DATA / "ende_docs.test.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def corpus_rows():
    """All rows of the corpus, where this machine has it."""
    if FOLDER_VARIABLE not in os.environ:
        pytest.skip(f"{FOLDER_VARIABLE} does not name a folder with the corpus")
    return read_corpus(corpus_file())
