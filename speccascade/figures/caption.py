"""What stands under a figure: everything that a reader must know to compare it."""

from dataclasses import dataclass, fields

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from speccascade.curves.bootstrap import CONFIDENCE
from speccascade.curves.published import Setting
from speccascade.engine.counters import RATIOS

__all__ = ["FigureSettings", "caption", "wrapped"]


@dataclass(frozen=True, kw_only=True)
class FigureSettings:
    """Where the numbers of one figure or table come from.

    The caller states the first block; the second is read off the curves when they are
    drawn (`measured.filled`), so that a caption cannot say anything else than they do.

    Attributes:
      pair, task, split: as in the run directory.
      temperature: sampling temperature of both models; 0 is greedy.
      top_k, top_p, min_p: truncation of both models; 0, 1 and 0 are off.
      gamma: tokens drafted a round.
      batch: rows a batch in the quality phase (latency is always batch 1).
      gate, bonus: policies of the engine.
      resamples, bootstrap_seed: of the bootstrap over sentences.
      finding: one closing sentence; empty for none.
      examples: sentences behind the quality of each point.
      seeds: sampling seeds; each adds one output a sentence.
      validation_examples: sentences that thresholds were chosen on; 0 without any.
      host, device: machine of this run's latency; None where there is none.
      latency_kind: 'Measured', 'Modelled' or 'Projected', of this run; one a figure.
      latency_examples, latency_repeats: size of the latency phase.
      published_examples, published_host, published_device: of the shipped curves.
    """

    pair: str
    task: str
    split: str
    temperature: float
    gamma: int
    batch: int
    gate: str = "untempered"
    bonus: str = "law"
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    resamples: int = 1000
    bootstrap_seed: int = 0
    finding: str = ""

    examples: int = 0
    seeds: tuple[int, ...] = ()
    validation_examples: int = 0
    host: str | None = None
    device: str | None = None
    latency_kind: str = "Measured"
    latency_examples: int = 0
    latency_repeats: int = 0
    published_examples: int | None = None
    published_host: str | None = None
    published_device: str | None = None

    @property
    def setting(self) -> Setting:
        """What shipped curves must share with these to be drawn beside them."""
        names = (field.name for field in fields(Setting))
        return Setting(**{name: getattr(self, name) for name in names})


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def caption(
    settings: FigureSettings,
    *,
    latency: bool,
    published: bool,
    published_latency: bool = False,
    bands: bool = True,
    counted: str = "rejection_rate",
) -> str:
    """The caption in plain sentences; the flags say which parts the figure has.

    `counted` is the ratio on the x axis of the panel without latency.
    """
    s = settings
    heat = "greedy (T = 0)" if s.temperature == 0 else f"T = {s.temperature:g}"
    if s.top_k or s.top_p < 1 or s.min_p:
        heat += f" (top-k {s.top_k}, top-p {s.top_p:g}, min-p {s.min_p:g})"
    # How many sentences and seeds is what a reader looks for first.
    ratio = counted.replace("_", " ")
    parts = [
        f"Pair {s.pair}, task {s.task} ({s.split}), {heat}, γ = {s.gamma}; "
        f"n = {_count(s.examples, 'sentence')} × {_count(len(s.seeds), 'seed')}, "
        f"decoded in batches of {s.batch}; gate {s.gate}, bonus {s.bonus}.",
        "Points are thresholds, joined in their order; "
        "dashed: target alone, dotted: drafter alone.",
    ]
    if bands:
        parts.append(
            f"Bands{' and thin bars' * latency}: {100 * CONFIDENCE:g} % bootstrap "
            f"intervals of quality, {ratio}{' and latency' * latency} over "
            f"sentences ({s.resamples:,} resamples), point by point."
        )
        if s.examples == 1:
            parts.append("A single sentence has no spread: its intervals say nothing.")
    parts.append(f"{ratio.capitalize()}: {RATIOS[counted]}.")
    if latency:
        where = f" on {s.host}" + (f" ({s.device})" if s.device else "")
        repeats = f"{s.latency_repeats} repeat" + "s" * (s.latency_repeats != 1)
        what, clock = f"{s.latency_kind}{where if s.host else ''}", "timed beside it"
        if s.latency_kind == "Modelled":
            what = f"Modelled by counters and the component profile{where}"
            repeats, clock = "no clock", "modelled likewise"
        parts.append(
            f"Latency: {what}, batch 1, {_count(s.latency_examples, 'sentence')}, "
            f"{repeats}, as a multiple of the target alone {clock}."
        )
    if published:
        size = f", n = {s.published_examples:,}" if s.published_examples else ""
        parts.append(f"Pale lines: the curves shipped with the project{size}.")
    if published_latency:
        where = f" on {s.published_host}" if s.published_host else ""
        where += f" ({s.published_device})" if s.published_device else ""
        parts.append(
            f"Their latency was measured{where}; latencies of two hosts do not compare."
        )
    if s.finding:
        parts.append(s.finding)
    return " ".join(parts)


def wrapped(text: str, width_pt: float, size_pt: float, family: str) -> list[str]:
    """`text` in lines no wider than `width_pt` points in the given type."""
    font = FontProperties(family=family, size=size_pt)

    def width(line: str) -> float:
        return text_to_path.get_text_width_height_descent(line, font, ismath=False)[0]

    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer) <= width_pt:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
