"""The token cache: what keys it, and that damage never gets through."""

import dataclasses
import os

import pytest

from speccascade.errors import UserError
from speccascade.tasks.cache import Encoded, TokenCache

EXAMPLES = [
    Encoded(0, "A line.", "Eine\u2028Zeile.", [5, 9, 1]),
    Encoded(1, "Tabs\tand\nlines", "", [1]),
]


@pytest.fixture
def cache(tmp_path):
    source = tmp_path / "source.jsonl"
    source.write_text("the texts")
    return TokenCache(
        folder=tmp_path / "cache" / "tokens",
        name="toy.test",
        source=source,
        vocabulary_sha256="v1",
        recipe={"prompt_form": "{source}", "buckets": [40, 80]},
    )


def test_what_is_written_is_read_back(cache):
    assert cache.read() is None
    cache.write(EXAMPLES)
    assert cache.read() == EXAMPLES


def test_nothing_but_the_cache_file_is_left_behind(cache):
    cache.write(EXAMPLES)
    cache.write(EXAMPLES)
    assert list(cache.folder.iterdir()) == [cache.path]


@pytest.mark.parametrize(
    "change",
    [
        {"vocabulary_sha256": "v2"},
        {"recipe": {"prompt_form": "{source}", "buckets": [80]}},
    ],
    ids=["vocabulary", "recipe"],
)
def test_another_vocabulary_or_recipe_is_another_file(cache, change):
    cache.write(EXAMPLES)
    other = dataclasses.replace(cache, **change)
    assert other.path != cache.path
    assert other.read() is None


def test_another_source_is_another_file(cache):
    cache.write(EXAMPLES)
    cache.source.write_text("other texts")
    other = dataclasses.replace(cache)
    assert other.path != cache.path


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[:-1],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole.replace(b"[5, 9, 1]", b"[5, 8, 1]"),
        lambda whole: b"\x00" * len(whole),
        lambda whole: whole + b"{}\n",
        lambda whole: whole.partition(b"\n")[2],
    ],
    ids=["empty", "cut", "half", "edited", "zeros", "longer", "no header"],
)
def test_a_damaged_file_counts_as_absent(cache, damage):
    cache.write(EXAMPLES)
    cache.path.write_bytes(damage(cache.path.read_bytes()))
    assert cache.read() is None
    cache.write(EXAMPLES)
    assert cache.read() == EXAMPLES


def test_a_folder_that_cannot_be_made_is_named_in_one_sentence(cache, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(UserError, match=f"{blocked / 'cache'} cannot be written to"):
        dataclasses.replace(cache, folder=blocked / "cache").write(EXAMPLES)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any folder")
def test_a_folder_without_write_permission_is_named(cache):
    cache.folder.mkdir(parents=True, mode=0o500)
    with pytest.raises(UserError, match="cannot be written to"):
        cache.write(EXAMPLES)
