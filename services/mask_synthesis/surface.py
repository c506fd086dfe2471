"""The surface of a mask that shading and folds are computed on, and marks that they are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from maskmesh.services.mask_synthesis.canvas import Array, Canvas
from maskmesh.services.mask_synthesis.outlines import Outline


@dataclass(frozen=True, slots=True)
class Surface:
    """Coordinates of every pixel of a drawing, as arrays that broadcast to H×W.

    Attributes:
        share: 1×W, -1 left end to 1 right end of the mask, measured around the head.
        side: 1×W, |share|, at most 1.2.
        down: H×1, 0 top pivots to 1 bottom pivots.
        height: H×W, 0 top edge to 1 bottom edge of the mask.
        length: Heights between the mask's edges (1×W), in the unit of `down`.
        pixel: Size of a pixel in the unit of `down`.
    """

    share: Array
    side: Array
    down: Array
    height: Array
    length: Array
    pixel: float


def surface_of(canvas: Canvas, outline: Outline) -> Surface:
    """Measure the surface of a mask on a canvas."""
    across, down = canvas.grid()
    share = np.clip(canvas.angles(across) / outline.half_angle, -1.2, 1.2).astype(np.float32)
    side = np.abs(share)
    top = outline.top(np.minimum(side, 1.0))
    length = outline.bottom(np.minimum(side, 1.0)) - top
    height = (down - top) / length
    return Surface(share, side, down, height, length, pixel=1.0 / canvas.height)


def bump(values: Array, centre: float | Array, width: float) -> Array:
    """A soft mark: 1 at `centre`, a third of it `width` away."""
    return np.asarray(np.exp(-(((values - centre) / width) ** 2)), dtype=np.float32)


def step(values: Array, edge: float | Array, width: float) -> Array:
    """A soft step from 0 below `edge` to 1 above it."""
    return np.asarray(np.clip((values - edge) / width + 0.5, 0.0, 1.0), dtype=np.float32)


def crease(
    surface: Surface, start: tuple[float, float], end: tuple[float, float], width: float
) -> Array:
    """A fold between two places (side, height): dark in its valley, light on its upper back.

    Returns:
        H×W, about -1 in the valley to 0.5 on the ridge above; strongest at `start`, gone at `end`.
    """
    # Python's floats: NumPy's would make every array double precision.
    across, down = end[0] - start[0], end[1] - start[1]
    reach = math.hypot(across, down)
    across, down = across / reach, down / reach
    x, y = surface.side - start[0], surface.height - start[1]
    along = (x * across + y * down) / reach
    aside = y * across - x * down
    # Above is where heights are smaller, whichever way the fold runs.
    aside = aside if across >= 0 else -aside
    strength = np.clip(1.0 - along, 0.0, 1.0) * step(along, -0.04, 0.12)
    valley = bump(aside, 0.0, width) - 0.5 * bump(aside, -1.6 * width, 1.2 * width)
    return np.asarray(-valley * strength, dtype=np.float32)
