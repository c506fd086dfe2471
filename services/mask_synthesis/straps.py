"""Straps: loops to the ears, and bands around the head, where a style has them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.canvas import Array, Canvas
from maskmesh.services.mask_synthesis.outlines import Outline

EAR_ANGLE = 92.0
# Beyond it the ear is behind the face.
LAST_STRAP_ANGLE = 84.0
PARTS = 24
# Bits of a pixel's fraction in the coordinates that OpenCV draws by.
SUBPIXEL_BITS = 4


@dataclass(frozen=True, slots=True)
class Strap:
    """A strap on either side; heights in shares from the top (0) to the bottom (1) pivots.

    Attributes:
        begins: Where it leaves the mask's end: 0 its upper corner, 1 its lower corner.
        ends: Height at which it reaches the ear.
        beyond: How far beyond the pivots that is, in shares of their distance.
        bow: How far it sags on the way.
        width: In shares of the distance between the pivots.
    """

    begins: float
    ends: float
    beyond: float
    bow: float
    width: float


LOOPS = (Strap(0.05, -0.07, 0.03, 0.02, 0.017), Strap(0.94, 0.16, 0.02, -0.02, 0.017))
STRAPS: dict[str, tuple[Strap, ...]] = {
    "surgical": LOOPS,
    "clear": LOOPS,
    "cloth": (Strap(0.06, -0.06, 0.03, 0.02, 0.030), Strap(0.90, 0.17, 0.02, -0.02, 0.030)),
    "kn95": (Strap(0.08, -0.07, 0.03, 0.02, 0.020), Strap(0.92, 0.18, 0.02, -0.02, 0.020)),
    "n95": (Strap(0.22, -0.22, 0.035, 0.04, 0.026), Strap(0.80, 0.46, -0.01, 0.02, 0.026)),
}


def strap_coverage(canvas: Canvas, outline: Outline, straps: tuple[Strap, ...]) -> Array:
    """Coverage (H×W, 0 to 1) of the straps; the far side of a turned head is hidden."""
    image = np.zeros(canvas.shape, dtype=np.uint8)
    for side in (-1.0, 1.0):
        if canvas.turn * side + outline.half_angle <= LAST_STRAP_ANGLE:
            for strap in straps:
                _draw(image, canvas, strap, _way(canvas, outline, strap, side))
    return image.astype(np.float32) / 255.0


def _way(canvas: Canvas, outline: Outline, strap: Strap, side: float) -> NDArray[np.float32]:
    end = np.array([1.0])
    upper, lower = float(outline.top(end)[0]), float(outline.bottom(end)[0])
    along = np.linspace(0.0, 1.0, PARTS + 1)
    begin = upper + (lower - upper) * strap.begins
    down = begin + (strap.ends - begin) * along + strap.bow * np.sin(np.pi * along)
    # From a little inside the fabric, which lies over it.
    inside = outline.half_angle - 3.0 - outline.pinch * np.sin(np.pi * strap.begins)
    start = float(canvas.place(np.array([side * inside]))[0])
    ear = float(canvas.place(np.array([side * EAR_ANGLE]))[0]) + side * strap.beyond
    return canvas.pixels(start + (ear - start) * along, down)


def _draw(image: NDArray[np.uint8], canvas: Canvas, strap: Strap, way: NDArray[np.float32]) -> None:
    width = max(1, round(strap.width * canvas.width))
    points = np.rint((way - 0.5) * 2**SUBPIXEL_BITS).astype(np.int32)
    for part in range(PARTS):
        # It vanishes behind the ear: no hard end on hair or background.
        opacity = round(255 * min(1.0, 3.0 * (1.0 - part / PARTS)))
        cv2.polylines(
            image, [points[part : part + 2]], False, opacity, width, cv2.LINE_AA, SUBPIXEL_BITS
        )
