"""The paper's published curves and its Table 2, as they ship with the package.

Narasimhan et al. (2025), read off the vector figures of arXiv 2405.19261v2; how exactly
is said in `speccascade/data/paper/README.md`. Published points have no thresholds and
no intervals, so they are plain numbers and not a `Curve`; `PaperCurve.tradeoff` is what
the functions of `operating` take.
"""

import csv
import functools
import importlib.resources
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speccascade.curves.operating import Tradeoff
from speccascade.errors import UserError

# The legends' names, and ours. "Token" is TokenV3; "[Lossy*]" is printed as a cascade.
_METHODS = {
    "Cascade [Chow]": "token_chow",
    "TokenCascade [Chow]": "token_chow",
    "SeqCascade [Chow]": "seq_chow",
    "Oracle [Diff]": "oracle_diff",
    "SpecDecoding": "lossless",
    "SpecDecode [Lossy]": "lossy",
    "SpecCascade [Lossy*]": "lossy_star",
    "BiLD*": "bild",
    "SpecCascade [Chow]": "chow",
    "SpecCascade [Diff]": "diff",
    "SpecCascade [OPT]": "opt",
    "SpecCascade [Token]": "token_v3",
    "SpecCascade [TokenV1]": "token_v1",
    "SpecCascade [TokenV2]": "token_v2",
    "SpecCascade [TokenV3]": "token_v3",
}
_ORIGINAL_BILD = re.compile(r"BiLD \(gamma=(\d+), alpha_f = ([\d.]+)\)")


@dataclass(frozen=True, kw_only=True)
class PaperCurve:
    """One curve of one panel.

    Attributes:
      method: our name for it; BiLD with fallback 0.5 is `bild_original_05`.
      printed: its name in the paper's legend.
      gamma: of its decoding, the panel's for all but BiLD.
      x, y: cost and quality of the plotted points, from left to right.
    """

    method: str
    printed: str
    gamma: int
    x: tuple[float, ...]
    y: tuple[float, ...]

    @property
    def tradeoff(self) -> Tradeoff:
        """The points, with x as the latency that they are judged by."""
        return Tradeoff(latency=np.array(self.x), quality=np.array(self.y))


@dataclass(frozen=True, kw_only=True)
class PaperPanel:
    """One distinct panel.

    Attributes:
      figure: where it first stands.
      task: WMT, XSum, CNNDM, GSM8K, MBPP, SQuAD, WebQuestions, NaturalQuestions or
        TriviaQA.
      family: t5 or gemma2.
      variant: of Gemma, it (instruction-tuned) or pt (pre-trained); empty for T5.
      drafter, target: sizes, as the paper names them.
      shots: examples in the prompt.
      temperature, gamma: of the decoding.
      x_axis, metric: names of the axes: relative_latency (a multiple of the target's),
        rejection_rate, deferrals_per_token or rejections_per_token; a metric's name.
      target_quality: the dotted line, None where the panel has none.
      curves: in the order of the legend.
    """

    figure: int
    task: str
    family: str
    variant: str
    drafter: str
    target: str
    shots: int
    temperature: float
    gamma: int
    x_axis: str
    metric: str
    target_quality: float | None
    curves: tuple[PaperCurve, ...]

    def curve(self, method: str) -> PaperCurve | None:
        """The curve of a method by our name; None if the panel has none."""
        return next((one for one in self.curves if one.method == method), None)

    @property
    def drafter_quality(self) -> float | None:
        """Quality of the drafter alone: of `lossy`, where it keeps every draft.

        That is the curve's cheapest point. None where the panel has no such curve.
        """
        lossy = self.curve("lossy")
        return None if lossy is None else lossy.y[int(np.argmin(lossy.x))]


@dataclass(frozen=True, kw_only=True)
class TableCell:
    """One method and setting of Table 2 (T = 1, gamma = 5).

    Attributes:
      method, printed: as in `PaperCurve`.
      drafter, target, task: the setting.
      speedup: "reduction in latency when matching the quality of the large model".
      best_quality: "best quality without exceeding the latency of the large model".
      note: why the figures do not give the cell, or that they have none; else empty.
    """

    method: str
    printed: str
    drafter: str
    target: str
    task: str
    speedup: float
    best_quality: float
    note: str


@dataclass(frozen=True, kw_only=True)
class Paper:
    """All that is published.

    Attributes:
      panels: the distinct ones, in the paper's order.
      table: the cells of Table 2, row by row.
      anomalies: (figure or table, what does not fit), such as ("fig8", ...).
    """

    panels: tuple[PaperPanel, ...]
    table: tuple[TableCell, ...]
    anomalies: tuple[tuple[str, str], ...]

    def panel(self, figure: int, task: str, **fields: object) -> PaperPanel:
        """The one panel of a figure with this task and these fields.

        Raises:
          UserError: there is none, or there are several.
        """
        fields = {"figure": figure, "task": task, **fields}
        found = [
            panel
            for panel in self.panels
            if all(getattr(panel, name) == value for name, value in fields.items())
        ]
        if len(found) != 1:
            asked = ", ".join(f"{name} {value}" for name, value in fields.items())
            raise UserError(
                f"{len(found) or 'no'} published panels have {asked}; name one of "
                "speccascade.curves.read_paper().panels."
            )
        return found[0]

    def anomalies_of(self, item: str) -> tuple[str, ...]:
        """What does not fit in a figure or table, such as "fig8"."""
        return tuple(text for name, text in self.anomalies if name == item)


@functools.cache
def read_paper() -> Paper:
    """The published curves, panels and Table 2 that ship with the package."""
    levels = {_panel_key(row): float(row["target_quality"]) for row in _rows("panels")}
    panels = []
    for key, rows in itertools.groupby(_rows("curves"), key=_panel_key):
        panels.append(_panel(key, list(rows), levels.get(key)))
    return Paper(
        panels=tuple(panels),
        table=tuple(map(_cell, _rows("table2"))),
        anomalies=tuple((row["item"], row["text"]) for row in _rows("anomalies")),
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    data = importlib.resources.files("speccascade") / "data" / "paper" / f"{name}.csv"
    with Path(str(data)).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _panel_key(row: dict[str, str]) -> tuple[str, ...]:
    """What a panel has one of: all columns from the figure to the metric."""
    return tuple(row.values())[: list(row).index("metric") + 1]


def _panel(
    key: tuple[str, ...], rows: list[dict[str, str]], level: float | None
) -> PaperPanel:
    row = rows[0]
    return PaperPanel(
        figure=int(row["figure"]),
        task=row["task"],
        family=row["family"],
        variant=row["variant"],
        drafter=row["drafter"],
        target=row["target"],
        shots=int(row["shots"]),
        temperature=float(row["temperature"]),
        gamma=int(row["gamma"]),
        x_axis=row["x_axis"],
        metric=row["metric"],
        target_quality=level,
        curves=tuple(
            _curve(printed, list(points), int(row["gamma"]))
            for printed, points in itertools.groupby(rows, key=lambda r: r["method"])
        ),
    )


def _curve(printed: str, rows: list[dict[str, str]], gamma: int) -> PaperCurve:
    method = _METHODS.get(printed)
    if method is None:
        setting = _ORIGINAL_BILD.fullmatch(printed)
        assert setting is not None, printed
        gamma = int(setting[1])
        method = f"bild_original_{setting[2].replace('.', '')}"
    return PaperCurve(
        method=method,
        printed=printed,
        gamma=gamma,
        x=tuple(float(row["x"]) for row in rows),
        y=tuple(float(row["y"]) for row in rows),
    )


def _cell(row: dict[str, str]) -> TableCell:
    return TableCell(
        method=_METHODS[row["method"]],
        printed=row["method"],
        drafter=row["drafter"],
        target=row["target"],
        task=row["task"],
        speedup=float(row["latency_reduction"]),
        best_quality=float(row["best_quality"]),
        note=row["note"],
    )
