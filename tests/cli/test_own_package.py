"""A task, a rule and a pair of the user's own work without a fork."""

import textwrap

import pytest

PACKAGE = """
    import dataclasses
    from pathlib import Path

    import jax.numpy as jnp

    from speccascade.rules import Rule
    from speccascade.tasks.base import Task, Text
    from speccascade.tasks.metrics import Chrf


    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Half(Rule):
        '''Follows a mixture: alpha of the drafter, the rest of the target.'''

        power: float = 1.0

        name = "half"
        alpha_range = (0.0, 1.0)
        lossless_end = 0.0
        drafter_end = 1.0
        gates = frozenset()

        def measure(self, q, p, gate_q, gate_p, alpha, greedy):
            share = jnp.asarray(alpha, q.dtype)[..., None] ** self.power
            return share * q + (1 - share) * p


    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Shout(Task):
        name: str = "shout"
        metrics: tuple = (Chrf(),)
        words: tuple[str, ...]

        @property
        def source(self):
            return "words"

        def evaluation_file(self, split):
            return Path(__file__)

        def texts(self, split):
            return [Text(i, w, w.upper()) for i, w in enumerate(self.words)]
"""


@pytest.fixture
def own(tmp_path, configs, monkeypatch):
    """The words that choose everything from outside the package."""
    (tmp_path / "mypackage.py").write_text(textwrap.dedent(PACKAGE))
    (configs / "task" / "shout.yaml").write_text(
        "_target_: mypackage.Shout\nmax_prompt_tokens: 16\nmax_new_tokens: 4\n"
        "buckets: [16]\nwords: [one, two, three]\n"
    )
    (configs / "method" / "half.yaml").write_text(
        "defaults: [{/schema@_here_: method}]\nname: half\nkind: speculative\n"
        "rule: {_target_: mypackage.Half, power: 2.0}\nthresholds: [0.0, 0.5, 1.0]\n"
    )
    (configs / "experiment" / "mine.yaml").write_text(
        "# @package _global_\n"
        "defaults:\n"
        "  - override /pair: tiny\n"
        "  - override /task: shout\n"
        "  - override /method: half\n"
        "name: mine\nnum_examples: 3\nvalidation_examples: 2\n"
        "engine: {batch_size: 4}\n"
        "latency: {num_examples: 1, repeats: 1}\n"
        "hydra: {sweeper: {params: {method: 'drafter,target,half'}}}\n"
    )
    # Of the current directory, as it is when the user works there.
    monkeypatch.syspath_prepend(str(tmp_path))
    return ("--config-dir", str(configs))


@pytest.mark.slow  # compiles three methods and imports seqio
def test_a_rule_a_task_and_a_pair_from_outside_run_and_are_drawn(cli, own, tmp_path):
    status, _, err = cli("run", "-m", *own, "experiment=mine")
    assert status == 0, err
    results = tmp_path / "results" / "tiny" / "shout"
    assert sorted(path.name for path in results.iterdir()) == [
        "drafter",
        "half",
        "target",
    ]
    for split in ("test", "validation"):
        (config,) = (
            text
            for path in results.glob("half/*/config.yaml")
            if f"split: {split}" in (text := path.read_text())
        )
        assert "power: 2.0" in config

    status, _, err = cli("run", "-m", *own, "experiment=mine")
    assert status == 0 and err.count("complete, nothing to decode") == 6, err

    status, out, err = cli("figures", "mine", *own)
    assert status == 0, err
    assert "results/figures/mine/mine.pdf" in out
    assert "half" in out and "chrF" in out
    assert "chosen on validation data (2 sentences)" in out

    status, out, err = cli("status")
    assert status == 0, err
    assert "tiny/shout/half/" in out

    status, out, err = cli("sync", "mine", *own, "logger.mode=disabled")
    assert status == 0, err
    assert out.count("W&B is disabled") == 4
