"""The marker and colour of a method, as `style.py` has them, for a page.

A page is read on white and on black. Every colour has a twin of the same hue whose
lightness is mirrored, so that what can be told apart on one ground can on the other.
"""

import colorsys

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.markers import MarkerStyle
from matplotlib.transforms import Affine2D

from speccascade.figures.report.elements import Element, element
from speccascade.figures.style import style_of

__all__ = ["colours", "marker"]

# Of a marker's size in points, as Matplotlib counts it, to CSS pixels.
_PIXELS = 1.9


def colours(method: str) -> str:
    """A `style` attribute with the method's colour on white and on black."""
    light = to_rgb(style_of(method).colour)
    hue, lightness, saturation = colorsys.rgb_to_hls(*light)
    dark = colorsys.hls_to_rgb(hue, 1 - lightness, saturation)
    return f"--on-white: {to_hex(light)}; --on-black: {to_hex(dark)}"


def marker(method: str, **attributes: object) -> Element:
    """The marker around the origin of an `svg` that shows what is beyond its edges."""
    style = style_of(method)
    shape = MarkerStyle(style.marker)
    # Paths of Matplotlib point up where those of a page point down.
    to_page = Affine2D().scale(style.size * _PIXELS, -style.size * _PIXELS)
    path = shape.get_path().transformed(shape.get_transform() + to_page)
    corners = " ".join(
        "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in np.asarray(polygon)) + "Z"
        for polygon in path.to_polygons()
    )
    kind = "hollow" if style.hollow else "filled"
    return element("svg", element("path", d=corners, class_=kind), **attributes)
