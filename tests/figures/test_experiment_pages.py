"""The pages of the experiments say what the data and the code say."""

from pathlib import Path

import pytest

from speccascade.curves import read_paper
from speccascade.figures.paper_layout import NAMES, paper_figure
from speccascade.figures.paper_tables import PAPER_TABLES

FOLDER = Path(__file__).parents[2] / "experiments"
OTHERS = ("top_p", "blog_curves", "blog_buzz", "blog_sheep", "theory")


def words(name):
    return " ".join((FOLDER / name / "README.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("name", [*NAMES, *PAPER_TABLES, *OTHERS])
def test_every_experiment_has_a_page_that_the_index_names(name):
    text = words(name)
    for part in ("**Claim.**", "**Command.**", "**Cost.**"):
        assert part in text
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"[{name}]({name}/README.md)" in index


@pytest.mark.parametrize("name", [*NAMES, *PAPER_TABLES])
def test_a_page_has_the_claim_the_commands_and_every_anomaly(name):
    text = words(name)
    figure = paper_figure(name)
    if figure is not None:
        assert f"**Claim.** {figure.claim}" in text
        assert f"speccascade figures --published-only {name}" in text
        assert "scale=mini" in text
    for anomaly in read_paper().anomalies_of(name):
        assert anomaly in text
