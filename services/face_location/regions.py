"""Parts of a picture that are searched, and parts that are left out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray

MIN_OPEN_SHARE = 0.9
"""Share of a box that has to lie in searched parts: the edges of others look like anything."""

Cells = NDArray[np.uint8]


def paint_over(gray: NDArray[np.uint8], cells: Cells) -> NDArray[np.uint8]:
    """Return a copy in which the parts left out are flat: they cost a cascade next to nothing.

    Args:
        gray: uint8 H×W.
        cells: uint8 rows×columns, a grid over the picture; 1: searched, 0: left out.
    """
    # The mean makes the faintest edges.
    covered = np.full_like(gray, round(float(gray[::8, ::8].mean())))
    size = gray.shape[1], gray.shape[0]
    cv2.copyTo(gray, cv2.resize(cells, size, interpolation=cv2.INTER_NEAREST), covered)
    return covered


def mostly_open(boxes: FloatArray, cells: Cells, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Tell which boxes lie mostly in searched parts.

    Args:
        boxes: float64 N×4, x, y, width, height in pixels; what is outside the picture is open.
        cells: As in `paint_over`.
        shape: Of the picture, H and W.

    Returns:
        bool N.
    """
    sums = cv2.integral(1 - cells).astype(np.float64)
    scale = np.array([cells.shape[1] / shape[1], cells.shape[0] / shape[0]])
    limits = np.array(cells.shape[::-1], np.float64)
    starts = np.clip(boxes[:, :2] * scale, 0, limits)
    ends = np.clip((boxes[:, :2] + boxes[:, 2:]) * scale, 0, limits)
    at = [
        _interpolated(sums, x, y)
        for x in (starts[:, 0], ends[:, 0])
        for y in (starts[:, 1], ends[:, 1])
    ]
    left_out = at[3] - at[2] - at[1] + at[0]
    area = (boxes[:, 2:] * scale).prod(axis=1)
    return np.asarray(left_out <= (1.0 - MIN_OPEN_SHARE) * area, bool)


def _interpolated(sums: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the sum of all cells above and left of places inside of cells."""
    left = np.minimum(x.astype(np.int64), sums.shape[1] - 2)
    top = np.minimum(y.astype(np.int64), sums.shape[0] - 2)
    across, down = x - left, y - top
    upper = sums[top, left] * (1 - across) + sums[top, left + 1] * across
    lower = sums[top + 1, left] * (1 - across) + sums[top + 1, left + 1] * across
    return np.asarray(upper * (1 - down) + lower * down, np.float64)
