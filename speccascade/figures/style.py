"""One marker and one colour a method, the same in every figure of the project.

Colour tells the family and lightness the member, so that a reader who sees no hue can
still part them; the marker tells the method a second time:

- black and grey: what is no cascade (the models alone, lossless, Lossy), green: BiLD*;
  hollow and dashed: the target at other sampling values (grey) and lossless so (black);
- blues, from light to dark: the rules that decide for a whole slot (Chow, Diff, OPT);
- orange to crimson: the rules that decide token by token (TokenV1, V2, V3);
- a Log rule has the colour and marker of its plain form, hollow and dashed.

There are more methods than colours that can be told apart. Those beyond the paper's
share its eight colours, no two within a family alike; families are drawn apart where
they are many (`families.py`). A hollow one is the same thing executed another way:
BiLD with its own loop, lossless speculation towards a target that is sampled otherwise.

An entry is never changed once a figure with it is published; new methods are appended.
"""

import zlib
from dataclasses import dataclass
from typing import Any

__all__ = ["PAPER", "STYLES", "MethodStyle", "style_of"]


@dataclass(frozen=True, kw_only=True)
class MethodStyle:
    """How one method is drawn.

    `order` is its place in the legend and from back to front: the target alone is 0,
    the methods of the paper follow in families, methods that we do not know are 100.
    """

    colour: str
    marker: str
    order: int
    family: str
    size: float = 4.0
    hollow: bool = False

    @property
    def face(self) -> str:
        """Fill of the marker."""
        return "white" if self.hollow else self.colour

    @property
    def edge(self) -> str:
        """Rim of the marker: white parts filled markers that overlap."""
        return self.colour if self.hollow else "white"

    @property
    def dash(self) -> str | tuple[float, tuple[float, ...]]:
        """Line between the points, in Matplotlib's notation."""
        return (0.0, (3.2, 1.4)) if self.hollow else "-"


def _style(order, family, colour, marker, size=4.0, hollow=False):
    return MethodStyle(
        colour=colour,
        marker=marker,
        order=order,
        family=family,
        size=size,
        hollow=hollow,
    )


# Hues from Okabe and Ito (2008) and Tol (2021), chosen within a family for lightness.
_SKY, _BLUE, _INDIGO = "#5BB4E5", "#0072B2", "#332288"
_ORANGE, _VERMILION, _CRIMSON = "#E69F00", "#D55E00", "#8C1048"
_GREY, _GREEN, _BLACK = "#787878", "#2E9E4F", "#111111"

STYLES: dict[str, MethodStyle] = {
    "target": _style(0, "alone", _BLACK, "p", 5.0, hollow=True),
    "drafter": _style(1, "alone", _GREY, "p", 5.0, hollow=True),
    "lossless": _style(2, "alone", _BLACK, "*", 9.5),
    "lossy": _style(3, "lossy", _GREY, "s", 3.7),
    "bild": _style(4, "cascade", _GREEN, "P", 4.9),
    "chow": _style(5, "prefix", _SKY, "o", 4.2),
    "diff": _style(6, "prefix", _BLUE, "^", 4.6),
    "opt": _style(7, "prefix", _INDIGO, "D", 3.7),
    "chow_log": _style(8, "prefix, log", _SKY, "o", 4.0, hollow=True),
    "diff_log": _style(9, "prefix, log", _BLUE, "^", 4.3, hollow=True),
    "opt_log": _style(10, "prefix, log", _INDIGO, "D", 3.5, hollow=True),
    "token_v1": _style(11, "token", _ORANGE, "v", 4.6),
    "token_v2": _style(12, "token", _VERMILION, ">", 4.6),
    "token_v3": _style(13, "token", _CRIMSON, "X", 4.7),
    "chow_adaptive": _style(14, "prefix", _GREEN, "d", 4.6),
    "token_l2": _style(15, "token", _SKY, "s", 3.7),
    "token_drafter": _style(16, "token", _BLUE, "d", 4.6),
    "top_k_membership": _style(17, "token", _GREEN, "o", 4.2),
    "typical": _style(18, "token", _INDIGO, "P", 4.9),
    "head_free_pass": _style(19, "token", _GREY, "^", 4.6),
    "lossy_star": _style(20, "lossy", _ORANGE, "<", 4.6),
    "mentored": _style(21, "lossy", _BLUE, "H", 4.6),
    "cactus": _style(22, "lossy", _GREEN, "h", 4.6),
    "ensemble": _style(23, "lossy", _INDIGO, "^", 4.6),
    "fuzzy": _style(24, "lossy", _SKY, "v", 4.6),
    "bild_original": _style(25, "cascade", _GREEN, "P", 4.7, hollow=True),
    "seq_chow": _style(26, "cascade", _ORANGE, "o", 4.2),
    "seq_mean": _style(27, "cascade", _VERMILION, "s", 3.7),
    "seq_quantile": _style(28, "cascade", _CRIMSON, "D", 3.7),
    "token_chow": _style(29, "cascade", _SKY, "^", 4.6),
    "token_chow_log": _style(30, "cascade", _SKY, "^", 4.3, hollow=True),
    "oracle_diff": _style(31, "cascade", _BLUE, "X", 4.7),
    "oracle_diff_log": _style(32, "cascade", _BLUE, "X", 4.5, hollow=True),
    "oracle_opt": _style(33, "cascade", _INDIGO, "h", 4.6),
    "target_temperature": _style(34, "sampled", _ORANGE, "^", 4.6),
    "target_top_k": _style(35, "sampled", _SKY, ">", 4.6),
    "target_top_p": _style(36, "sampled", _BLUE, "o", 4.2),
    "target_min_p": _style(37, "sampled", _GREEN, "s", 3.7),
    "lossless_temperature": _style(38, "sampled", _ORANGE, "^", 4.3, hollow=True),
    "lossless_top_k": _style(39, "sampled", _SKY, ">", 4.3, hollow=True),
    "lossless_top_p": _style(40, "sampled", _BLUE, "o", 4.0, hollow=True),
    "lossless_min_p": _style(41, "sampled", _GREEN, "s", 3.5, hollow=True),
    "lossless_adaptive": _style(42, "sampled", _CRIMSON, "d", 4.6),
    "token_v3_redraw": _style(43, "token", _CRIMSON, "X", 4.5, hollow=True),
    "lossy_star_grid": _style(44, "lossy", _ORANGE, "<", 4.3, hollow=True),
    "bild_original_01": _style(45, "cascade", _SKY, "P", 4.7, hollow=True),
    "bild_original_03": _style(46, "cascade", _BLUE, "P", 4.7, hollow=True),
    "bild_original_05": _style(47, "cascade", _ORANGE, "P", 4.7, hollow=True),
    "bild_original_07": _style(48, "cascade", _VERMILION, "P", 4.7, hollow=True),
    "bild_original_09": _style(49, "cascade", _CRIMSON, "P", 4.7, hollow=True),
}

# Methods of a user's own package: no hue of ours, and always the same for one name.
_OTHER_COLOURS = ("#6B4C2A", "#7A6FAC", "#4F6D3A", "#A0527D")
_OTHER_MARKERS = ("h", "<", "d", "8")


def style_of(method: str) -> MethodStyle:
    """Style of a method by name; one that is not in `STYLES` gets a fixed spare one."""
    if method in STYLES:
        return STYLES[method]
    place = zlib.crc32(method.encode())
    colours, markers = len(_OTHER_COLOURS), len(_OTHER_MARKERS)
    return _style(
        100,
        "other",
        _OTHER_COLOURS[place % colours],
        _OTHER_MARKERS[place // colours % markers],
    )


# Times-like type as in the paper, embedded as TrueType (type 42) so that publishers
# take it and text in the PDF can be searched; hairline frames, outward ticks.
PAPER: dict[Any, Any] = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 8.5,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.titlepad": 5.0,
    "axes.labelsize": 8.5,
    "axes.labelpad": 2.5,
    "axes.linewidth": 0.5,
    "axes.edgecolor": "#444444",
    "axes.labelcolor": "#111111",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#EBEBEB",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "figure.dpi": 200,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "path.simplify": False,
}
