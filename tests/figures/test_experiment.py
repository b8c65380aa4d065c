"""From curves to files: what is drawn is what was measured, on one host a panel."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from speccascade.curves import PublishedPoint, estimate_curve, resample
from speccascade.engine.counters import ratios
from speccascade.errors import UserError
from speccascade.figures import FigureSettings, draw_tradeoff, make
from speccascade.figures.measured import measure
from speccascade.figures.rows import rows_of

SETTINGS = FigureSettings(
    pair="mini-t5-ende",
    task="ende_docs",
    split="test",
    temperature=1.0,
    gamma=5,
    batch=32,
    resamples=20,
)
METHODS = ("lossless", "chow", "opt", "token_v3")
ONE_POINT = ("target", "drafter", "lossless")


def shipped(curves, metric, **changes):
    """`curves` as the CSV that ships would give them."""
    resamples = resample(curves, replicates=2)
    return [
        PublishedPoint(
            method=curve.method,
            display_name=curve.display_name,
            setting=replace(SETTINGS.setting, **changes),
            point=point,
            versions="",
        )
        for curve in curves
        for point in estimate_curve(curve, [metric], ratios, resamples)
    ]


def draw(pair, metric, published=None, settings=SETTINGS, methods=METHODS):
    return draw_tradeoff(
        pair.curves(*methods),
        pair.curve("target"),
        pair.curve("drafter"),
        metric,
        published,
        settings=settings,
    )


@pytest.fixture(scope="module")
def figure(pair, mean_score):
    return draw(pair(), mean_score)


def drawn(figure, panel, source="run"):
    found = [s for s in figure.series if (s.panel, s.source) == (panel, source)]
    return {line.method: line for line in found}


def test_points_are_rejection_rate_latency_and_quality_in_threshold_order(
    pair, mean_score, figure
):
    made = pair()
    for method in METHODS:
        curve = made.curve(method)
        quality = [
            mean_score.combine(p.parts["bleu"].sum(axis=0)) for p in curve.points
        ]
        decided = [
            p.counters["resampled"].sum()
            / (p.counters["resampled"] + p.counters["accepted"]).sum()
            for p in curve.points
        ]
        seconds = [
            p.latency.seconds.sum() / p.latency.target_seconds.sum()
            for p in curve.points
        ]
        for panel, x in (("rejection", decided), ("latency", seconds)):
            line = drawn(figure, panel)[method]
            assert line.thresholds == tuple(p.threshold for p in curve.points)
            np.testing.assert_allclose(line.x, x, rtol=1e-12)
            np.testing.assert_allclose(line.y, quality, rtol=1e-12)
            assert all(
                low <= y <= high
                for low, y, high in zip(line.low, line.y, line.high, strict=True)
            )


def test_single_models_are_levels_without_a_rejection_rate(figure):
    assert drawn(figure, "rejection")["target"].x == (None,)
    assert drawn(figure, "latency")["target"].x[0] == pytest.approx(1.0, rel=0.1)


def test_the_caption_states_n_seeds_and_host_as_the_curves_have_them(figure):
    (text,) = [t.get_text() for t in figure.texts if t.get_gid() == "caption"]
    words = " ".join(text.split())
    assert "n = 40 sentences × 2 seeds" in words
    assert "Measured on a-host (cpu, 2 cores), batch 1, 12 sentences, 1 repeat" in words


def test_untimed_curves_draw_the_rejection_panel_alone(pair, mean_score):
    assert list(draw(pair(host=None), mean_score, methods=("opt",)).panels) == [
        "rejection"
    ]


def test_a_curve_of_one_point_is_drawn(pair, mean_score):
    figure = draw(pair(), mean_score, methods=("lossless",))
    assert drawn(figure, "rejection")["lossless"].ends == ("lossless",)


def test_timings_of_two_hosts_never_share_a_panel(pair, mean_score):
    here, there = pair(), pair(host="other-host")
    mixed = [here.curve("opt"), there.curve("chow")]
    with pytest.raises(UserError, match="several machines"):
        draw_tradeoff(mixed, None, None, mean_score, settings=SETTINGS)


def test_shipped_curves_of_two_hosts_are_refused(pair, mean_score):
    published = [
        *shipped(pair(n=60).curves("opt"), mean_score),
        *shipped(pair(n=60, host="other-host").curves("chow"), mean_score),
    ]
    with pytest.raises(UserError, match="published curves were timed on several"):
        draw(pair(), mean_score, published, methods=("opt",))


def test_shipped_curves_share_the_rejection_panel_and_own_a_latency_panel(
    pair, mean_score
):
    theirs = pair(n=60, host="their-host")
    methods = ("lossless", "opt")
    published = shipped(theirs.curves("target", "drafter", *methods), mean_score)
    figure = draw(pair(), mean_score, published, methods=methods)
    assert list(figure.panels) == ["rejection", "latency", "published latency"]
    both = set(drawn(figure, "rejection", "published"))
    assert both == {"target", "drafter", *methods}
    for panel, host in (("latency", "a-host"), ("published latency", "their-host")):
        hosts = {line.host for line in figure.series if line.panel == panel}
        assert hosts == {host}


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": 0.0},
        {"gamma": 2},
        {"gate": "processed"},
        {"bonus": "target"},
        {"top_k": 5},
        {"split": "validation"},
    ],
    ids=str,
)
def test_shipped_curves_of_another_setting_are_left_out(pair, mean_score, changes):
    published = shipped(pair().curves("opt"), mean_score, **changes)
    figure = draw(pair(), mean_score, published, methods=("opt",))
    assert list(figure.panels) == ["rejection", "latency"]


def test_curves_on_different_sentences_are_refused(pair, mean_score):
    mixed = [pair().curve("opt"), pair(n=39).curve("chow")]
    with pytest.raises(UserError, match="different examples"):
        draw_tradeoff(mixed, None, None, mean_score, settings=SETTINGS)


@pytest.mark.parametrize(
    ("change", "what"),
    [({"seeds": (0,)}, "different seeds"), ({"timed": 5}, "timed examples")],
)
def test_points_that_one_caption_cannot_state_are_refused(
    pair, mean_score, change, what
):
    mixed = [pair().curve("target"), pair(**change).curve("opt")]
    with pytest.raises(UserError, match=what):
        measure(mixed, mean_score, SETTINGS)


def test_nothing_but_single_models_is_one_sentence(pair, mean_score):
    with pytest.raises(UserError, match="no cascade to draw yet"):
        draw(pair(), mean_score, methods=())


def rows(pair, metric, validation=(), points=4):
    measured = measure(
        pair.curves("target", "drafter", *METHODS, points=points), metric, SETTINGS
    )
    found = rows_of(measured, {one.method: one for one in validation}, metric)
    return {row.method: row for row in found}


def test_a_row_holds_the_papers_two_numbers_and_the_counts(pair, mean_score):
    found = rows(pair(n=200), mean_score, points=7)
    assert list(found) == ["target", "drafter", *METHODS]
    opt = found["opt"]
    # Quality rises by 5.5 from end to end and by 6.5 s (1 - s) besides, so that it is
    # the target's from s = 0.85 on; the lines between points of sixths are lower.
    assert opt.speedup.value == pytest.approx(1 / (0.3 + 0.42 * 0.86), rel=0.05)
    assert opt.quality.value == pytest.approx(16.5, abs=1.0)
    assert opt.points == 7 and found["lossless"].points == 1
    assert opt.length_ratio == 1.0
    assert 0.3 < opt.rejection_rate < 0.4
    assert found["target"].speedup is None and found["target"].rejection_rate is None
    assert found["chow"].speedup_chosen is None


def test_points_that_write_the_same_tokens_count_once(pair, mean_score):
    curve = pair().curve("opt")
    again = replace(curve.points[-1], threshold=2.0, label=None)
    twice = replace(curve, points=(*curve.points, again))
    target = pair().curve("target")
    measured = measure([target, twice], mean_score, SETTINGS)
    assert rows_of(measured, {}, mean_score)[1].points == 4


def test_thresholds_chosen_on_validation_are_reported_with_an_interval(
    pair, mean_score
):
    validation = pair(n=300).curves("target", *METHODS)
    token = rows(pair(n=300), mean_score, validation)["token_v3"]
    for found in (token.speedup_chosen, token.quality_chosen):
        assert found.low <= found.value <= found.high
    # The interpolated speed-up is never below that of a point that was run.
    assert token.speedup.value >= token.speedup_chosen.value
    assert not token.quality_chosen.unsure


def test_few_sentences_mark_what_they_cannot_tell(pair, mean_score):
    few = rows(pair(n=6, timed=6, spread=20.0), mean_score)["opt"]
    many = rows(pair(n=300, timed=6, spread=1.0), mean_score)["token_v3"]
    assert few.quality.unsure and not many.quality.unsure


def test_make_writes_figure_and_table_and_prints_it(pair, mean_score, tmp_path):
    stream = io.StringIO()
    made = pair(n=6, timed=6, spread=20.0)
    theirs = shipped(pair(n=60, host="their-host").curves(*METHODS), mean_score)
    files = make(
        "demo",
        made.curves("target", "drafter", *METHODS),
        made.curves("target", *METHODS),
        theirs,
        SETTINGS,
        tmp_path / "figures",
        metric=mean_score,
        console=Console(file=stream, width=80),
    )
    names = "demo.pdf demo.png demo.csv demo-table.csv demo-table.md"
    names += " demo-costs.csv demo-costs.md demo-analysis.csv demo-analysis.md"
    assert [file.name for file in files] == names.split()
    assert all(file.stat().st_size for file in files)
    text = stream.getvalue()
    assert "SpecCascade [TokenV3]" in text and "best" in text
    assert "~ n = 6 sentences x 2 seeds cannot tell" in " ".join(text.split())
    table = list(csv.DictReader(io.StringIO(files[3].read_text())))
    assert [row["method"] for row in table] == ["target", "drafter", *METHODS]
    assert files[4].read_text().count("\n| ") == 1 + len(table)
    assert "What it costs" in text
    costs = list(csv.DictReader(io.StringIO(files[5].read_text())))
    chosen = [row["method"] for row in costs if row["operating_point"] == "true"]
    assert chosen == [row["method"] for row in table]
    assert len(costs) == sum(1 if m in ONE_POINT else 4 for m in chosen)
    assert files[6].read_text().count("\n| ") == 1 + len(table)


def test_two_curves_of_one_method_are_refused(pair, mean_score, tmp_path):
    twice = pair().curves("opt", "opt")
    with pytest.raises(UserError, match="two curves of opt"):
        make("demo", twice, None, None, SETTINGS, tmp_path, metric=mean_score)
