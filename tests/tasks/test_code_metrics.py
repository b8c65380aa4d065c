"""pass@1 as a sum over examples."""

import numpy as np
import pytest

from speccascade.errors import UserError
from speccascade.tasks import sandbox
from speccascade.tasks.code_metrics import MARK, PassAt1
from speccascade.tasks.metrics import Metric, corpus_score

TESTS = "assert double(2) == 4"
ALLOWED = PassAt1(allowed=True)


@pytest.fixture(scope="module")
def runs_programs():
    try:
        sandbox.check()
    except UserError as error:
        pytest.skip(str(error))


def test_it_is_a_metric_whose_signature_says_the_limits():
    assert isinstance(PassAt1(), Metric)
    signature, _, version = PassAt1().signature.partition("|version:")
    assert signature == (
        "pass@1|cpu_s:3|wall_s:30|memory_mb:1024|file_mb:1|modules:standard_library"
    )
    assert version.startswith("python-3.")
    assert PassAt1(allowed=True).signature == PassAt1().signature


def test_the_share_of_answers_that_pass_is_in_percent(runs_programs):
    right, wrong = "def double(x): return 2 * x", "def double(x): return x"
    assert corpus_score(ALLOWED, [right, wrong, wrong], [TESTS] * 3) == pytest.approx(
        100 / 3
    )
    assert corpus_score(ALLOWED, [], []) == 0


def test_sums_of_parts_are_scored_along_the_last_axis():
    parts = np.array([[3.0, 4.0], [0.0, 5.0], [0.0, 0.0]])
    assert PassAt1().combine(parts).tolist() == [75.0, 0.0, 0.0]


def test_what_stands_before_the_mark_comes_before_the_answer(runs_programs):
    reference = f"def double(x):\n{MARK}{TESTS}"
    assert ALLOWED.parts("    return 2 * x", reference) == [1, 1]
    assert ALLOWED.parts("    return x", reference) == [0, 1]
    assert ALLOWED.parts("    return 2 * x", TESTS) == [0, 1]


def test_no_program_runs_without_leave(monkeypatch):
    monkeypatch.setattr(sandbox, "run", lambda *_: pytest.fail("it ran"))
    with pytest.raises(UserError, match=r"task\.allow_code_execution=true"):
        PassAt1().parts("a = 1", "assert a")
