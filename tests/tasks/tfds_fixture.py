"""Small data sets in the schemas of TFDS, as `tfds build` would leave them.

    folder = prepare(tmp_path, "gsm8k", test=[{"question": "…", "answer": "…"}])
    task = Gsm8k(tfds_data=str(folder))

A row names what a test is about; texts that it leaves out are empty, lists are without
items. Rows keep their order. Preparing imports TensorFlow, which takes seconds: one
data set a task is enough, and rows that go wrong are better tried with local files.
"""

import dataclasses
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

TEXT, NUMBER, FLAG = "text", "number", "flag"
# A list of one item is a sequence of that; a mapping, of its fields.
ANSWERS = [{"text": TEXT, "answer_start": NUMBER}]


@dataclasses.dataclass(frozen=True)
class Schema:
    """Version and features of a data set, as its builder in TFDS 4.9.10 has them."""

    version: str
    fields: Mapping[str, Any]


SCHEMAS = {
    "cnn_dailymail": Schema(
        "3.4.0", {"article": TEXT, "highlights": TEXT, "publisher": TEXT, "id": TEXT}
    ),
    "gsm8k": Schema(
        "1.0.0",
        {"question": TEXT, "answer": TEXT, "annotation": TEXT, "short_answer": TEXT},
    ),
    "natural_questions_open": Schema("1.0.0", {"question": TEXT, "answer": [TEXT]}),
    "squad/v2.0": Schema(
        "3.0.0",
        {
            "id": TEXT,
            "title": TEXT,
            "context": TEXT,
            "plausible_answers": ANSWERS,
            "question": TEXT,
            "is_impossible": FLAG,
            "answers": ANSWERS,
        },
    ),
    "trivia_qa/unfiltered.nocontext": Schema(
        "1.1.0",
        {
            "question": TEXT,
            "question_id": TEXT,
            "question_source": TEXT,
            "entity_pages": [
                {
                    "doc_source": TEXT,
                    "filename": TEXT,
                    "title": TEXT,
                    "wiki_context": TEXT,
                }
            ],
            "search_results": [
                {
                    "description": TEXT,
                    "filename": TEXT,
                    "rank": NUMBER,
                    "title": TEXT,
                    "url": TEXT,
                    "search_context": TEXT,
                }
            ],
            "answer": {
                "aliases": [TEXT],
                "normalized_aliases": [TEXT],
                "matched_wiki_entity_name": TEXT,
                "normalized_matched_wiki_entity_name": TEXT,
                "normalized_value": TEXT,
                "type": TEXT,
                "value": TEXT,
            },
        },
    ),
    "web_questions": Schema(
        "1.0.0", {"url": TEXT, "question": TEXT, "answers": [TEXT]}
    ),
    "wmt14_translate/de-en": Schema("1.0.0", {"de": TEXT, "en": TEXT}),
    "xquad/en": Schema(
        "3.0.0",
        {
            "id": TEXT,
            "title": TEXT,
            "context": TEXT,
            "question": TEXT,
            "answers": ANSWERS,
        },
    ),
    "xsum": Schema("1.1.0", {"document": TEXT, "summary": TEXT}),
}


def prepare(folder: Path, dataset: str, **splits: Sequence[Mapping[str, Any]]) -> Path:
    """Writes a data set below a folder, which is returned: the task's `tfds_data`.

    Args:
      folder: may hold other data sets.
      dataset: a name of `SCHEMAS`, with its configuration.
      splits: split as TFDS calls it -> rows.
    """
    tfds = _tfds()
    name, _, config = dataset.partition("/")
    schema = SCHEMAS[dataset]
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version=schema.version,
        config=config or None,
        features=_feature(schema.fields),
        split_datasets={
            split: [(key, _filled(schema.fields, row)) for key, row in enumerate(rows)]
            for split, rows in splits.items()
        },
        data_dir=folder,
        disable_shuffling=True,
    )
    return folder


def _tfds() -> Any:
    importlib.import_module("speccascade.tasks.seqio_task")  # sets TensorFlow up
    return importlib.import_module("tensorflow_datasets")


def _feature(kind: Any) -> Any:
    tfds = _tfds()

    if isinstance(kind, Mapping):
        fields = {name: _feature(one) for name, one in kind.items()}
        return tfds.features.FeaturesDict(fields)
    if isinstance(kind, list):
        (item,) = kind
        return tfds.features.Sequence(_feature(item))
    kinds = {TEXT: tfds.features.Text(), NUMBER: np.int32, FLAG: np.bool_}
    return kinds[kind]


def _filled(kind: Any, value: Any) -> Any:
    """A value with what it leaves out; unknown fields are a mistake of the test."""
    if isinstance(kind, Mapping):
        value = value or {}
        assert not value.keys() - kind.keys()
        return {name: _filled(one, value.get(name)) for name, one in kind.items()}
    if isinstance(kind, list):
        return [_filled(kind[0], one) for one in value or []]
    return {TEXT: "", NUMBER: 0, FLAG: False}[kind] if value is None else value
