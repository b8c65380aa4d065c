"""Trade-off curves: from rows to points with intervals, and what a curve is worth.

- `load_curve`, `Curve`, `PointData`, `LatencyData`: the rows of a method.
- `resample`, `Band`, `paired_difference`: bootstrap over examples.
- `agreement`, `Agreement`: modelled latency against measured.
- `estimate_curve`, `PointEstimate`: the numbers of each point.
- `estimate_costs`, `RowCost`: length, FLOPs and rows cut off.
- `matched_speedup`, `best_quality`: the paper's two numbers of a curve.
- `chosen_for_speed`, `chosen_for_quality`: threshold from validation, result on test.
- `mean_gap`, `area_between`, `gap_at`, `difference`: one curve against another, at the
  latencies of both.
- `average_gap_recovered`, `normalised`: quality as a share of the models' gap.
- `pareto_front`: the points of all methods that no other beats.
- `choose_gamma`: the gamma of a method, from validation.
- `threshold_grid`: thresholds at distinct operating points.
- `read_published`, `write_published`, `Setting`: the curves that ship.
- `read_paper`, `Paper`: the paper's published curves and Table 2.
- `worth`: the paper's two numbers of one curve without resamples; `recompute_table`:
  of the curves behind Table 2.

Importing this part imports numpy, not JAX.
"""

from speccascade.curves.agreement import Agreement, agreement
from speccascade.curves.bootstrap import (
    Band,
    Resamples,
    paired_difference,
    resample,
    resample_examples,
)
from speccascade.curves.chosen import Chosen, chosen_for_quality, chosen_for_speed
from speccascade.curves.compare import (
    Difference,
    area_between,
    common_span,
    difference,
    gap_at,
    mean_gap,
)
from speccascade.curves.costs import estimate_costs
from speccascade.curves.front import FrontPoint, pareto_front
from speccascade.curves.gamma import GammaChoice, GammaCost, choose_gamma
from speccascade.curves.grid import GridPoint, threshold_grid
from speccascade.curves.observations import (
    Curve,
    LatencyData,
    PointData,
    RowCost,
    curve_from_records,
    load_curve,
    one_machine,
)
from speccascade.curves.operating import (
    Outcome,
    Tradeoff,
    best_quality,
    best_quality_within,
    cost_at_matched_quality,
    matched_speedup,
    speedup_at_matched_quality,
    tradeoff,
    worth,
)
from speccascade.curves.paper import (
    Paper,
    PaperCurve,
    PaperPanel,
    TableCell,
    read_paper,
)
from speccascade.curves.paper_table import (
    Recomputed,
    recompute_table,
)
from speccascade.curves.points import (
    LatencyEstimate,
    PointEstimate,
    estimate_curve,
    estimate_point,
)
from speccascade.curves.published import (
    PublishedPoint,
    Setting,
    read_published,
    write_published,
)
from speccascade.curves.recovered import average_gap_recovered, normalised

__all__ = [
    "Agreement",
    "Band",
    "Chosen",
    "Curve",
    "Difference",
    "FrontPoint",
    "GammaChoice",
    "GammaCost",
    "GridPoint",
    "LatencyData",
    "LatencyEstimate",
    "Outcome",
    "Paper",
    "PaperCurve",
    "PaperPanel",
    "PointData",
    "PointEstimate",
    "PublishedPoint",
    "Recomputed",
    "Resamples",
    "RowCost",
    "Setting",
    "TableCell",
    "Tradeoff",
    "agreement",
    "area_between",
    "average_gap_recovered",
    "best_quality",
    "best_quality_within",
    "choose_gamma",
    "chosen_for_quality",
    "chosen_for_speed",
    "common_span",
    "cost_at_matched_quality",
    "curve_from_records",
    "difference",
    "estimate_costs",
    "estimate_curve",
    "estimate_point",
    "gap_at",
    "load_curve",
    "matched_speedup",
    "mean_gap",
    "normalised",
    "one_machine",
    "paired_difference",
    "pareto_front",
    "read_paper",
    "read_published",
    "recompute_table",
    "resample",
    "resample_examples",
    "speedup_at_matched_quality",
    "threshold_grid",
    "tradeoff",
    "worth",
    "write_published",
]
