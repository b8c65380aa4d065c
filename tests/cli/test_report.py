"""`speccascade report`: a page from the store, whole, partial or refused."""

import pytest

from tests import browser

SMALL = ("num_examples=8", "latency.num_examples=0", "validation_examples=0")


@pytest.fixture
def small(configs):
    """The words of a sweep of four methods over the tiny pair, and its experiment."""
    (configs / "experiment" / "small.yaml").write_text(
        "# @package _global_\n"
        "name: small\n"
        "method: {gamma: 2}\n"
        "task: {max_new_tokens: 8}\n"
        "max_thresholds: 2\n"
        "hydra: {sweeper: {params: {method: 'target,drafter,lossless,chow'}}}\n"
    )
    return ("--config-dir", str(configs), "pair=tiny", *SMALL)


def test_nothing_decoded_is_one_sentence_with_the_command(cli, small, tmp_path):
    status, _, err = cli("report", "small", *small)
    assert status == 2 and err.count("\n") == 1
    assert "Nothing of 'small' is complete yet: run `speccascade run -m" in err
    assert not (tmp_path / "results").exists()
    status, _, err = cli("report")
    assert status == 2 and "Name an experiment" in err


@pytest.mark.slow
def test_a_sweep_that_is_half_done_is_a_page_that_says_so(cli, small, tmp_path):
    part = ("experiment=small", "method=target,drafter,chow")
    assert cli("run", "-m", *small, *part)[0] == 0
    two = "sampling=greedy,t1"  # nothing is stored of the first
    status, out, err = cli("report", "small", *small, two)
    assert status == 0, err
    assert out.splitlines()[-1] == "results/reports/small.html"
    path = tmp_path / "results" / "reports" / "small.html"
    html = path.read_text()
    for words in (
        "1 of 2 with results",
        "tiny, ende_docs: test, T = 1, gamma = 2",
        "tiny, ende_docs: test, T = 0, gamma = 2",
        "for rows are missing: lossless (1 of 1 points)",
        "experiment=small pair=tiny num_examples=8",
        "8 of 8 examples",
        "max_new_tokens: 8",
        "results version",
        "Python 3.",
    ):
        assert words in html, words
    assert "cache" not in html.split("Configuration, resolved")[1].split("</pre>")[0]
    with browser.opened(path, browser.PHONE) as view:
        assert browser.fits(view)
        trace = view.frame_locator("iframe")
        trace.locator(".answer .t").first.click()
        assert "chance to be kept" in trace.locator("#numbers").inner_text()
        view.get_by_role("radio", name="Rejection rate").check()
        view.locator(".chart:visible .plot").press("ArrowRight")
        assert "n = 8 x 1 seed" in view.locator(".value:visible").inner_text()
