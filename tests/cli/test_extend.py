"""The rule, the task and the pair of docs/extend.md run as they are written there."""

import re
import shlex
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "extend.md"
FILE = re.compile(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^speccascade (.*)$", re.MULTILINE)
LONGEST = 30  # lines of one rule, task or pair


def test_a_rule_a_task_and_a_pair_are_thirty_lines_at_most_each():
    lengths = {
        name: len(text.splitlines()) for name, text in FILE.findall(PAGE.read_text())
    }
    assert set(lengths) >= {"mine.py", "my_task.py", "my_configs/pair/mine.yaml"}
    assert max(lengths.values()) <= LONGEST, lengths


@pytest.mark.slow  # compiles three methods and imports seqio
def test_the_page_runs_as_it_stands(cli, tmp_path, monkeypatch):
    text = PAGE.read_text(encoding="utf-8")
    for name, content in FILE.findall(text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    # Of the current directory, as it is when the user works there.
    monkeypatch.syspath_prepend(str(tmp_path))
    outs = []
    for command in COMMAND.findall(text):
        status, out, err = cli(*shlex.split(command))
        assert status == 0, err
        outs.append(out)
    assert "mine/lines/mix/" in outs[-1]
    assert len(list((tmp_path / "results/mine/lines/mix").glob("*/summary.json"))) == 1
