"""Trade-off curves: from rows to points with intervals, and what a curve is worth.

- `load_curve`, `Curve`, `PointData`, `LatencyData`: the rows of a method.
- `resample`, `Band`, `paired_difference`: bootstrap over examples.
- `agreement`, `Agreement`: modelled latency against measured.
- `estimate_curve`, `PointEstimate`: the numbers of each point.
- `estimate_costs`, `RowCost`: length, FLOPs and rows cut off.
- `matched_speedup`, `best_quality`: the paper's two numbers of a curve.
- `chosen_for_speed`, `chosen_for_quality`: threshold from validation, result on test.
- `mean_gap`: one curve against another, at the latencies of both.
- `choose_gamma`: the gamma of a method, from validation.
- `threshold_grid`: thresholds at distinct operating points.
- `read_published`, `write_published`, `Setting`: the curves that ship.

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
from speccascade.curves.compare import common_span, mean_gap
from speccascade.curves.costs import estimate_costs
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
    matched_speedup,
    speedup_at_matched_quality,
    tradeoff,
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

__all__ = [
    "Agreement",
    "Band",
    "Chosen",
    "Curve",
    "GammaChoice",
    "GammaCost",
    "GridPoint",
    "LatencyData",
    "LatencyEstimate",
    "Outcome",
    "PointData",
    "PointEstimate",
    "PublishedPoint",
    "Resamples",
    "RowCost",
    "Setting",
    "Tradeoff",
    "agreement",
    "best_quality",
    "best_quality_within",
    "choose_gamma",
    "chosen_for_quality",
    "chosen_for_speed",
    "common_span",
    "curve_from_records",
    "estimate_costs",
    "estimate_curve",
    "estimate_point",
    "load_curve",
    "matched_speedup",
    "mean_gap",
    "one_machine",
    "paired_difference",
    "read_published",
    "resample",
    "resample_examples",
    "speedup_at_matched_quality",
    "threshold_grid",
    "tradeoff",
    "write_published",
]
