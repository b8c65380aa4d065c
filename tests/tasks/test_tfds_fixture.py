"""Data sets in TFDS schemas: what a test stores is what a task reads."""

import pytest

from tests.tasks.tfds_fixture import SCHEMAS, prepare

ROWS = {
    "squad/v2.0": [
        {
            "question": "Who?",
            "answers": [{"text": "Zoë"}, {"text": "Z.", "answer_start": 3}],
        },
        {"question": "When?", "is_impossible": True},
    ],
    "wmt14_translate/de-en": [{"de": "Grüße", "en": "Greetings"}],
    "trivia_qa/unfiltered.nocontext": [
        {"answer": {"value": "a", "aliases": ["a", "b"]}}
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ROWS)
def test_prepared_rows_come_back_in_their_order_as_text(dataset, tmp_path):
    from speccascade.tasks.seqio_task import prepared_rows

    folder = prepare(tmp_path, dataset, validation=ROWS[dataset])
    name = f"{dataset}:{SCHEMAS[dataset].version}"
    found = list(prepared_rows(name, "validation", str(folder)))
    assert len(found) == len(ROWS[dataset])
    if dataset == "squad/v2.0":
        assert [row["question"] for row in found] == ["Who?", "When?"]
        assert found[0]["answers"] == {"text": ["Zoë", "Z."], "answer_start": [0, 3]}
        assert found[1]["answers"]["text"] == []
        assert found[1]["is_impossible"] is True
    elif dataset == "wmt14_translate/de-en":
        assert found[0] == {"de": "Grüße", "en": "Greetings"}
    else:
        assert found[0]["answer"]["aliases"] == ["a", "b"]
        assert found[0]["search_results"]["rank"] == []
