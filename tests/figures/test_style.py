"""The look of a method is for ever: a reader learns it once."""

import itertools

import numpy as np
import pytest

from speccascade.figures.families import FAMILIES
from speccascade.figures.style import STYLES, style_of
from speccascade.methods import METHODS

PUBLISHED = {
    "target": ("#111111", "p"),
    "drafter": ("#787878", "p"),
    "lossless": ("#111111", "*"),
    "lossy": ("#787878", "s"),
    "bild": ("#2E9E4F", "P"),
    "chow": ("#5BB4E5", "o"),
    "diff": ("#0072B2", "^"),
    "opt": ("#332288", "D"),
    "chow_log": ("#5BB4E5", "o"),
    "diff_log": ("#0072B2", "^"),
    "opt_log": ("#332288", "D"),
    "token_v1": ("#E69F00", "v"),
    "token_v2": ("#D55E00", ">"),
    "token_v3": ("#8C1048", "X"),
    "chow_adaptive": ("#2E9E4F", "d"),
    "token_l2": ("#5BB4E5", "s"),
    "token_drafter": ("#0072B2", "d"),
    "top_k_membership": ("#2E9E4F", "o"),
    "typical": ("#332288", "P"),
    "head_free_pass": ("#787878", "^"),
    "lossy_star": ("#E69F00", "<"),
    "mentored": ("#0072B2", "H"),
    "cactus": ("#2E9E4F", "h"),
    "ensemble": ("#332288", "^"),
    "fuzzy": ("#5BB4E5", "v"),
    "bild_original": ("#2E9E4F", "P"),
    "seq_chow": ("#E69F00", "o"),
    "seq_mean": ("#D55E00", "s"),
    "seq_quantile": ("#8C1048", "D"),
    "token_chow": ("#5BB4E5", "^"),
    "token_chow_log": ("#5BB4E5", "^"),
    "oracle_diff": ("#0072B2", "X"),
    "oracle_diff_log": ("#0072B2", "X"),
    "oracle_opt": ("#332288", "h"),
    "target_temperature": ("#E69F00", "^"),
    "target_top_k": ("#5BB4E5", ">"),
    "target_top_p": ("#0072B2", "o"),
    "target_min_p": ("#2E9E4F", "s"),
    "lossless_temperature": ("#E69F00", "^"),
    "lossless_top_k": ("#5BB4E5", ">"),
    "lossless_top_p": ("#0072B2", "o"),
    "lossless_min_p": ("#2E9E4F", "s"),
    "lossless_adaptive": ("#8C1048", "d"),
    "token_v3_redraw": ("#8C1048", "X"),
    "lossy_star_grid": ("#E69F00", "<"),
    "bild_original_01": ("#5BB4E5", "P"),
    "bild_original_03": ("#0072B2", "P"),
    "bild_original_05": ("#E69F00", "P"),
    "bild_original_07": ("#D55E00", "P"),
    "bild_original_09": ("#8C1048", "P"),
}
# They may all stand in one panel.
IN_THE_PAPER = tuple(PUBLISHED)[:14]

# Machado et al. (2009), severity 1, on linear sRGB.
SIGHT = {
    "full": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def lab(colour: str, sight: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of a hexadecimal sRGB colour as a kind of sight sees it."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(sight @ linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_a_methods_colour_and_marker_never_change():
    drawn = {name: (style.colour, style.marker) for name, style in STYLES.items()}
    assert drawn == PUBLISHED


def test_every_method_that_ships_has_a_look_and_a_family():
    assert METHODS.keys() <= STYLES.keys()
    assert {s.family for s in STYLES.values()} - {"alone"} <= FAMILIES.keys()


def test_no_two_methods_look_alike():
    looks = {(s.colour, s.marker, s.hollow) for s in STYLES.values()}
    assert len(looks) == len(STYLES)
    assert len({style.order for style in STYLES.values()}) == len(STYLES)


def test_log_rules_are_the_hollow_dashed_form_of_their_rule():
    for name in ("chow", "diff", "opt"):
        plain, log = style_of(name), style_of(f"{name}_log")
        assert (plain.colour, plain.marker) == (log.colour, log.marker)
        assert (plain.face, log.face) == (plain.colour, "white")
        assert plain.dash == "-" != log.dash


def panels():
    """Who may share a panel: the paper's methods, and each family."""
    yield [STYLES[name] for name in IN_THE_PAPER]
    for title in dict.fromkeys(FAMILIES.values()):
        yield [s for s in STYLES.values() if FAMILIES.get(s.family) == title]


@pytest.mark.parametrize("sight", SIGHT.values(), ids=SIGHT)
@pytest.mark.parametrize("together", [*panels()])
def test_colours_stay_apart_for_the_colour_blind(sight, together):
    curves = [s for s in together if not s.hollow and s.marker != "*"]
    for one, other in itertools.combinations(curves, 2):
        # 2 is barely seen side by side; 15 is plain at the size of a marker.
        apart = np.linalg.norm(lab(one.colour, sight) - lab(other.colour, sight))
        assert apart > 15, (one, other)


def test_an_unknown_method_gets_one_fixed_look_of_its_own():
    assert style_of("my_rule") == style_of("my_rule")
    assert style_of("my_rule").order > max(style.order for style in STYLES.values())
    assert style_of("my_rule").colour not in {s.colour for s in STYLES.values()}
