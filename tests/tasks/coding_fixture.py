"""Ten problems of our own in the true schemas of MBPP and HumanEval."""

import gzip
import json


def mbpp_row(task_id, name, body, tests, text=None, setup=""):
    """One row as in mbpp.jsonl, its program with the line ends that it has there."""
    return {
        "text": text or f"Write a function {name}.",
        "code": f"def {name}(x):\r\n  {body}",
        "task_id": task_id,
        "test_setup_code": setup,
        "test_list": tests,
        "challenge_test_list": ["assert False"],
    }


def checks(name, *pairs):
    return [f"assert {name}({given!r}) == {result!r}" for given, result in pairs]


MBPP = [
    mbpp_row(1, "same", "return x", checks("same", (1, 1), (2, 2), (3, 3))),
    mbpp_row(
        2,
        "double",
        "return 2 * x ",
        checks("double", (1, 2), (4, 8), (-3, -6)),
        "Write a function to double a number.",
    ),
    mbpp_row(
        3,
        "is_even",
        "return x % 2 == 0",
        checks("is_even", (1, False), (10, True), (0, True)),
        "Write a python function to tell whether a number is even.",
    ),
    mbpp_row(
        4,
        "largest",
        "largest = max(x)\r\n  return largest",
        checks("largest", ([1, 2], 2), ([5, 3], 5), ([-1], -1)),
        "Write a function to find the largest number of a list.",
    ),
    mbpp_row(
        11,
        "shout",
        'return x.upper() + "!"',
        checks("shout", ("a", "A!"), ("Hi", "HI!"), ("", "!")),
        "Write a function to shout a word.",
    ),
    mbpp_row(
        510,
        "depth",
        "return 0 if x is None else 1 + depth(x.rest)",
        ["assert depth(chain) == 2", "assert depth(None) == 0", "assert chain.rest"],
        setup="class Link: rest = None\r\nchain = Link()\r\nchain.rest = Link()",
    ),
    mbpp_row(511, "half", "return x / 2", checks("half", (2, 1), (3, 1.5), (0, 0))),
    mbpp_row(600, "third", "return x / 3", checks("third", (3, 1), (6, 2), (0, 0))),
    mbpp_row(601, "neg", "return -x", checks("neg", (3, -3), (-6, 6), (0, 0))),
    mbpp_row(974, "size", "return len(x)", checks("size", ("a", 1), ("", 0), ([], 0))),
]

HUMAN_EVAL = [
    {
        "task_id": "HumanEval/0",
        "prompt": "from typing import List\n\n\n"
        "def total(numbers: List[int]) -> int:\n"
        '    """ Add all numbers of a list.\n'
        "    >>> total([1, 2])\n"
        "    3\n"
        '    """\n',
        "entry_point": "total",
        "canonical_solution": "    return sum(numbers)\n",
        "test": "\n\nMETADATA = {'author': 'us'}\n\n\ndef check(candidate):\n"
        "    assert candidate([1, 2]) == 3\n    assert candidate([]) == 0\n",
    },
    {
        "task_id": "HumanEval/1",
        "prompt": "def twice(word: str) -> str:\n    ''' Say a word twice.\n    '''\n",
        "entry_point": "twice",
        "canonical_solution": "    for _ in range(1):\n        word += word\n"
        "    return word\n",
        "test": "def check(candidate):\n    assert candidate('ab') == 'abab'\n",
    },
]


def write(folder, rows=MBPP, problems=HUMAN_EVAL):
    """Both files, in the folders and under the names that the tasks look for."""
    (folder / "mbpp").mkdir()
    (folder / "human_eval").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "mbpp" / "mbpp.jsonl").write_text(lines, encoding="utf-8")
    lines = "".join(json.dumps(row) + "\n" for row in problems)
    with gzip.open(folder / "human_eval" / "HumanEval.jsonl.gz", "wt") as file:
        file.write(lines)
    return str(folder)
