"""The text tasks on small data sets that TFDS prepared, in their true schemas.

Preparing and reading import TensorFlow: all of it is one test.
"""

import pytest

from speccascade.tasks.summarization import CnnDailymail, XSum
from speccascade.tasks.wmt import Wmt14EnDe
from tests.tasks.tfds_fixture import prepare

ROWS = {
    Wmt14EnDe: {"en": "A {} house.", "de": "Ein {} Haus."},
    XSum: {"document": "The {} house\nburned.", "summary": "A {} house burned."},
    CnnDailymail: {
        "article": "The {} house burned.",
        "highlights": "{} house .\nFire .",
    },
}


@pytest.mark.slow
def test_tasks_run_from_tfds_to_tokens_in_both_forms(vocabulary, tmp_path):
    folder = tmp_path / "tfds"
    for kind, row in ROWS.items():
        rows = [
            {name: text.format(number) for name, text in row.items()}
            for number in range(7)
        ]
        prepare(folder, kind.TFDS, train=rows, validation=rows[1:])
        task = kind(tfds_data=str(folder))
        source, reference = (text.format(1) for text in row.values())
        found = task.examples("validation", vocabulary, tmp_path / "cache")
        assert len(found) == 6
        assert (found[0].source, found[0].reference) == (source, reference)
        assert list(found[0].tokens) == vocabulary.encode(task.prompt(source))

        few = task.in_form("few_shot")
        assert few.prompt_form.count(" 4 house") >= 1
        assert " 5 house" not in few.prompt_form
        first = few.examples("validation", vocabulary, tmp_path / "cache")[0]
        prompt = few.prompt(" ".join(source.split()))
        assert list(first.tokens) == vocabulary.encode_open(prompt)
        assert first.reference == reference
