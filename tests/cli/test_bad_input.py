"""Bad input: one sentence that says what is wrong and what to do, and status 2."""

import os
import subprocess
import sys

import pytest

CASES = {
    "key": (["seedz=[1]"], ["'seedz'", "did you mean 'seeds'"]),
    "nested key": (["method.gama=3"], ["'method.gama'", "did you mean 'gamma'"]),
    "added key": (["+method.foo=3"], ["method", "'foo'"]),
    "type": (["method.gamma=x"], ["method.gamma", "Integer"]),
    "option": (["method=chwo"], ["'chwo'", "did you mean 'chow'", "token_v3"]),
    "experiment": (["experiment=dmo"], ["'dmo'", "demo_quick"]),
    "grammar": (["a=(("], ["'a=(('", "key=value"]),
    "sweep without -m": (["method=chow,opt"], ["-m"]),
    "threshold": (
        ["method=chow", "method.thresholds=[2]"],
        ["-1", "to 1", "alpha = 2"],
    ),
    "no threshold": (["method=chow", "method.thresholds=[null]"], ["needs numbers"]),
    "gate": (["method=opt", "method.gate=tempered"], ["untempered, processed"]),
    "temperature": (["sampling.temperature=-1"], ["0 (greedy)"]),
    "wide seed": (["seeds=[3000000000]"], ["32-bit", "[3000000000]"]),
    "wide top-k": (["sampling.top_k=3000000000"], ["sampling.top_k", "3000000000"]),
    "seeds": (["seeds=[]"], ["seeds=[0]"]),
    "timed examples": (["num_examples=5"], ["latency.num_examples = 20"]),
    "rule": (["method.rule=chwo"], ["'chwo'", "token_v3"]),
    "rule of a kind": (
        ["method=token_chow", "method.rule=diff"],
        ["'token_chow'", "reads q alone", "diff"],
    ),
    "adaptive rule": (
        ["method=opt", "method.adaptive=rule"],
        ["'opt'", "reads q alone", "adaptive: confidence"],
    ),
    "adaptive bonus": (
        ["method=chow_adaptive", "method.bonus=target"],
        ["'chow_adaptive'", "bonus is law, and not target"],
    ),
    "rule without a target": (
        ["method.rule={coupling: redraw}"],
        ["method.rule is a mapping", "_target_"],
    ),
    "cap": (["method=token_chow", "method.cap=0"], ["1 or more", "null for none"]),
    "split": (["split=tset"], ["'tset'", "validation"]),
    "target": (["task._target_=no.such.Task"], ["no.such.Task"]),
    "weights": (["pair.target.weights=none.safetensors"], ["none.safetensors"]),
    "vocabularies": (
        ["pair.target.config.vocab_size=7"],
        ["(6144, ", "instead of (7, "],
    ),
    "folder": (["paths.root=/dev/null/x"], ["/dev/null", "paths.root="]),
    "config folder": (["--config-dir", "nowhere"], ["nowhere"]),
}


@pytest.mark.parametrize("words", CASES.values(), ids=CASES)
def test_bad_input_gets_one_sentence_and_status_2(cli, configs, words):
    arguments, expected = words
    tiny = [] if "--config-dir" in arguments else ["--config-dir", str(configs)]
    pair = ["pair=tiny"] if tiny else []
    status, _, err = cli("run", *tiny, *pair, *arguments)
    assert status == 2, err
    assert err.startswith("speccascade: ") and err.count("\n") == 1, err
    for part in expected:
        assert part in err


def test_a_typo_in_a_file_of_the_user_names_the_file(cli, configs):
    path = configs / "method" / "mine.yaml"
    path.write_text("defaults: [{/schema@_here_: method}]\nname: mine\nthreshold: 1\n")
    status, _, err = cli("run", "--config-dir", str(configs), "method=mine")
    assert status == 2
    assert err.count("\n") == 1
    assert "method/mine" in err and "did you mean 'thresholds'" in err


def test_figures_before_any_run_names_the_command_to_run(cli, configs):
    words = ("--config-dir", str(configs), "pair=tiny")
    status, _, err = cli("figures", "demo_quick", *words)
    assert status == 2
    assert err.count("\n") == 1
    assert "speccascade run -m experiment=demo_quick pair=tiny" in err


@pytest.mark.parametrize("arguments", [["run", "methd=chow"], ["figures", "dmo"]])
def test_a_process_prints_no_traceback(arguments, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "speccascade", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("speccascade: ") == 1
    assert not (tmp_path / "results").exists()
