"""Folds, seams and fittings of every style, as light on its fabric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from maskmesh.services.mask_synthesis.canvas import Array
from maskmesh.services.mask_synthesis.shading import bulge, hem, nose_tent
from maskmesh.services.mask_synthesis.surface import Surface, bump, crease, step

# Heights of the surgical mask's pleats at its sides, 0 top pivots to 1 bottom pivots.
PLEATS = (0.34, 0.46, 0.58)


@dataclass(frozen=True, slots=True)
class Relief:
    """What a style's surface does to light; arrays broadcast to H×W.

    Attributes:
        light: 1 sends back the fabric's own colour, smaller is darker.
        metal: Coverage, 0 to 1, by metal, or None.
        window: Coverage, 0 to 1, by a clear window, or None.
        trim: Share, 0 to 1, of trimmings, which have the second colour, or None.
    """

    light: Array
    metal: Array | None = None
    window: Array | None = None
    trim: Array | None = None


def surgical(surface: Surface) -> Relief:
    """Three pleats that open over the mouth and are gathered at the sides; a wire over the nose."""
    light = bulge(surface) + nose_tent(surface, 0.10)
    opening = np.cos(np.clip(surface.share, -1, 1) * np.pi / 2)
    for number, pleat in enumerate(PLEATS):
        under = surface.down - (pleat + (0.05 + 0.035 * number) * opening)
        light = light - 0.24 * np.exp(-np.clip(under, 0, None) / 0.030) * step(
            under, 0.0, surface.pixel
        )
        light = light + 0.06 * bump(under, -0.026, 0.020)
    light = light + 0.10 * crease(surface, (0.98, 0.10), (0.25, 0.42), 0.035)
    light = light + 0.10 * crease(surface, (0.98, 0.86), (0.40, 0.66), 0.035)
    return Relief(light + _wire(surface) + hem(surface, 0.045))


def _wire(surface: Surface) -> Array:
    """A band along the top edge that a wire bends over the nose: two lines and a swelling."""
    from_top = surface.height * surface.length
    lines = bump(from_top, 0.035, 0.008) + bump(from_top, 0.085, 0.008)
    bent = bump(surface.share, 0.0, 0.5) * bump(from_top, 0.060, 0.018)
    return np.asarray(0.07 * bent - 0.11 * lines)


def cloth(surface: Surface) -> Relief:
    """Two panels sewn together along the middle, stretched to the ears."""
    light = bulge(surface, around=0.30) + nose_tent(surface, 0.09)
    light = light + 0.05 * bump(surface.share, 0.05, 0.035) - 0.22 * bump(surface.share, 0, 0.012)
    light = light + 0.07 * bump(surface.side, 0.0, 0.45) * bump(surface.height, 0.38, 0.28)
    for start, end, width in (
        ((0.99, 0.12), (0.30, 0.34), 0.045),
        ((0.99, 0.30), (0.45, 0.46), 0.040),
        ((0.99, 0.80), (0.35, 0.62), 0.050),
        ((0.60, 1.00), (0.30, 0.74), 0.045),
    ):
        light = light + 0.13 * crease(surface, start, end, width)
    return Relief(light + hem(surface, 0.045))


def n95(surface: Surface) -> Relief:
    """A stiff cup with an embossed rim, a clip of metal over the nose, and no valve."""
    dome = surface.side**2 + ((surface.height - 0.42) / 0.62) ** 2
    light = 1.01 - 0.27 * np.clip(dome, 0.0, 1.6) ** 1.4
    light = light - 0.10 * np.clip(surface.height - 0.55, 0.0, 1.0)
    # The cup begins within a flat rim; another rib runs around it.
    light = light - 0.20 * bump(dome, 0.86, 0.045) + 0.10 * bump(dome, 0.95, 0.05)
    light = light - 0.05 * bump(dome, 0.42, 0.02) + 0.04 * bump(dome, 0.37, 0.02)
    from_top = surface.height * surface.length
    clip = step(0.30 - surface.side, 0.0, 0.03) * step(0.020 - np.abs(from_top - 0.075), 0.0, 0.012)
    return Relief(np.asarray(light + nose_tent(surface, 0.05)), metal=clip)


def kn95(surface: Surface) -> Relief:
    """Folded along the middle into a ridge that stands off the face; welded seams."""
    light = 1.01 - 0.15 * surface.side - 0.14 * surface.side**3
    light = light - 0.30 * np.clip(surface.height - 0.52, 0.0, 1.0) ** 1.3
    # Its two halves are flat; each has a bend from the cheek to the ridge.
    bend = surface.height - (0.40 - 0.10 * surface.side)
    light = light + 0.06 * step(-bend, 0.0, 0.10) + nose_tent(surface, 0.07)
    ridge = 0.09 * bump(surface.side, 0.035, 0.022) - 0.26 * bump(surface.share, 0.0, 0.010)
    weld = surface.side - 0.090
    dots = np.sin(surface.height * 52 * np.pi) > 0
    light = light + ridge - 0.08 * bump(weld, 0.0, 0.010) * dots
    light = light + 0.14 * crease(surface, (0.99, 0.55), (0.30, 0.50), 0.035)
    light = light + 0.10 * crease(surface, (0.85, 0.92), (0.25, 0.70), 0.040)
    from_top = surface.height * surface.length
    clip = step(0.26 - surface.side, 0.0, 0.03) * step(0.016 - np.abs(from_top - 0.070), 0.0, 0.012)
    return Relief(np.asarray(light + hem(surface, 0.040, 0.09)), metal=0.55 * clip)


def bandana(surface: Surface) -> Relief:
    """A triangle tied behind the head: folds hang from its two ends, its point below the chin."""
    light = bulge(surface, around=0.34, below=0.0) + nose_tent(surface, 0.10)
    light = light - 0.16 * bump(surface.down, 1.0, 0.12) * (1.0 - 0.5 * surface.side)
    # Folds that hang between the two ends, deeper the lower they are.
    for number, depth in enumerate((0.20, 0.17, 0.15, 0.12, 0.10)):
        sag = 0.22 + 0.21 * number
        line = 0.06 + 0.04 * number + sag * (1.0 - np.minimum(surface.side, 1.0) ** 1.7)
        under = surface.down - line
        light = light - depth * bump(under, 0.0, 0.030) * (0.25 + 0.75 * surface.side)
        light = light + 0.6 * depth * bump(under, -0.05, 0.035) * (0.25 + 0.75 * surface.side)
    drape = np.cos(surface.share * (15.0 - 5.0 * surface.down)) * step(surface.down, 1.10, 0.40)
    light = light + 0.09 * drape * bump(surface.share, 0.0, 0.55)
    light = light + hem(surface, 0.035, 0.09, stitched=False)
    # What goes around the head turns away from the light.
    return Relief(np.asarray(light - 0.22 * step(surface.side, 0.93, 0.14)))


def gaiter(surface: Surface) -> Relief:
    """A tube of thin elastic fabric over nose, cheeks and neck, crumpled below the chin."""
    light = bulge(surface, around=0.32, below=0.0) + nose_tent(surface, 0.17)
    # The mouth and the chin show through; under the chin the neck lies in its shadow.
    light = light + 0.05 * bump(surface.down, 0.76, 0.10) * bump(surface.share, 0.0, 0.30)
    light = light - 0.09 * bump(surface.down, 0.62, 0.05) * bump(surface.share, 0.0, 0.34)
    light = light - 0.07 * bump(surface.down, 0.27, 0.05) * bump(surface.share, 0.0, 0.22)
    jaw = 0.98 - 0.34 * np.minimum(surface.side, 1.0) ** 2.2
    light = light - 0.26 * step(surface.down, jaw, 0.10) * (1 - 0.5 * step(surface.down, 1.2, 0.3))
    # Height, tilt, depth, and to which side the fold runs out.
    for line, tilt, depth, fading in (
        (1.02, 0.10, 0.17, -0.5),
        (1.10, -0.12, 0.18, 0.6),
        (1.18, 0.07, 0.16, -0.7),
        (1.25, -0.09, 0.18, 0.4),
        (1.33, 0.05, 0.13, -0.4),
    ):
        under = surface.down - (line + tilt * surface.share - 0.16 * surface.side**2)
        fold = bump(under, 0.0, 0.020) - 0.7 * bump(under, -0.040, 0.024)
        light = light - depth * fold * np.clip(0.7 + fading * surface.share, 0.0, 1.0)
    for start, end in (((0.98, 0.30), (0.35, 0.20)), ((0.98, 0.42), (0.45, 0.38))):
        light = light + 0.12 * crease(surface, start, end, 0.022)
    from_top = surface.height * surface.length
    light = light - 0.10 * bump(from_top, 0.05, 0.010) + 0.05 * bump(from_top, 0.012, 0.012)
    return Relief(np.asarray(light - 0.20 * step(surface.side, 0.93, 0.14)))


def clear(surface: Surface) -> Relief:
    """A frame of fabric around a clear window, through which the mouth shows."""
    light = bulge(surface) + nose_tent(surface, 0.09) + hem(surface, 0.040)
    # A rounded rectangle around the mouth: distance in the unit of `down`, less than 0 inside.
    across = surface.side * 0.80
    x, y = across - 0.42, np.abs(surface.down - 0.51) - 0.145
    edge = np.hypot(np.maximum(x, 0), np.maximum(y, 0)) + np.minimum(np.maximum(x, y), 0) - 0.10
    seam = bump(edge, 0.030, 0.012)
    light = light - 0.20 * seam + 0.06 * bump(edge, 0.055, 0.015) - 0.18 * bump(edge, 0.0, 0.012)
    return Relief(np.asarray(light), window=step(-edge, 0.0, 1.5 * surface.pixel))


FOLDS: dict[str, Callable[[Surface], Relief]] = {
    "surgical": surgical,
    "cloth": cloth,
    "n95": n95,
    "kn95": kn95,
    "bandana": bandana,
    "gaiter": gaiter,
    "clear": clear,
}
