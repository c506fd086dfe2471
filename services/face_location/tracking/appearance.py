"""Whether a face looks like one seen before, and a frame like the one before it.

A face is kept as a small patch around its box, its histogram equalised, so that light changes
little. Two are compared by their normalised cross-correlation at the best of 25 shifts, so that
boxes need not be framed exactly alike.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.face_location.tracking.thumbnails import thumbnail

PATCH_SIDE = 24
PATCH_MARGIN = 0.15
"""How far a patch reaches over the face's square on each side, in sides: hair and jaw tell people
apart, too."""
MAX_SHIFT = 2
MEMORY_S = 0.15
"""A view that was seen this long ago counts 37 % of what it counted then."""
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 32, 24
_MAX_READ_SIDE = 48
_READ_PIXELS = 3

Patch = NDArray[np.float32]


def cut_patch(gray: NDArray[np.uint8], square: FloatArray) -> Patch:
    """Return the view of a face.

    Args:
        gray: uint8 H×W.
        square: float64, x, y, side, side in pixels, at least in part inside the picture. Beyond
            the picture, its edge is repeated.

    Returns:
        float32, PATCH_SIDE×PATCH_SIDE, of values 0 to 255.
    """
    side = max(2, round(square[2] * (1 + 2 * PATCH_MARGIN)))
    left = math.floor(square[0] - square[2] * PATCH_MARGIN)
    top = math.floor(square[1] - square[2] * PATCH_MARGIN)
    # Of a large face, fewer pixels say as much.
    step = max(1, side // _MAX_READ_SIDE)
    rows, top_margin, bottom_margin = _part_inside(top, side, gray.shape[0], step)
    columns, left_margin, right_margin = _part_inside(left, side, gray.shape[1], step)
    seen = gray[rows, columns]
    if top_margin or bottom_margin or left_margin or right_margin:
        margins = (top_margin, bottom_margin, left_margin, right_margin)
        seen = cv2.copyMakeBorder(seen, *margins, cv2.BORDER_REPLICATE)
    small = cv2.resize(seen, (PATCH_SIDE, PATCH_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.equalizeHist(small), np.float32)


def _part_inside(start: int, length: int, limit: int, step: int) -> tuple[slice, int, int]:
    before, after = max(0, -start), max(0, start + length - limit)
    inside = slice(max(0, start), min(limit, start + length), step)
    return inside, before // step, after // step


def similarity(known: Patch, seen: Patch) -> float:
    """Return how alike two views are, -1 to 1, 1 being the same up to brightness and contrast."""
    core = known[MAX_SHIFT:-MAX_SHIFT, MAX_SHIFT:-MAX_SHIFT]
    return float(cv2.matchTemplate(seen, core, cv2.TM_CCOEFF_NORMED).max())


def blend(known: Patch, seen: Patch, elapsed_s: float) -> Patch:
    """Return what is remembered of a face after it was seen anew, elapsed_s after the last time."""
    weight = 1.0 - math.exp(-elapsed_s / MEMORY_S)
    return np.asarray(cv2.addWeighted(known, 1.0 - weight, seen, weight, 0.0), np.float32)


class Scene:
    """Tells how much of the picture as a whole is still the same."""

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None

    def sameness(self, gray: NDArray[np.uint8]) -> float:
        """Take the next frame and compare it with the one before.

        Args:
            gray: uint8 H×W.

        Returns:
            -1 to 1, from 0 downwards for another scene, 1 for the same picture, or for the first.
            A camera that pans by a twentieth of the picture changes nothing.
        """
        now = thumbnail(gray, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT, _READ_PIXELS)
        before, self._before = self._before, now
        return 1.0 if before is None else similarity(before, now)
