"""`speccascade trace`: words in, a trace out."""

import json

import pytest

CASES = {
    "name": (["buzz"], ["no example 'buzz'", "buzz_aldrin, sheep", "prompt='...'"]),
    "two names": (["sheep", "buzz_aldrin"], ["One example at a time"]),
    "both prompts": (["example=1", "prompt=Hello"], ["exclude each other"]),
    "example": (["example=one"], ["example must be a whole number, not 'one'"]),
    "threshold": (["threshold=low"], ["threshold must be a number, not 'low'"]),
    "no number": (["threshold=nan"], ["threshold must be a number, not 'nan'"]),
    "twice": (["example=1", "example=2"], ["example is given twice"]),
    "empty": (["html="], ["html= needs a file"]),
    "a prompt of its own": (["sheep", "prompt=Hello"], ["a prompt of its own"]),
    "forced": (["prompt=Hello", "forced=mini:x"], ["forced needs given answers"]),
    "method": (["method=chwo"], ["'chwo'", "did you mean 'chow'"]),
    "key": (["exampel=3"], ["'exampel'"]),
    "range": (["method=chow", "threshold=2", "prompt=a"], ["-1", "alpha = 2"]),
    "infinite": (["method=chow", "threshold=.inf", "prompt=a"], ["-1", "alpha = inf"]),
    "below": (["method=chow", "threshold=-.inf", "prompt=a"], ["-1", "alpha = -inf"]),
    "no use": (["method=lossless", "threshold=1"], ["none of the methods has a"]),
    "no data": (["task=question"], ["holds no examples", "prompt='...'"]),
}


@pytest.mark.parametrize("words", CASES.values(), ids=CASES)
def test_bad_input_gets_one_sentence_and_status_2(cli, configs, words):
    arguments, expected = words
    status, _, err = cli("trace", "--config-dir", str(configs), "pair=tiny", *arguments)
    assert status == 2, err
    assert err.startswith("speccascade: ") and err.count("\n") == 1, err
    for part in expected:
        assert part in err


def test_a_prompt_is_traced_under_several_methods(cli, configs):
    status, out, err = cli(
        "trace",
        *("--config-dir", str(configs), "pair=tiny", "method=target,token_v3"),
        *("task.max_new_tokens=4", "prompt=Click <b>OK</b> = 'now'."),
        *("html=new/trace.html", "json=new/trace.json"),
    )
    assert (status, err) == (0, "")
    assert "Target alone" in out and "SpecCascade [TokenV3] at 0.9472" in out
    assert out.splitlines()[-2:] == ["new/trace.html", "new/trace.json"]
    with open("new/trace.json") as file:
        found = json.load(file)
    assert found["prompt"] == "Click <b>OK</b> = 'now'."
    assert [one["method"] for one in found["traces"]] == ["target", "token_v3"]
    assert found["traces"][0]["counters"]["target_calls"] <= 4
    with open("new/trace.html") as file:
        assert "Click &lt;b&gt;OK" in file.read()


@pytest.mark.slow
def test_the_blogs_answers_are_forced_through_a_checkpoint_that_says_so(cli, configs):
    status, out, err = cli(
        "trace",
        "buzz_aldrin",
        *("--config-dir", str(configs), "pair=tiny", "method=target"),
        *("task.max_new_tokens=4", "forced=mini:ende_docs_target"),
    )
    assert (status, err) == (0, "")
    for part in (
        "Who is Buzz Aldrin?",
        "the texts are the blog's, the probabilities this model's",
        "(mini:ende_docs_target)",
        "the small model's answer begins",
        "the large model's answer begins",
    ):
        assert part in " ".join(out.split())
    assert "given, not generated" in out


@pytest.mark.slow
def test_a_base_model_is_asked_a_bare_question(cli, configs):
    status, out, err = cli(
        "trace",
        "sheep",
        *("--config-dir", str(configs), "pair=tiny", "pair.form=few_shot"),
        *("method=target", "task.max_new_tokens=4", "forced=none"),
    )
    assert (status, err) == (0, "")
    assert out.startswith("question (pair tiny") and "Mary has 30 sheep" in out
    assert "Teacher-forced" not in out
