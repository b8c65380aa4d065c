"""The front door: help is instant, and verbs that are not there are named."""

import subprocess
import sys

from speccascade.cli.main import VERBS


def test_help_lists_every_verb_and_imports_nothing_heavy():
    code = (
        "import sys; from speccascade.cli.main import main; status = main(['--help']); "
        "heavy = {'hydra', 'jax', 'numpy', 'omegaconf', 'rich', 'wandb'}; "
        "print('heavy:', sorted(heavy & set(sys.modules))); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "heavy: []" in done.stdout
    for verb in VERBS:
        assert f"\n  {verb} " in done.stdout


def test_an_unknown_verb_gets_one_sentence_with_the_known_ones(cli):
    status, _, err = cli("rnu")
    assert status == 2
    assert err.count("\n") == 1
    assert "'rnu'" in err and "run, train, figures" in err


def test_python_m_is_the_same_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "speccascade", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
