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
    scale = np.array([cells.shape[1] / shape[1], cells.shape[0] / shape[0]])
    starts, sides = boxes[:, :2] * scale, boxes[:, 2:] * scale
    columns, rows = (
        _covered(starts[:, axis], sides[:, axis], cells.shape[1 - axis]) for axis in (0, 1)
    )
    left_out = ((rows @ (1.0 - cells)) * columns).sum(axis=1)
    return np.asarray(left_out <= (1.0 - MIN_OPEN_SHARE) * sides.prod(axis=1), bool)


def _covered(starts: FloatArray, lengths: FloatArray, count: int) -> FloatArray:
    """Return how much of each of `count` cells lies under each stretch, N×count, 0 to 1."""
    cells = np.arange(count)
    ends = np.minimum((starts + lengths)[:, None], cells + 1)
    return np.asarray(np.clip(ends - np.maximum(starts[:, None], cells), 0.0, 1.0), np.float64)
