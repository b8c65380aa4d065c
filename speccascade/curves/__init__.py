"""Trade-off curves: from rows to points with intervals, and what a curve is worth.

- `load_curve`, `Curve`, `PointData`, `LatencyData`: the rows of a method.
- `resample`, `Band`, `paired_difference`: bootstrap over examples.
- `agreement`, `Agreement`: modelled latency against measured.
- `estimate_curve`, `PointEstimate`: the numbers of each point.
- `matched_speedup`, `best_quality`: the paper's two numbers of a curve.
- `chosen_for_speed`, `chosen_for_quality`: threshold from validation, result on test.
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
from speccascade.curves.grid import GridPoint, threshold_grid
from speccascade.curves.observations import (
    Curve,
    LatencyData,
    PointData,
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
    "GridPoint",
    "LatencyData",
    "LatencyEstimate",
    "Outcome",
    "PointData",
    "PointEstimate",
    "PublishedPoint",
    "Resamples",
    "Setting",
    "Tradeoff",
    "agreement",
    "best_quality",
    "best_quality_within",
    "chosen_for_quality",
    "chosen_for_speed",
    "curve_from_records",
    "estimate_curve",
    "estimate_point",
    "load_curve",
    "matched_speedup",
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
