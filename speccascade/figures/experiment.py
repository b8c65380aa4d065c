"""The figure and the tables of one experiment, from its curves."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from speccascade.curves import Curve, PublishedPoint
from speccascade.errors import UserError
from speccascade.figures import analysis_table, cost_table, table
from speccascade.figures.caption import FigureSettings
from speccascade.figures.families import COUNTED, REFERENCES, draw_families
from speccascade.figures.files import save, write
from speccascade.figures.labels import metric_label
from speccascade.figures.measured import ALONE, Measured, filled, measure, series_of
from speccascade.figures.rows import rows_of
from speccascade.figures.tradeoff import TradeoffFigure, draw_series
from speccascade.store.summary import Metric

__all__ = ["Numbers", "draw_tradeoff", "make", "numbers_of"]

# Curves beside the models alone and lossless; with more, a figure is drawn by family.
MOST_IN_A_PANEL = 12


@dataclasses.dataclass(frozen=True, kw_only=True)
class Numbers:
    """What is known of the curves of one pair, task, split and temperature.

    Attributes:
      metric: the headline metric.
      measured: the estimates of every point.
      settings: with what only the curves know.
      rows, costs: of the two tables.
    """

    metric: Metric
    measured: Measured
    settings: FigureSettings
    rows: Sequence[table.Row]
    costs: Sequence[cost_table.CostRow]


def draw_tradeoff(
    curves: Sequence[Curve],
    target_curve: Curve | None,
    drafter_curve: Curve | None,
    metric: Metric,
    published: Sequence[PublishedPoint] | None = None,
    *,
    settings: FigureSettings,
) -> TradeoffFigure:
    """Quality against rejection rate and, where it was timed, relative latency.

    Panels: (a) rejection rate, shipped curves as pale lines behind the points of this
    run; (b) this run's latency on this host; (c) the latency of the shipped curves on
    theirs. A panel without data is left out. More than `MOST_IN_A_PANEL` methods are
    drawn by family (`figures.families`), without shipped curves.

    Args:
      curves: the methods, each in threshold order.
      target_curve, drafter_curve: one model alone, drawn as levels; None if not run.
      metric: quality on the y axis, higher is better.
      published: shipped curves; those of another setting are left out.
      settings: what the caption says; n, seeds and hosts are read off the curves.

    Raises:
      UserError: no point is finished, timings of one panel come from several machines,
        or the curves have different sentences.
    """
    alone = [one for one in (target_curve, drafter_curve) if one is not None]
    return _draw(
        measure([*alone, *curves], metric, settings), metric, published, settings
    )


def make(
    experiment_name: str,
    curves: Sequence[Curve],
    validation_curves: Sequence[Curve] | None,
    published: Sequence[PublishedPoint] | None,
    settings: FigureSettings,
    folder: str | Path,
    *,
    metric: Metric,
    console: Console | None = None,
) -> list[Path]:
    """Draws the figure, prints the two tables, and writes everything.

    Args:
      experiment_name: names the files.
      curves: of every method, `target` and `drafter` among them; one pair, task,
        split and temperature.
      validation_curves: the same methods on validation data, to choose thresholds by.
      published: shipped curves, from `curves.read_published`; those of another
        setting are left out.
      settings: what the caption says.
      folder: is made if it is missing.
      metric: the headline metric.
      console: where the tables are printed; None prints nothing.

    Returns:
      NAME.pdf, NAME.png, NAME.csv, NAME-table.csv, NAME-table.md (speed and quality),
      NAME-costs.csv and NAME-costs.md (what it costs) in `folder`; where methods have
      latency NAME-analysis.csv and NAME-analysis.md (whole curves) too.

    Raises:
      UserError: as `draw_tradeoff`; two curves of one method; an unwritable folder.
    """
    folder = Path(folder)
    found = numbers_of(curves, validation_curves, settings, metric=metric)
    figure = _draw(found.measured, metric, published, settings)
    files = save(figure, folder, experiment_name)
    measured, settings = found.measured, found.settings
    rows, costs, label = found.rows, found.costs, metric_label(metric.name)
    if console is not None:
        table.print_table(rows, settings, label, console)
        console.print()
        cost_table.print_table(costs, settings, label, console)
    first, second = f"{experiment_name}-table", f"{experiment_name}-costs"
    analysis = analysis_table.analysis_rows(measured, metric)
    third = f"{experiment_name}-analysis"
    wholes = {
        ".csv": analysis_table.to_csv(analysis),
        ".md": analysis_table.to_markdown(analysis, label),
    }
    return [
        *files,
        write(folder / f"{first}.csv", table.to_csv(rows)),
        write(folder / f"{first}.md", table.to_markdown(rows, settings, label)),
        write(folder / f"{second}.csv", cost_table.to_csv(costs)),
        write(folder / f"{second}.md", cost_table.to_markdown(costs, settings, label)),
        *(
            write(folder / f"{third}{end}", text)
            for end, text in wholes.items()
            if analysis
        ),
    ]


def numbers_of(
    curves: Sequence[Curve],
    validation_curves: Sequence[Curve] | None,
    settings: FigureSettings,
    *,
    metric: Metric,
) -> Numbers:
    """Estimates everything that is drawn or tabulated; arguments as `make`.

    Raises:
      UserError: as `measure`; two curves of one method.
    """
    names = [curve.method for curve in curves]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise UserError(
            f"there are two curves of {', '.join(twice)}; give one curve a method."
        )
    measured = measure(curves, metric, settings)
    validation = {one.method: one for one in validation_curves or () if one.points}
    sizes = [len(one.points[0].example_ids) for one in validation.values()]
    return Numbers(
        metric=metric,
        measured=measured,
        settings=dataclasses.replace(
            filled(settings, measured, []), validation_examples=min(sizes, default=0)
        ),
        rows=rows_of(measured, validation, metric),
        costs=cost_table.cost_rows(measured, metric),
    )


def _draw(
    measured: Measured,
    metric: Metric,
    published: Sequence[PublishedPoint] | None,
    settings: FigureSettings,
) -> TradeoffFigure:
    label = metric_label(metric.name)
    if len(measured.points.keys() - set(REFERENCES)) > MOST_IN_A_PANEL:
        drawn = series_of(measured, [], metric, counted=COUNTED)
        return draw_families(drawn, filled(settings, measured, []), label)
    shipped = [
        one
        for one in published or ()
        if one.setting == settings.setting and metric.name in one.point.quality
    ]
    drawn = series_of(measured, shipped, metric)
    if not any(line.method not in ALONE for line in drawn):
        raise UserError(
            "there is no cascade to draw yet, only single models; run a method first."
        )
    return draw_series(drawn, filled(settings, measured, shipped), label)
