"""Ten made-up rows of each file that question tasks read, and the same for TFDS.

The texts are ours; only the forms are those of the data sets.
"""

import json
from pathlib import Path

# city, country
CITIES = [
    ("Oslo", "Norway"),
    ("Lima", "Peru"),
    ("Cairo", "Egypt"),
    ("Hanoi", "Vietnam"),
    ("Quito", "Ecuador"),
    ("Accra", "Ghana"),
    ("Dublin", "Ireland"),
    ("Zagreb", "Croatia"),
    ("Nairobi", "Kenya"),
    ("Santiago de Chile", "Chile"),
]

QUESTIONS = [
    {"question": f"what is the capital of {country}", "answer": [city, f"{city} city"]}
    for city, country in CITIES
]
PROBLEMS = [
    {
        "question": f"{city} has {number},000 trams, 2 of them red. How many are not?",
        "answer": f"{city} has <<{number}000-2={number}000-2>>{number}000 - 2 others."
        f"\nSo it has {number - 1},998.\n#### {number - 1},998",
    }
    for number, (city, _) in enumerate(CITIES, start=1)
]
WEB = [
    {"qId": f"w{number}", "qText": row["question"] + "?", "answers": row["answer"]}
    for number, row in enumerate(QUESTIONS)
]
TRIVIA = [
    {
        "id": f"t{number}",
        "question": row["question"] + "?",
        "golden_answers": row["answer"],
    }
    for number, row in enumerate(QUESTIONS)
]
PASSAGES = [
    {
        "title": city,
        "context": f"{city} is the capital of {country}.\nIt lies on a river.",
        "question": f"Which country is {city} the capital of?",
        "answers": [country, f"{country}."],
    }
    for city, country in CITIES
]


def squad(*, unanswerable: bool) -> dict:
    """The passages in SQuAD's JSON; in that of 2.0 every other has no answer."""
    articles = []
    for number, row in enumerate(PASSAGES):
        question = {
            "id": f"s{number}",
            "question": row["question"],
            "answers": [{"text": text, "answer_start": 0} for text in row["answers"]],
        }
        if unanswerable:
            impossible = number % 2 == 1
            question["is_impossible"] = impossible
            question["answers"] = [] if impossible else question["answers"]
        paragraph = {"context": row["context"], "qas": [question]}
        articles.append({"title": row["title"], "paragraphs": [paragraph]})
    return {"version": "v", "data": articles}


def lines(rows: list[dict]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


FILES = {
    "gsm8k/train.jsonl": lines(PROBLEMS),
    "gsm8k/test.jsonl": lines(PROBLEMS),
    "webquestions/trainmodel.json": json.dumps(WEB[::-1]),
    "webquestions/val.json": json.dumps(WEB),
    "webquestions/test.json": json.dumps(WEB),
    "nq_open/NQ-open.train.jsonl": lines(QUESTIONS[::-1]),
    "nq_open/NQ-open.dev.jsonl": lines(QUESTIONS),
    "triviaqa/test.jsonl": lines(TRIVIA),
    "squad/dev-v2.0.json": json.dumps(squad(unanswerable=True)),
    "xquad/xquad.en.json": json.dumps(squad(unanswerable=False)),
}


def write(folder: Path) -> Path:
    """Writes all files below a folder, which is returned: the tasks' `data`."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _spans(answers: list[str]) -> list[dict]:
    return [{"text": answer} for answer in answers]


# Data set of TFDS -> split there -> rows.
PREPARED = {
    "gsm8k": {"train": PROBLEMS, "test": PROBLEMS},
    "web_questions": {
        split: [{"question": row["qText"], "answers": row["answers"]} for row in rows]
        for split, rows in {"train": WEB[::-1], "test": WEB}.items()
    },
    "natural_questions_open": {"train": QUESTIONS[::-1], "validation": QUESTIONS},
    "trivia_qa/unfiltered.nocontext": {
        split: [
            {
                "question": row["question"],
                "answer": {
                    "value": row["golden_answers"][0],
                    "aliases": row["golden_answers"],
                },
            }
            for row in rows
        ]
        for split, rows in {"train": TRIVIA[::-1], "validation": TRIVIA}.items()
    },
    "squad/v2.0": {
        split: [
            row
            | {
                "answers": [] if number % 2 else _spans(row["answers"]),
                "is_impossible": number % 2 == 1,
            }
            for number, row in enumerate(PASSAGES)
        ]
        for split in ("train", "validation")
    },
    "xquad/en": {
        "test": [row | {"answers": _spans(row["answers"])} for row in PASSAGES]
    },
}
