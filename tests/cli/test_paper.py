"""`speccascade figures --published-only`, and figures of the paper that were run."""

import pytest

from speccascade.cli import paper
from speccascade.figures.paper_layout import NAMES
from speccascade.figures.paper_tables import PAPER_TABLES


def test_a_named_figure_and_table_are_redrawn_without_a_run(cli, tmp_path):
    status, out, err = cli(
        "figures", "fig1", "table2", "--published-only", "paths.root=elsewhere"
    )
    assert (status, err) == (0, "")
    folder = tmp_path / "elsewhere" / "figures" / "published"
    names = ["fig1.csv", "fig1.pdf", "fig1.png", "table2.md", "table2.tex"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert [line.rpartition("/")[2] for line in out.splitlines()] == [
        "fig1.pdf",
        "fig1.png",
        "fig1.csv",
        "table2.md",
        "table2.tex",
    ]


def test_what_the_paper_does_not_have_is_one_sentence(cli):
    status, _, err = cli("figures", "--published-only", "fig12")
    assert status == 2
    assert err.count("\n") == 1 and "no 'fig12'" in err and "fig11, table1" in err


def test_tables_of_rules_need_no_run_and_no_flag(cli, tmp_path):
    status, _, err = cli("figures", "table1", "table3")
    assert (status, err) == (0, "")
    assert (tmp_path / "results/figures/table3/table3.tex").is_file()


def test_a_figure_without_any_run_says_what_is_missing_and_the_command(cli, configs):
    (configs / "experiment" / "lonely.yaml").write_text(
        "# @package _global_\n"
        "defaults:\n"
        "  - override /pair: tiny\n"
        "name: lonely\n"
        "latency: {num_examples: 0}\n"
        "hydra: {sweeper: {params: {method: 'target,opt'}}}\n"
    )
    status, _, err = cli("figures", "lonely", "--config-dir", str(configs))
    assert status == 2
    assert "missing: target (1 of 1 points), opt (7 of 7 points)" in err
    assert "speccascade run -m experiment=lonely" in err
    assert "--published-only" not in err


def test_a_figure_of_the_paper_hints_at_the_published_one():
    assert paper.hint("fig8_bild").endswith("--published-only fig8`.")
    assert paper.hint("table2").endswith("--published-only table2`.")
    assert paper.hint("demo") == ""


@pytest.mark.slow
def test_the_whole_paper_is_redrawn(cli, tmp_path):
    status, _, err = cli("figures", "--published-only")
    assert (status, err) == (0, "")
    made = {path.name for path in (tmp_path / "results/figures/published").iterdir()}
    figures = {f"{name}.{end}" for name in NAMES for end in ("pdf", "png", "csv")}
    assert made == figures | {
        f"{t}.{end}" for t in PAPER_TABLES for end in ("md", "tex")
    }
