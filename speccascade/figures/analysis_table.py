"""The third table: whole curves, and one method against another.

The other tables judge a curve by one or two of its points. Here all of it counts: the
gap recovered over all latencies (APGR), the area between the curve and that of lossy
speculative decoding, the paper's main baseline, the paired difference to it at one
latency, and the points on the Pareto front of all methods.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speccascade.curves import (
    Band,
    Difference,
    Tradeoff,
    area_between,
    average_gap_recovered,
    common_span,
    difference,
    gap_at,
    pareto_front,
    tradeoff,
)
from speccascade.curves.bootstrap import CONFIDENCE, band, quality
from speccascade.figures.measured import ALONE, Measured
from speccascade.figures.series import number
from speccascade.figures.style import style_of
from speccascade.figures.text_table import markdown_cells
from speccascade.store.summary import Metric

__all__ = ["BASELINE", "AnalysisRow", "analysis_rows", "to_csv", "to_markdown"]

BASELINE = "lossy"


@dataclass(frozen=True, kw_only=True)
class AnalysisRow:
    """One method.

    Attributes:
      method, display_name: who.
      recovered: APGR from the drafter's latency to the target's.
      area: between its curve and the baseline's, where both have latencies in common.
      at: the latency of `gap`, the middle of those common latencies.
      gap: quality less the baseline's there.
      on_front: its points on the Pareto front of all methods.
    """

    method: str
    display_name: str
    recovered: Band | None
    area: Band | None
    at: float | None
    gap: Difference | None
    on_front: int


def analysis_rows(measured: Measured, metric: Metric) -> list[AnalysisRow]:
    """One row a method in the order of the legend.

    Empty where the drafter, the target or every other method has no latency: all of
    this is over latency.
    """
    if not set(ALONE) <= measured.curves.keys():
        return []
    draws = measured.resamples
    curves = {
        name: tradeoff(curve, metric, draws) for name, curve in measured.curves.items()
    }
    timed = {
        name: one
        for name, one in curves.items()
        if not np.isnan(one.latency[:, 0]).all()
    }
    if "drafter" not in timed or not timed.keys() - set(ALONE):
        return []
    levels = [quality(measured.curves[one].points[0], metric, draws) for one in ALONE]
    front = pareto_front(
        {name: one for name, one in timed.items() if name not in ALONE}
    )
    fastest = float(np.nanmin(timed["drafter"].latency[:, 0]))
    rows = []
    for name in sorted(timed.keys() - set(ALONE), key=lambda n: (style_of(n).order, n)):
        recovered = average_gap_recovered(
            timed[name], levels[1], levels[0], (fastest, 1.0)
        )
        area, at, gap = _against(timed[name], timed.get(BASELINE), name == BASELINE)
        rows.append(
            AnalysisRow(
                method=name,
                display_name=measured.curves[name].display_name,
                recovered=None if recovered is None else band(recovered),
                area=area,
                at=at,
                gap=gap,
                on_front=sum(point.method == name for point in front),
            )
        )
    return rows


def _against(
    curve: Tradeoff, baseline: Tradeoff | None, itself: bool
) -> tuple[Band | None, float | None, Difference | None]:
    span = None if baseline is None or itself else common_span(curve, baseline)
    if span is None or baseline is None:
        return None, None, None
    at = (span[0] + span[1]) / 2
    area, gap = area_between(curve, baseline, span), gap_at(curve, baseline, at)
    assert area is not None and gap is not None  # the span is common
    return band(area), at, difference(gap)


def to_markdown(rows: Sequence[AnalysisRow], metric_label: str) -> str:
    """The table with its notes."""
    return markdown_cells(
        [
            "method",
            "APGR",
            f"area over {BASELINE}",
            "at latency",
            f"{metric_label} gap",
            "p",
            "on front",
        ],
        [
            [
                row.display_name,
                _band(row.recovered),
                _band(row.area),
                "-" if row.at is None else f"{row.at:.2f}",
                _band(None if row.gap is None else row.gap.gap),
                "-" if row.gap is None else f"{row.gap.p_value:.3f}",
                str(row.on_front),
            ]
            for row in rows
        ],
        [
            "APGR: share of the gap between drafter (0) and target (1) that the curve "
            "recovers, averaged from the drafter's relative latency to 1; before the "
            "curve begins it is 0.",
            f"area over {BASELINE}: {metric_label} times relative latency, over the "
            f"latencies that both curves reach; the gap to {BASELINE} is taken in the "
            "middle of them, p is its two-sided bootstrap p-value, paired over "
            "examples and not corrected for the number of methods.",
            f"In brackets {100 * CONFIDENCE:g} % bootstrap intervals over examples; on "
            "front: points that no other method's point beats in latency and "
            f"{metric_label}.",
        ],
    )


def to_csv(rows: Sequence[AnalysisRow]) -> str:
    """The table unrounded."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [
        f"{n}{end}" for n in ("apgr", "area", "gap") for end in ("", "_low", "_high")
    ]
    writer.writerow(["method", "display_name", *names, "at", "p_value", "on_front"])
    for row in rows:
        gap = None if row.gap is None else row.gap.gap
        cells: list[object] = [row.method, row.display_name]
        for one in (row.recovered, row.area, gap):
            cells += ["", "", ""] if one is None else _numbers(one)
        p_value = None if row.gap is None else row.gap.p_value
        writer.writerow([*cells, number(row.at), number(p_value), row.on_front])
    return text.getvalue()


def _numbers(one: Band) -> list[str]:
    return [number(one.value), number(one.low), number(one.high)]


def _band(one: Band | None) -> str:
    if one is None:
        return "-"
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"
